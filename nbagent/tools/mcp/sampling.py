"""What an MCP server asks a model, through a client that it is given."""

import importlib
from typing import TYPE_CHECKING, Any

import mcp.types as types

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import ApprovalDeniedError, NbagentError
from nbagent.image import Image
from nbagent.tools.approval import require_approval
from nbagent.tools.approval_policy import ApprovalSettings

if TYPE_CHECKING:
    from nbagent.models.client import ChatCompletionClient
    from nbagent.models.types import CreateResult, LLMMessage

_STOP_REASONS = {"stop": "endTurn", "length": "maxTokens"}


class Sampling:
    """Answers for a model, where a person lets the server ask it.

    Args:
        model_client: The model.
        approval: Whether and how a person is asked.
    """

    def __init__(self, model_client: "ChatCompletionClient", approval: ApprovalSettings) -> None:
        self.model_client = model_client
        self.approval = approval

    async def answer(
        self,
        server: str,
        params: types.CreateMessageRequestParams,
        cancellation_token: CancellationToken,
    ) -> types.CreateMessageResult | types.ErrorData:
        """Ask the model what a server wants to know.

        Args:
            server: What the server is called.
            params: What it asks.
            cancellation_token: Ends the call when cancelled.
        """
        if params.tools:
            return _refusal("This client lets no server call tools through its model.")
        shown = params.model_dump(mode="json", exclude_none=True, exclude={"meta", "metadata"})
        try:
            messages = _messages(server, params)
            await require_approval(
                self.approval,
                tool=self,
                name=f"the model for {server}",
                arguments=shown,
                cancellation_token=cancellation_token,
            )
            result = await self.model_client.create(
                messages,
                extra_create_args=_settings(params),
                cancellation_token=cancellation_token,
            )
        except ApprovalDeniedError as error:
            return _refusal(str(error))
        except (NbagentError, ValueError) as error:
            return types.ErrorData(code=types.INTERNAL_ERROR, message=f"no answer: {error}"[:500])
        return _answer(result, self.model_client.model_info["family"])


def _messages(server: str, params: types.CreateMessageRequestParams) -> "list[LLMMessage]":
    # The room of models stands above this one, so it is loaded by name.
    kinds: Any = importlib.import_module("nbagent.models.types")
    messages: list[LLMMessage] = []
    if params.system_prompt:
        messages.append(kinds.SystemMessage(content=params.system_prompt))
    for message in params.messages:
        parts = [_part(block) for block in message.content_as_list]
        texts = [part for part in parts if isinstance(part, str)]
        plain = "\n".join(texts) if len(texts) == len(parts) else None
        if message.role == "assistant":
            if plain is None:
                raise ValueError("a model's own message can hold no picture")
            messages.append(kinds.AssistantMessage(content=plain, source=server))
        else:
            content = parts if plain is None else plain
            messages.append(kinds.UserMessage(content=content, source=server))
    return messages


def _part(block: types.SamplingMessageContentBlock) -> str | Image:
    if isinstance(block, types.TextContent):
        return block.text
    if isinstance(block, types.ImageContent):
        return Image.from_base64(block.data)
    raise ValueError(f"{block.type!r} is nothing that the model takes")


def _settings(params: types.CreateMessageRequestParams) -> dict[str, Any]:
    settings = {
        "max_tokens": params.max_tokens,
        "temperature": params.temperature,
        "stop": params.stop_sequences,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _answer(result: "CreateResult", model: str) -> types.CreateMessageResult | types.ErrorData:
    if not isinstance(result.content, str):
        return types.ErrorData(code=types.INTERNAL_ERROR, message="the model called tools")
    return types.CreateMessageResult(
        role="assistant",
        content=types.TextContent(text=result.content),
        model=model,
        stop_reason=_STOP_REASONS.get(result.finish_reason),
    )


def _refusal(message: str) -> types.ErrorData:
    return types.ErrorData(code=types.INVALID_REQUEST, message=message)
