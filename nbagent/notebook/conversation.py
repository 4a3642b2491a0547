"""A conversation of several turns with one agent or team, which can go back to an earlier point."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from nbagent.attachments import Attachment, compose
from nbagent.base.task import TaskResult, TaskRunner
from nbagent.cancellation import CancellationToken
from nbagent.exceptions import AttachmentError
from nbagent.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    ModelClientStreamingChunkEvent,
    MultiModalMessage,
    TextMessage,
)
from nbagent.models.choose import describe_choice, model_client
from nbagent.models.client import ChatCompletionClient
from nbagent.notebook.session import forget, notebook_agent
from nbagent.tools.registry import registered_tools
from nbagent.transcript.items import Transcript

Partner: TypeAlias = TaskRunner | ChatCompletionClient | str | None
"""Whom a chat is with: an agent, a team, a model, a model's spec, or the environment's model."""

_NAME = "assistant"
_SYSTEM_MESSAGE = (
    "You are an assistant in a Jupyter notebook. Answer in Markdown, to the point. "
    "Use your tools where they help."
)


@dataclass(frozen=True)
class Turn:
    """What a person said, and where the conversation stood before.

    Attributes:
        text: What they typed.
        attachments: What they added, in order.
        task: Both, as the message that the agent gets.
        item: How many items the transcript had.
        message: How many messages there were.
        state: What the agent or team remembered.
    """

    text: str
    attachments: tuple[Attachment, ...]
    task: TextMessage | MultiModalMessage
    item: int
    message: int
    state: Mapping[str, Any]

    @property
    def id(self) -> str:
        """What the turn is known by; another one after each retry."""
        return self.task.id


class Conversation:
    """Turns, their transcript and their messages.

    Args:
        partner: Whom it is with. A model becomes an agent with the tools that `@nbagent.tool`
            has made known.

    Attributes:
        name: What the partner is called: the agent's name, or the model's spec if it was given.
        transcript: The conversation as its readers see it; another object after going back.
        messages: All messages and events, without streaming chunks.
        turns: What was said by the person, in order.

    Raises:
        TypeError: It can run no tasks or cannot go back, and is no model.
        ConfigurationError: There is no such model, or its settings are missing.
    """

    def __init__(self, partner: Partner) -> None:
        self.name, self._runner = _with_name(partner)
        self.transcript = Transcript(state="done")
        self.messages: list[BaseAgentEvent | BaseChatMessage] = []
        self.turns: list[Turn] = []

    @property
    def sees_pictures(self) -> bool:
        """Whether pictures may be sent; True where it is not known."""
        # Agents that have a model keep it under this name; no protocol tells it.
        client = getattr(self._runner, "_model_client", None)
        return not isinstance(client, ChatCompletionClient) or client.model_info["vision"]

    def turn(self, turn_id: object) -> Turn | None:
        """The turn with this id; None where it is not there, or no longer."""
        return next((turn for turn in self.turns if turn.id == turn_id), None)

    async def begin(
        self, text: str, attachments: Sequence[Attachment], instead_of: Turn | None = None
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """Begin a turn.

        Args:
            text: What the person typed.
            attachments: What they added, in order.
            instead_of: Go back to before this turn first; the agent or team forgets it and all
                that came after.

        Returns:
            Its stream.

        Raises:
            ValueError: There is neither text nor an attachment.
            AttachmentError: An attachment is nothing for a model, or not for this one. Then
                nothing has changed.
        """
        task = self._task(text, attachments)
        if instead_of is not None:
            await self._go_back(instead_of)
        before = self.turns[-1].state if self.turns else None
        state = await cast("Any", self._runner).save_state()
        turn = Turn(
            text,
            tuple(attachments),
            task,
            item=len(self.transcript.items),
            message=len(self.messages),
            state=_sharing(state, before),
        )
        self.turns.append(turn)
        return self._noted(task)

    async def begin_anew(self) -> None:
        """Forget everything."""
        await forget(self._runner)
        self.turns.clear()
        self.messages.clear()
        self.transcript = Transcript(state="done")

    def _task(
        self, text: str, attachments: Sequence[Attachment]
    ) -> TextMessage | MultiModalMessage:
        """What the agent gets; refused before anything of it is in the conversation."""
        if not text.strip() and not attachments:
            raise ValueError("There is nothing to send: no text is written, and no file is there.")
        if not self.sees_pictures:
            pictures = [file.name for file in attachments if file.image is not None]
            if pictures:
                raise AttachmentError(
                    f"The model of {self.name} takes no pictures: {', '.join(pictures)}. "
                    "Remove them, or make the chat with a model that sees."
                )
        return compose(text, attachments)

    async def _noted(
        self, task: TextMessage | MultiModalMessage
    ) -> AsyncGenerator[BaseAgentEvent | BaseChatMessage | TaskResult, None]:
        """The run of a turn; its messages are noted also where it is stopped or fails."""
        stream = self._runner.run_stream(task=task, cancellation_token=CancellationToken())
        async with aclosing(stream):
            async for event in stream:
                if not isinstance(event, TaskResult | ModelClientStreamingChunkEvent):
                    self.messages.append(event)
                yield event

    async def _go_back(self, turn: Turn) -> None:
        await forget(self._runner)
        await cast("Any", self._runner).load_state(turn.state)
        del self.turns[self.turns.index(turn) :]
        del self.messages[turn.message :]
        self.transcript = Transcript(
            items=self.transcript.items[: turn.item],
            state="done",
            notices=self.transcript.notices,
        )


def _with_name(partner: Partner) -> tuple[str, TaskRunner]:
    name = ""
    if isinstance(partner, str) or partner is None:
        name = describe_choice(partner).spec
        partner = model_client(partner)
    if isinstance(partner, ChatCompletionClient):
        tools = registered_tools.tools if partner.model_info["function_calling"] else ()
        return name or _NAME, notebook_agent(_NAME, partner, tools, _SYSTEM_MESSAGE)
    if not isinstance(partner, TaskRunner) or isinstance(partner, type):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"Chat() needs an agent, a team, a model client or a model's name such as "
            f"'openai:gpt-5', not {partner!r}."
        )
    missing = [name for name in ("save_state", "load_state") if not hasattr(partner, name)]
    if missing or not (hasattr(partner, "reset") or hasattr(partner, "on_reset")):
        raise TypeError(
            f"{type(partner).__name__} has no {missing[0] if missing else 'reset'}(), by which "
            "a chat goes back to an earlier point. Derive it from BaseChatAgent, which has it."
        )
    return str(getattr(partner, "name", "") or type(partner).__name__), partner


def _sharing(new: Any, old: Any) -> Any:
    """`new`, in which whatever is the same in `old` is that object.

    Each turn keeps all that was remembered before it. What it has in common with the turn
    before, pictures above all, is in memory but once.
    """
    if new == old:
        return old
    if isinstance(new, dict) and isinstance(old, dict):
        known = cast("dict[Any, Any]", old)
        pairs = cast("dict[Any, Any]", new).items()
        return {key: _sharing(value, known.get(key)) for key, value in pairs}
    if isinstance(new, list) and isinstance(old, list):
        values, before = cast("list[Any]", new), cast("list[Any]", old)
        common = [_sharing(*pair) for pair in zip(values, before, strict=False)]
        return common + values[len(common) :]
    return cast("Any", new)
