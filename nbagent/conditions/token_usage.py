"""TokenUsageTermination: stops when tokens are used up."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.component import Component
from nbagent.conditions.fires_once import Event, FiresOnce
from nbagent.exceptions import ConfigurationError
from nbagent.models.types import RequestUsage


class TokenUsageTerminationConfig(BaseModel, defer_build=True):
    """Config of `TokenUsageTermination`."""

    max_total_token: int | None = None
    max_prompt_token: int | None = None
    max_completion_token: int | None = None


class TokenUsageTermination(FiresOnce, Component[TokenUsageTerminationConfig]):
    """Fires when the models' answers have used this many tokens, by their own account.

    Args:
        max_total_token: Tokens of both kinds together; None for any number.
        max_prompt_token: Tokens of the questions.
        max_completion_token: Tokens of the answers.

    Raises:
        ConfigurationError: No limit is given.
    """

    component_config_schema = TokenUsageTerminationConfig
    component_provider_override = "nbagent.conditions.TokenUsageTermination"

    def __init__(
        self,
        max_total_token: int | None = None,
        max_prompt_token: int | None = None,
        max_completion_token: int | None = None,
    ) -> None:
        super().__init__()
        if max_total_token is None and max_prompt_token is None and max_completion_token is None:
            raise ConfigurationError(
                "At least one of max_total_token, max_prompt_token, or max_completion_token must "
                "be provided"
            )
        self._max_total_token = max_total_token
        self._max_prompt_token = max_prompt_token
        self._max_completion_token = max_completion_token
        self._used = RequestUsage(0, 0)

    async def reason_to_stop(self, messages: Sequence[Event]) -> str | None:
        """Count what is new."""
        for message in messages:
            if message.models_usage is not None:
                self._used += message.models_usage
        prompt, completion = self._used.prompt_tokens, self._used.completion_tokens
        if not (
            _reached(prompt + completion, self._max_total_token)
            or _reached(prompt, self._max_prompt_token)
            or _reached(completion, self._max_completion_token)
        ):
            return None
        return (
            f"Token usage limit reached, total token count: {prompt + completion}, "
            f"prompt token count: {prompt}, completion token count: {completion}."
        )

    def forget(self) -> None:
        """Count from 0 again."""
        self._used = RequestUsage(0, 0)

    def count(self) -> Mapping[str, Any]:
        """How many tokens were used."""
        return {
            "prompt_tokens": self._used.prompt_tokens,
            "completion_tokens": self._used.completion_tokens,
        }

    def take_count(self, count: Mapping[str, Any]) -> None:
        """Go on from what `count()` gave."""
        self._used = RequestUsage(
            int(count.get("prompt_tokens", 0)), int(count.get("completion_tokens", 0))
        )

    def _to_config(self) -> TokenUsageTerminationConfig:
        return TokenUsageTerminationConfig(
            max_total_token=self._max_total_token,
            max_prompt_token=self._max_prompt_token,
            max_completion_token=self._max_completion_token,
        )

    @classmethod
    def _from_config(cls, config: TokenUsageTerminationConfig) -> Self:
        return cls(config.max_total_token, config.max_prompt_token, config.max_completion_token)


def _reached(used: int, limit: int | None) -> bool:
    return limit is not None and used >= limit
