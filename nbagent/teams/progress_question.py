"""ProgressQuestion: asks a model for a progress ledger, until its answer is one."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from nbagent.base.ledger import ProgressLedger
from nbagent.cancellation import CancellationToken
from nbagent.exceptions import ModelResponseError
from nbagent.models.client import ChatCompletionClient
from nbagent.models.types import AssistantMessage, LLMMessage, RequestUsage, UserMessage
from nbagent.teams.magentic_one_prompts import REPAIR

ATTEMPTS = 5
"""So often a model is asked, before its answers are given up."""

_SHOWN = 300
_TRIES = 50
"""So many places of one answer are tried at most."""


class ProgressQuestion:
    """Asks a model for a progress ledger.

    Where the model can be held to a schema, or at least to JSON, it is. Whatever it is, its
    answer is read with patience: text around the JSON, fences, and answers without a reason do
    not matter. An answer that cannot be read is given back with what is wrong.

    Args:
        model_client: The model.
        source: Who asks.
        names: The participants; one of them speaks next.
    """

    def __init__(
        self, model_client: ChatCompletionClient, source: str, names: Sequence[str]
    ) -> None:
        self._client = model_client
        self._source = source
        self._names = list(names)

    async def ask(
        self, messages: Sequence[LLMMessage], cancellation_token: CancellationToken
    ) -> tuple[ProgressLedger, RequestUsage]:
        """Ask.

        Args:
            messages: The conversation, with the question last.
            cancellation_token: Ends the call when cancelled.

        Returns:
            The ledger, and the tokens that all attempts took.

        Raises:
            ModelResponseError: No answer was a ledger.
            ModelError: A call failed.
        """
        conversation = list(messages)
        usage = RequestUsage(0, 0)
        text, fault = "", ""
        for _ in range(ATTEMPTS):
            result = await cancellation_token.wait(
                self._client.create(
                    conversation,
                    json_output=self._form(),
                    cancellation_token=cancellation_token,
                )
            )
            usage = usage + result.usage
            text = result.content if isinstance(result.content, str) else str(result.content)
            try:
                return self._read(text), usage
            except ValueError as error:
                fault = str(error)
            conversation += [
                AssistantMessage(content=text or "(nothing)", source=self._source),
                UserMessage(content=REPAIR.format(fault=fault), source=self._source),
            ]
        raise ModelResponseError(
            f"{self._client!r} gave no usable progress ledger in {ATTEMPTS} attempts. What was "
            f"wrong with the last answer: {fault} It was: {text[:_SHOWN]!r}. Take a more capable "
            "model, or one with structured output.",
            partial_text=text,
        )

    def _form(self) -> bool | type[BaseModel] | None:
        """What the model is held to: a schema, JSON, or nothing."""
        info = self._client.model_info
        if info.get("structured_output"):
            return ProgressLedger
        return True if info["json_output"] else None

    def _read(self, text: str) -> ProgressLedger:
        """The ledger in an answer.

        Raises:
            ValueError: There is none; the text says why, for the model.
        """
        fault = "There is no JSON object in it."
        for data in _objects(text):
            try:
                ledger = ProgressLedger.model_validate(data)
            except ValidationError as error:
                fault = _in_words(error)
                continue
            name = self._participant(ledger.next_speaker.answer)
            if name is None and ledger.is_request_satisfied.answer:
                name = ""  # nobody is needed any more
            if name is None:
                fault = (
                    f"next_speaker is {ledger.next_speaker.answer!r}, which is not one of "
                    f"{', '.join(self._names)}."
                )
                continue
            ledger.next_speaker.answer = name
            return ledger
        raise ValueError(fault)

    def _participant(self, answer: str) -> str | None:
        """The participant that is meant, also where the name is written a little differently."""
        if answer in self._names:
            return answer
        meant = [name for name in self._names if _plain(name) == _plain(answer)]
        return meant[0] if len(meant) == 1 else None


def _objects(text: str) -> Iterator[Any]:
    """Every JSON object in a text, outermost first."""
    decoder = json.JSONDecoder()
    end = 0
    for _ in range(_TRIES):
        at = text.find("{", end)
        if at < 0:
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield value


def _plain(name: str) -> str:
    return "".join(character for character in name.casefold() if character.isalnum())


def _in_words(error: ValidationError) -> str:
    faults = [
        f"{'.'.join(map(str, each['loc'])) or 'the object'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)
    ]
    return f"The JSON object does not fit: {'; '.join(faults)}."
