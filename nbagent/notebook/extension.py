"""What `%load_ext nbagent` adds to a shell, and `%unload_ext nbagent` takes away."""

import asyncio
import weakref
from typing import Any

from IPython.core.async_helpers import get_asyncio_loop
from IPython.core.interactiveshell import InteractiveShell

from nbagent.notebook.asyncio_run import AwaitAsyncioRun
from nbagent.notebook.background import end_background_runs
from nbagent.notebook.input_rewriting import AwaitAgent
from nbagent.notebook.magics import AgentMagics
from nbagent.notebook.running_loop_note import RunningLoopNote
from nbagent.notebook.session import notebook_session


class Extension:
    """The magics, and the help with `asyncio.run`, in one shell.

    Args:
        shell: The shell.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self._shell: Any = shell
        self._session = notebook_session()
        self._magics = AgentMagics(shell, self._session)
        self._changes = (
            AwaitAgent(shell, self._magics.agent_awaited),
            AwaitAsyncioRun(shell),
            RunningLoopNote(shell),
        )

    def install(self) -> None:
        """Add it all."""
        register = self._shell.register_magic_function
        register(self._magics.agent, magic_kind="line_cell", magic_name="agent")
        register(self._magics.nbagent, magic_kind="line", magic_name="nbagent")
        for change in self._changes:
            change.install()

    def remove(self) -> None:
        """Take it away, end the runs in the background, and close the clients."""
        magics = self._shell.magics_manager.magics
        for kind, name in (("line", "agent"), ("cell", "agent"), ("line", "nbagent")):
            del magics[kind][name]
        for change in self._changes:
            change.remove()
        notebook_session.cache_clear()
        loop = get_asyncio_loop()
        if loop.is_running():
            closing = loop.create_task(self._close(), name="nbagent: close clients")
            _closing.add(closing)
            closing.add_done_callback(_closing.discard)
        else:
            loop.run_until_complete(self._close())

    async def _close(self) -> None:
        await end_background_runs()
        await self._session.close()


_closing: set["asyncio.Task[None]"] = set()
"""Sessions that are being closed; asyncio itself keeps no reference."""

_extensions: "weakref.WeakKeyDictionary[InteractiveShell, Extension]" = weakref.WeakKeyDictionary()


def load(shell: InteractiveShell) -> None:
    """Add the magics to a shell; a second call does nothing."""
    if shell not in _extensions:
        extension = Extension(shell)
        extension.install()
        _extensions[shell] = extension


def unload(shell: InteractiveShell) -> None:
    """Take the magics out of a shell, with the agents that they kept."""
    extension = _extensions.pop(shell, None)
    if extension is not None:
        extension.remove()
