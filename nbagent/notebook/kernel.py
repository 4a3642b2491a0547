"""What nbagent needs of the kernel, and the only place that knows kernels.

Three things do not come by themselves while a cell runs.

**Messages from widgets.** While a cell awaits, or runs nested, they arrive in the stock kernel

| ipykernel | over subshells, as JupyterLab has it | otherwise |
|---|---|---|
| 6.29, 6.31 | (has none) | when the cell has ended |
| 7.1, 7.3 | at once, in another thread | when the cell has ended |
| 7.4 | at once; nested: when the nested run has ended | the same |

`delivery()` and `start_delivery()` look at the messages of the main shell as they arrive and
hand over, at once, those for nbagent's own widgets and those by which a page that was loaded
anew asks for widgets (`nbagent.notebook.shell_hook`). What comes over subshells needs no hook;
there and in 7.4 the thread may change from message to message, so whoever gets one passes it
on by `loop.call_soon_threadsafe`. While a cell blocks, only subshells deliver: 7.1 and 7.3.
Notebook 7.6 has the setting for subshells, ignores it and always uses them. 7.4 without
subshells never says that it is done with a message that it handled in a running cell, so that
a stock text field sends its first letter only; the hook says so for what it delivers.

**The interrupt.** The signal only sets a flag, which the event loop sees when it wakes next.
`nbagent.base.heartbeat` wakes it often enough.

**The queue.** Cells that wait run afterwards, in their order; so too under nesting, where
nest_asyncio2 (from 1.7.3) nests. nest_asyncio 1 loses them with ipykernel 7 ("cannot enter
context"); while the hook is installed they are held back until the nesting cell has ended.
"""

import contextlib
import importlib.metadata
import logging
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from IPython.core.getipython import get_ipython

from nbagent.base.heartbeat import heartbeat
from nbagent.notebook.shell_hook import NoHookError, ShellHook, loses_queue

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class KernelStatus:
    """What is known of the kernel.

    Attributes:
        name: The kernel's implementation, or "none" outside of a kernel.
        version: The version of ipykernel, empty where there is none.
        route: How a widget's messages arrive while a cell awaits: "shell hook"; "shell hook and
            subshells" where the front end has opened some; or "stock: " and the reason why
            only the kernel's own ways are left.
        problem: What is wrong with it, and the way out; empty when nothing is.
    """

    name: str
    version: str
    route: str
    problem: str = ""

    @property
    def hooked(self) -> bool:
        """Whether nbagent delivers its widgets' messages itself."""
        return self.route.startswith("shell hook")


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
        ShellHook(kernel)
    except NoHookError as reason:
        return KernelStatus(name, version, f"stock: {reason}")
    route = "shell hook and subshells" if _has_subshells(kernel) else "shell hook"
    problem = ""
    if loses_queue(kernel):
        problem = (
            "nest_asyncio 1 has been applied. With ipykernel 7 it loses cells that wait while "
            "another one nests. Leave nest_asyncio.apply() out, or import nest_asyncio2 in its "
            "place, and restart the kernel."
        )
    return KernelStatus(name, version, route, problem)


def _has_subshells(kernel: Any) -> bool:
    manager = getattr(getattr(kernel, "shell_channel_thread", None), "manager", None)
    listed = getattr(manager, "list_subshell", None)
    return bool(listed()) if listed is not None else False


def can_deliver() -> bool:
    """Whether nbagent delivers its widgets' messages itself while a cell runs."""
    return _find_hook() is not None


@contextlib.contextmanager
def delivery(comm_id: str) -> Generator[None]:
    """Deliver a widget's messages, and interrupts, while this block awaits.

    Blocks may overlap; each names its own widget.

    Args:
        comm_id: The widget's `model_id`.
    """
    start_delivery(comm_id)
    try:
        with heartbeat():
            yield
    finally:
        end_delivery(comm_id)


def start_delivery(comm_id: str) -> None:
    """Deliver a widget's messages from now on, whichever cell runs.

    For a widget that outlives the cell that made it. Whoever calls this calls `end_delivery()`
    once for it, when the widget closes. Both may be called from any thread.

    Args:
        comm_id: The widget's `model_id`.
    """
    hook = _find_hook()
    if hook is not None:
        hook.add(comm_id)


def end_delivery(comm_id: str) -> None:
    """Take back one `start_delivery()`."""
    hook = _hooks.get(id(running_kernel()))
    if hook is not None:
        hook.remove(comm_id)


def _find_hook() -> ShellHook | None:
    """The kernel's hook; None where there is no kernel or it cannot be hooked."""
    kernel = running_kernel()
    if kernel is None:
        return None
    hook = _hooks.get(id(kernel))
    if hook is None:
        try:
            hook = ShellHook(kernel)
        except NoHookError as reason:
            _logger.info("Widget messages arrive by the kernel's own ways only: %s", reason)
            return None
        _hooks[id(kernel)] = hook
    return hook


_hooks: dict[int, ShellHook] = {}
"""One hook a kernel; there is one kernel in a process, save in tests."""
