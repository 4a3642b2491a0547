"""The messages of the kernel's main shell, seen before the kernel sees them.

The hook hands over at once what is for nbagent's own widgets, and what a page that was loaded
anew asks of all widgets. Everything else goes the way it always went, in its order.

It uses attributes that ipykernel, tornado and pyzmq do not promise. Where one is missing,
`NoHookError` says which, and the kernel's stock behaviour stays.
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Any

from nbagent.cancellation import call_in_loop

_CONTROL_TARGET = "jupyter.widget.control"
"""The comm over which a front end asks for the state of all widgets."""

_NEEDED = (
    *("session", "shell_handlers", "comm_manager", "io_loop"),
    *("iopub_socket", "_publish_status"),
)
"""What the kernel itself must have."""

_logger = logging.getLogger(__name__)


class NoHookError(Exception):
    """Why the hook cannot be installed, as a clause for `KernelStatus.route`."""


class ShellHook:
    """Delivers the messages of some widgets while a cell runs.

    It is installed while there are widgets to deliver to.

    Args:
        kernel: An ipykernel.

    Raises:
        NoHookError: It is built differently.
    """

    def __init__(self, kernel: Any) -> None:
        self._kernel = kernel
        self._stream = _main_shell_stream(kernel)
        if not callable(getattr(self._stream, "_recv_callback", None)):
            raise NoHookError("this version of pyzmq keeps its callbacks elsewhere")
        for name in _NEEDED:
            if getattr(kernel, name, None) is None:
                raise NoHookError(f"the kernel has no {name}")
        self._is_running = _running_probe(kernel)
        self._comm_ids: Counter[str] = Counter()
        self._stock: Callable[[Sequence[Any]], Any] | None = None
        self._held: deque[Sequence[Any]] = deque()
        self._hand_over: asyncio.Task[None] | None = None

    def add(self, comm_id: str) -> None:
        """Deliver this widget's messages from now on. Callable from any thread."""
        self._in_main_loop(self._count, comm_id, 1)

    def remove(self, comm_id: str) -> None:
        """Take back one `add()`. Callable from any thread."""
        self._in_main_loop(self._count, comm_id, -1)

    def _in_main_loop(self, function: Callable[..., None], *arguments: object) -> None:
        # The stream belongs to the main thread. Widgets are closed from other threads too:
        # subshells have their own, and cells of a subshell run in it.
        call_in_loop(self._kernel.io_loop.asyncio_loop, function, *arguments)

    def _count(self, comm_id: str, by: int) -> None:
        self._comm_ids[comm_id] += by
        self._comm_ids += Counter()  # forgets those at zero
        self._settle()

    def _settle(self) -> None:
        """Begin or end to look at messages.

        Where somebody else has put a hook over this one, it stays and lets all pass.
        """
        if self._comm_ids or self._held:
            if self._stock is None:
                self._stock = self._stream._recv_callback
                self._stream.on_recv(self._receive, copy=False)
        elif self._stock is not None and self._stream._recv_callback == self._receive:
            self._stream.on_recv(self._stock, copy=False)
            self._stock = None

    def _receive(self, frames: Sequence[Any]) -> Any:
        assert self._stock is not None
        message = self._wanted(frames) if self._comm_ids else None
        if message is not None:
            self._deliver(message)
            return None
        if self._held or _loses_messages(self._kernel):
            self._hold(frames)
            return None
        return self._stock(frames)

    def _deliver(self, message: dict[str, Any]) -> None:
        kernel = self._kernel
        handler = kernel.shell_handlers[message["header"]["msg_type"]]
        # The parent stays the running cell's: the handlers only hand a message over, and
        # whatever the cell prints meanwhile must still arrive at the cell.
        try:
            handler(self._stream, [], message)
        finally:
            # The page keeps a message, with its buffers, until the kernel is done with it.
            kernel._publish_status("idle", "shell", parent=message)
            if self._is_running():
                kernel._publish_status("busy", "shell")

    def _wanted(self, frames: Sequence[Any]) -> dict[str, Any] | None:
        """The message, if it is one to deliver at once."""
        session = self._kernel.session
        try:
            _, parts = session.feed_identities(frames, copy=False)
            header = session.deserialize(parts, content=False, copy=False)
            kind = header["header"]["msg_type"]
            if kind not in ("comm_open", "comm_msg", "comm_close"):
                return None
            content = session.unpack(header["content"])
            if not self._is_ours(kind, content):
                return None
            return session.deserialize(parts, content=True, copy=False)
        except (ValueError, TypeError, KeyError, IndexError):
            return None  # no message as we know them: the kernel reports it in its own way

    def _is_ours(self, kind: str, content: dict[str, Any]) -> bool:
        if kind == "comm_open":
            return content.get("target_name") == _CONTROL_TARGET
        comm_id = content.get("comm_id")
        if comm_id in self._comm_ids:
            return True
        comm = self._kernel.comm_manager.comms.get(comm_id)
        return getattr(comm, "target_name", None) == _CONTROL_TARGET

    def _hold(self, frames: Sequence[Any]) -> None:
        """Keep a message that would be lost now."""
        self._held.append(frames)
        if self._hand_over is None or self._hand_over.done():
            self._hand_over = asyncio.create_task(
                self._hand_over_held(), name="nbagent: queued cells"
            )

    async def _hand_over_held(self) -> None:
        """Give the kernel what was held back, one after the other, once its cell has ended."""
        async with self._kernel._main_asyncio_lock:
            pass  # this was the place in the queue: the kernel's messages wait for it as well
        while self._held:
            assert self._stock is not None
            try:
                await self._stock(self._held.popleft())
            except Exception:
                _logger.exception("The kernel could not handle a message")
        self._settle()


def _main_shell_stream(kernel: Any) -> Any:
    """The stream on which the main thread gets its shell messages."""
    thread = getattr(kernel, "shell_channel_thread", None)
    if thread is None:  # ipykernel 6
        stream = getattr(kernel, "shell_stream", None)
    else:  # ipykernel 7: a thread of its own reads the socket and passes messages on
        pair = getattr(thread.manager, "_shell_channel_to_main", None)
        stream = getattr(pair, "to_stream", None)
    if stream is None or not hasattr(stream, "on_recv"):
        raise NoHookError("this kernel reads its shell messages in a way unknown to nbagent")
    return stream


def _running_probe(kernel: Any) -> Callable[[], bool]:
    """What tells whether the main shell is at work on a message."""
    lock = getattr(kernel, "_main_asyncio_lock", None)
    if lock is not None:  # ipykernel 7
        return lock.locked
    queue: Any = getattr(kernel, "msg_queue", None)
    if not hasattr(queue, "_getters"):
        raise NoHookError("this kernel queues its cells in a way unknown to nbagent")
    return lambda: not queue._getters  # it waits for a message only when it is at work on none


def nests_badly(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether nested runs of this loop lose the messages of ipykernel 7.

    It handles all messages of a shell in one context, which a running cell has entered.
    nest_asyncio 1 runs the tasks of other messages all the same, in vain, and they never end;
    nest_asyncio2 keeps them until the nested run is over.
    """
    return hasattr(loop, "_nest_patched") and not hasattr(loop, "_nest_deferred")


def loses_queue(kernel: Any) -> bool:
    """Whether cells that wait are lost when one nests."""
    return hasattr(kernel, "_main_asyncio_lock") and nests_badly(kernel.io_loop.asyncio_loop)


def _loses_messages(kernel: Any) -> bool:
    """Whether a message would be lost if it were given to the kernel now."""
    return loses_queue(kernel) and kernel.io_loop.asyncio_loop._num_runs_pending > 1
