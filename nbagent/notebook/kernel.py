"""What nbagent needs of the kernel, and the only place that knows kernels.

Two things do not come by themselves while a cell awaits:

- Messages from widgets. ipykernel 6 keeps them until the cell has ended, and 7.0 to 7.3 do so
  where the front end does not use subshells. `delivery()` looks at the messages of the main
  shell as they arrive and hands over, at once, those for nbagent's own widgets and those by
  which a page that was loaded anew asks for widgets. Everything else goes the way it always
  went, in its order: queued cells stay queued, and other widgets behave as without nbagent.
- The interrupt. The signal only sets a flag, which the event loop sees when it wakes next.
  `delivery()` keeps a heartbeat, so that it wakes often enough.

The hook uses attributes that ipykernel and pyzmq do not promise. Where they are missing, the
kernel's stock behaviour stays, and `status()` says so.
"""

import asyncio
import contextlib
import importlib.metadata
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from IPython.core.getipython import get_ipython

HEARTBEAT_SECONDS = 0.05
"""How long the event loop may sleep while a run is shown."""

_CONTROL_TARGET = "jupyter.widget.control"
"""The comm over which a front end asks for the state of all widgets."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KernelStatus:
    """What is known of the kernel.

    Attributes:
        name: The kernel's implementation, or "none" outside of a kernel.
        version: The version of ipykernel, empty where there is none.
        route: How a widget's messages arrive while a cell awaits: "shell hook", or "stock: "
            and the reason why only the kernel's own ways are left.
    """

    name: str
    version: str
    route: str

    @property
    def hooked(self) -> bool:
        """Whether nbagent delivers its widgets' messages itself."""
        return self.route == "shell hook"


def running_kernel() -> Any | None:
    """The kernel that this code runs in; None in a script and in terminal IPython."""
    shell: Any = get_ipython()  # pyright: ignore[reportUnknownVariableType]
    return getattr(shell, "kernel", None)


def has_reader(kernel: Any) -> bool:
    """Whether somebody follows the running cell.

    A front end with a person in front allows input; nbclient, papermill and nbconvert do not,
    and show nothing before the notebook has ended.
    """
    return bool(getattr(kernel, "_allow_stdin", False))


def status() -> KernelStatus:
    """The kernel and the way by which widgets' messages arrive in it."""
    kernel = running_kernel()
    if kernel is None:
        return KernelStatus("none", "", "stock: this is no Jupyter kernel")
    name = str(getattr(kernel, "implementation", type(kernel).__name__))
    version = str(getattr(kernel, "implementation_version", ""))
    if type(kernel).__module__.startswith("ipykernel"):
        name, version = "ipykernel", importlib.metadata.version("ipykernel")
    try:
        _ShellHook(kernel)
    except _NoHookError as reason:
        return KernelStatus(name, version, f"stock: {reason}")
    return KernelStatus(name, version, "shell hook")


@contextlib.asynccontextmanager
async def delivery(comm_id: str) -> AsyncGenerator[None]:
    """Deliver a widget's messages, and interrupts, while this block awaits.

    Blocks may overlap; each names its own widget.

    Args:
        comm_id: The widget's `model_id`.
    """
    heart = asyncio.create_task(_beat(), name="nbagent heartbeat")
    kernel = running_kernel()
    hook = None if kernel is None else _open_hook(kernel)
    if hook is not None:
        hook.comm_ids[comm_id] += 1
    try:
        yield
    finally:
        heart.cancel()
        if hook is not None:
            hook.comm_ids[comm_id] -= 1
            hook.comm_ids += Counter()  # forgets those at zero
            if not hook.comm_ids:
                hook.uninstall()


async def _beat() -> None:
    while True:  # noqa: ASYNC110 - there is no event to wait for: waking up is all
        await asyncio.sleep(HEARTBEAT_SECONDS)


class _NoHookError(Exception):
    """Why the hook cannot be installed, as a clause for `status()`."""


def _open_hook(kernel: Any) -> "_ShellHook | None":
    """The kernel's hook, installed; None where that is impossible."""
    hook = _hooks.get(id(kernel))
    if hook is None:
        try:
            hook = _ShellHook(kernel)
        except _NoHookError as reason:
            _logger.info("Widget messages arrive by the kernel's own ways only: %s", reason)
            return None
        _hooks[id(kernel)] = hook
    hook.install()
    return hook


class _ShellHook:
    """Sees the messages of the main shell before the kernel does.

    Args:
        kernel: An ipykernel.

    Raises:
        _NoHookError: It is built differently.
    """

    def __init__(self, kernel: Any) -> None:
        self.comm_ids: Counter[str] = Counter()
        self._kernel = kernel
        self._stream = _main_shell_stream(kernel)
        self._stock: Callable[[Sequence[Any]], Any] | None = None
        callback = getattr(self._stream, "_recv_callback", None)
        if not callable(callback):
            raise _NoHookError("this version of pyzmq keeps its callbacks elsewhere")
        for name in ("session", "shell_handlers", "comm_manager"):
            if getattr(kernel, name, None) is None:
                raise _NoHookError(f"the kernel has no {name}")

    def install(self) -> None:
        """Begin to look at messages, if that has not begun."""
        if self._stock is None:
            self._stock = self._stream._recv_callback
            self._stream.on_recv(self._receive, copy=False)

    def uninstall(self) -> None:
        """Give the messages back to the kernel.

        Where somebody else has put a hook over this one, it stays and lets all pass.
        """
        if self._stock is not None and self._stream._recv_callback == self._receive:
            self._stream.on_recv(self._stock, copy=False)
            self._stock = None

    def _receive(self, frames: Sequence[Any]) -> Any:
        assert self._stock is not None
        message = self._wanted(frames)
        if message is None:
            return self._stock(frames)
        handler = self._kernel.shell_handlers[message["header"]["msg_type"]]
        # The parent stays the running cell's: the handlers only hand a message over, and
        # whatever the cell prints meanwhile must still arrive at the cell.
        handler(self._stream, [], message)
        return None

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
        if comm_id in self.comm_ids:
            return True
        comm = self._kernel.comm_manager.comms.get(comm_id)
        return getattr(comm, "target_name", None) == _CONTROL_TARGET


def _main_shell_stream(kernel: Any) -> Any:
    """The stream on which the main thread gets its shell messages."""
    thread = getattr(kernel, "shell_channel_thread", None)
    if thread is None:  # ipykernel 6
        stream = getattr(kernel, "shell_stream", None)
    else:  # ipykernel 7: a thread of its own reads the socket and passes messages on
        pair = getattr(thread.manager, "_shell_channel_to_main", None)
        stream = getattr(pair, "to_stream", None)
    if stream is None or not hasattr(stream, "on_recv"):
        raise _NoHookError("this kernel reads its shell messages in a way unknown to nbagent")
    return stream


_hooks: dict[int, _ShellHook] = {}
"""One hook a kernel; there is one kernel in a process, save in tests."""
