"""A kernel without a front end: cells, comm messages and interrupts straight over its sockets."""

import asyncio
import contextlib
import os
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any, TypeAlias, cast

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

from tests.browser.kernels import kernel_name, write_kernelspecs

Message: TypeAlias = dict[str, Any]

SECONDS = 30.0
"""How long a cell may take."""


class LiveKernel:
    """A running kernel."""

    def __init__(self, manager: Any, client: AsyncKernelClient) -> None:
        self._manager = manager
        self._client = client
        self.published: list[Message] = []

    def start(self, code: str, *, allow_stdin: bool = True) -> str:
        """Send a cell; its message id.

        Args:
            code: The cell.
            allow_stdin: Whether a reader is there, as front ends say.
        """
        return self._client.execute(code, allow_stdin=allow_stdin)

    async def ended(self, message_id: str) -> Message:
        """The content of the reply to a cell, once it has run."""
        async with _limit():
            await self.until(
                lambda message: (
                    message["msg_type"] == "status"
                    and message["content"]["execution_state"] == "idle"
                    and message["parent_header"].get("msg_id") == message_id
                )
            )
            while True:
                reply = await self._client.get_shell_msg(timeout=SECONDS)
                if reply["parent_header"].get("msg_id") == message_id:
                    return cast("Message", reply["content"])

    async def run(self, code: str, *, allow_stdin: bool = True) -> str:
        """Run a cell to its end; what it printed and displayed, as text.

        Raises:
            AssertionError: It failed.
        """
        message_id = self.start(code, allow_stdin=allow_stdin)
        reply = await self.ended(message_id)
        assert reply["status"] == "ok", "\n".join(reply.get("traceback", [str(reply)]))
        return self.text(message_id)

    async def until(self, matches: Callable[[Message], bool]) -> Message:
        """The next published message that matches; all are kept in `published`."""
        async with _limit():
            while True:
                message = await self._client.get_iopub_msg(timeout=SECONDS)
                self.published.append(message)
                if matches(message):
                    return message

    async def printed(self, text: str) -> None:
        """Wait until cells have printed something that contains `text`.

        A busy kernel sends what one `print()` writes in several messages.
        """
        printed = ""

        def comes_with(message: Message) -> bool:
            nonlocal printed
            if message["msg_type"] == "stream":
                printed += message["content"]["text"]
            return text in printed

        await self.until(comes_with)

    def text(self, message_id: str) -> str:
        """What a cell printed and displayed, as plain text."""
        parts: list[str] = []
        for message in self.published:
            content = message["content"]
            if message["parent_header"].get("msg_id") != message_id:
                continue
            if message["msg_type"] == "stream":
                parts.append(content["text"])
            elif message["msg_type"] in ("display_data", "execute_result", "update_display_data"):
                parts.append(content["data"].get("text/plain", ""))
        return "".join(parts)

    def of_kind(self, kind: str) -> list[Message]:
        """The contents of what was published of a kind, such as "comm_open", in order."""
        return [message["content"] for message in self.published if message["msg_type"] == kind]

    def view(self) -> str:
        """The comm id of the live view that was opened last."""
        opened = [
            content["comm_id"]
            for content in self.of_kind("comm_open")
            if "_esm" in content["data"].get("state", {})
        ]
        return opened[-1]

    def press(self, content: Message) -> None:
        """Send a custom message to the live view that was opened last, as its page does."""
        self.tell(self.view(), {"method": "custom", "content": content})

    def tell(self, comm_id: str, data: Message, *, subshell: str | None = None) -> str:
        """Send a comm message, as a page does; its message id.

        Args:
            comm_id: The comm.
            data: What to tell.
            subshell: The subshell to send it to; None for the main shell.
        """
        session = self._client.session
        message = session.msg("comm_msg", {"comm_id": comm_id, "data": data})
        if subshell is not None:
            message["header"]["subshell_id"] = subshell
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    async def supports_subshells(self) -> bool:
        """Whether the kernel says that it has subshells."""
        info = await self._control("kernel_info_request")
        return "kernel subshells" in info.get("supported_features", [])

    async def create_subshell(self) -> str:
        """Open a subshell, as front ends do for widgets; its id."""
        return str((await self._control("create_subshell_request"))["subshell_id"])

    async def delete_subshell(self, subshell: str) -> None:
        """End a subshell."""
        await self._control("delete_subshell_request", {"subshell_id": subshell})

    async def _control(self, kind: str, content: Message | None = None) -> Message:
        """Send a request over the control channel; the content of its reply."""
        message = self._client.session.msg(kind, content or {})
        self._client.control_channel.send(message)
        while True:
            reply = await self._client.get_control_msg(timeout=SECONDS)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                return cast("Message", reply["content"])

    async def interrupt(self) -> None:
        """Interrupt the kernel."""
        await self._manager.interrupt_kernel()

    async def input_requested(self) -> str:
        """Wait until the kernel asks for a line, as `input()` does; its prompt."""
        async with _limit():
            request = await self._client.get_stdin_msg(timeout=SECONDS)
            return str(request["content"]["prompt"])

    def type_line(self, line: str) -> None:
        """Give the line that the kernel has asked for."""
        self._client.input(line)

    async def shut_down(self) -> None:
        """Ask the kernel to end, and wait until it has, however busy the machine is."""
        self._manager.shutdown_wait_time = SECONDS
        await self._manager.shutdown_kernel()


@contextlib.asynccontextmanager
async def _limit() -> AsyncGenerator[None]:
    """`asyncio.timeout(SECONDS)`, which Python 3.10 does not have."""
    task = asyncio.current_task()
    assert task is not None
    timer = asyncio.get_running_loop().call_later(SECONDS, task.cancel)
    try:
        yield
    finally:
        timer.cancel()


def kernel_manager(ipykernel_version: str, folder: Path) -> AsyncKernelManager:
    """What starts a kernel; its kernelspec is written into `folder`."""
    write_kernelspecs(folder)
    return AsyncKernelManager(
        kernel_name=kernel_name(ipykernel_version),
        kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(folder / "kernels")]),
    )


@contextlib.asynccontextmanager
async def live_kernel(ipykernel_version: str, folder: Path) -> AsyncGenerator[LiveKernel]:
    """Start a kernel and end it afterwards.

    Args:
        ipykernel_version: One of `tests.browser.kernels.ALL_VERSIONS`.
        folder: An empty folder for its kernelspec and its settings.
    """
    manager: Any = kernel_manager(ipykernel_version, folder)
    environment = os.environ | {"IPYTHONDIR": str(folder / "ipython")}
    await manager.start_kernel(env=environment, cwd=str(folder))
    client: AsyncKernelClient = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        yield LiveKernel(manager, client)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)
