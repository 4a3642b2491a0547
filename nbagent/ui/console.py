"""Console: a run as text in a terminal, while it happens."""

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TypeVar, cast

from nbagent.base.chat_agent import Response
from nbagent.base.task import TaskResult
from nbagent.messages import BaseAgentEvent, BaseChatMessage, UserInputRequestedEvent
from nbagent.questions import asking_through, current_asker
from nbagent.ui.console_asker import ConsoleAsker
from nbagent.ui.console_printer import ConsolePrinter
from nbagent.ui.user_input_manager import UserInputManager

ResultT = TypeVar("ResultT", bound=TaskResult | Response)


async def Console(  # noqa: N802 - AgentChat's own name
    stream: AsyncGenerator[BaseAgentEvent | BaseChatMessage | ResultT, None],
    *,
    no_inline_images: bool = False,
    output_stats: bool = False,
    user_input_manager: UserInputManager | None = None,
) -> ResultT:
    """Print a run while it happens, and return its result.

    Questions of the run are asked in the terminal, or by the notebook in which it is printed.

    Args:
        stream: What `run_stream()` or `on_messages_stream()` gives.
        no_inline_images: Never draw pictures, even in a terminal that can (iTerm2).
        output_stats: Print tokens and time at the end.
        user_input_manager: Is told of each request for input after it was printed.

    Returns:
        The last item of the stream: a `TaskResult` or a `Response`.

    Raises:
        ValueError: The stream ended without a result.
    """
    iterm = not no_inline_images and os.environ.get("TERM_PROGRAM") == "iTerm.app"
    printer = ConsolePrinter(iterm=iterm)
    asker = ConsoleAsker(current_asker(), printer)
    result: ResultT | None = None
    with asking_through(asker):
        async with aclosing(stream):
            async for item in stream:
                if isinstance(item, TaskResult | Response):
                    result = cast(ResultT, item)
                    if isinstance(item, Response):
                        printer.show(item.chat_message)
                else:
                    printer.show(item)
                    if isinstance(item, UserInputRequestedEvent) and user_input_manager is not None:
                        user_input_manager.notify_event_received(item.request_id)
    printer.end(result, stats=output_stats)
    if result is None:
        raise ValueError("No TaskResult or Response was processed.")
    return result
