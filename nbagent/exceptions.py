"""Every error that nbagent raises itself.

Each message names the value that was wrong and the way out.

```
NbagentError
├── ConfigurationError (ValueError)     a setting is missing or wrong
│   ├── UnknownModelError               no such model spec
│   ├── MissingKeyError                 a provider needs a key and none is set
│   └── ComponentError                  a component cannot be dumped or loaded
├── ImageError (ValueError)             a picture cannot be read, or is too large
├── AttachmentError (ValueError)        a file is refused, or cannot be saved
├── ToolDefinitionError (TypeError)     a function cannot become a tool
├── AlreadyRunningError (ValueError)    one agent, one run at a time
├── ApprovalDeniedError                 a tool call was not approved, and did not run
├── TasksFailedError                    some of many tasks failed; only where it is asked for
├── TerminatedException                 a termination condition was called after it fired
├── UserInputError (RuntimeError)       the human could not be asked
├── StateError (ValueError)             a saved state belongs to something else
├── RecordingError (ValueError)         a file is no recording of a run
├── RecordedFailure                     a replayed run failed when it was recorded
└── ModelError (RuntimeError)           a model call failed; keeps the partial answer
    ├── ModelCapabilityError            the model cannot take what it was given
    ├── ModelRequestError               the server refused the request
    │   ├── ModelAuthenticationError    401, 403
    │   ├── ModelNotFoundError          404
    │   ├── ModelRateLimitError         429
    │   └── ContextLengthError          the conversation is longer than the model takes
    ├── ModelServerError                5xx, or an error event inside the stream
    ├── ModelConnectionError            no connection, or it was lost
    ├── ModelTimeoutError               no answer within the time limit
    └── ModelResponseError              the answer breaks the protocol
        └── TruncatedResponseError      the stream ended without a finish reason
```
"""


class NbagentError(Exception):
    """Base of all errors of nbagent."""


class ConfigurationError(NbagentError, ValueError):
    """A setting is missing or wrong."""


class UnknownModelError(ConfigurationError):
    """A model spec names no known provider or model."""


class MissingKeyError(ConfigurationError):
    """A model provider needs a key, and none is set."""


class ComponentError(ConfigurationError):
    """A component cannot be dumped to, or loaded from, plain data."""


class ImageError(NbagentError, ValueError):
    """A picture cannot be read, or is larger than allowed."""


class AttachmentError(NbagentError, ValueError):
    """A file that a person handed over is refused, or cannot be saved."""


class ToolDefinitionError(NbagentError, TypeError):
    """A function cannot be turned into a tool."""


class AlreadyRunningError(NbagentError, ValueError):
    """An agent was asked to run while a run of it is still going on."""


class ApprovalDeniedError(NbagentError):
    """A tool call needs a person's approval and did not get it, so it did not run.

    The message is made for the model.
    """


class TasksFailedError(NbagentError):
    """Some of many tasks failed; raised only where it is asked for."""


class TerminatedException(NbagentError):
    """A termination condition was called after it had fired."""


class UserInputError(NbagentError, RuntimeError):
    """The human could not be asked, or the input function failed."""


class StateError(NbagentError, ValueError):
    """A saved state is that of something else, of a later version, or incomplete."""


class RecordingError(NbagentError, ValueError):
    """A file is no recording, or one of a version that cannot be read."""


class RecordedFailure(NbagentError):
    """The recorded run failed; raised when the replay gets there.

    Attributes:
        error_type: The name of the class of the recorded exception.
    """

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(message)
        self.error_type = error_type


class ModelError(NbagentError, RuntimeError):
    """A model call failed.

    Attributes:
        partial_text: What the model had answered before the failure; may be empty.
        partial_thought: Its reasoning before the failure; may be empty.
    """

    def __init__(self, message: str, *, partial_text: str = "", partial_thought: str = "") -> None:
        super().__init__(message)
        self.partial_text = partial_text
        self.partial_thought = partial_thought


class ModelCapabilityError(ModelError):
    """The model cannot take what it was given, such as pictures or tools."""


class ModelRequestError(ModelError):
    """The server refused the request.

    Attributes:
        status_code: The HTTP status, or None where there was none.
        retry_after: Seconds after which the server allows another try, where it said so.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        retry_after: float | None = None,
        partial_text: str = "",
        partial_thought: str = "",
    ) -> None:
        super().__init__(message, partial_text=partial_text, partial_thought=partial_thought)
        self.status_code = status_code
        self.retry_after = retry_after


class ModelAuthenticationError(ModelRequestError):
    """The key is missing, wrong, or not allowed to use this model (401, 403)."""


class ModelNotFoundError(ModelRequestError):
    """The server knows no such model or address (404)."""


class ModelRateLimitError(ModelRequestError):
    """Too many requests, or the quota is used up (429)."""


class ContextLengthError(ModelRequestError):
    """The conversation is longer than the model takes."""


class ModelServerError(ModelError):
    """The server failed (5xx), or sent an error event inside the stream.

    Attributes:
        status_code: The HTTP status, or None for an error inside a stream.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        partial_text: str = "",
        partial_thought: str = "",
    ) -> None:
        super().__init__(message, partial_text=partial_text, partial_thought=partial_thought)
        self.status_code = status_code


class ModelConnectionError(ModelError):
    """No connection to the server, or it was lost in the middle of the answer."""


class ModelTimeoutError(ModelError):
    """The server did not answer, or stopped sending, within the time limit."""


class ModelResponseError(ModelError):
    """The answer breaks the protocol, for example with broken JSON."""


class TruncatedResponseError(ModelResponseError):
    """The stream ended without a finish reason: the answer is incomplete."""


def missing_extra(extra: str, needed_by: str) -> ImportError:
    """The error for a package that is not installed, with the line that installs it.

    Args:
        extra: The extra of nbagent that brings the package.
        needed_by: The module that needs it.
    """
    return ImportError(
        f"{needed_by} needs a package that is not installed. Install it with: "
        f"pip install 'jupyter-nbagent[{extra}]'"
    )
