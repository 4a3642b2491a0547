"""A code executor for tests: runs Python and shell in processes of their own."""

import asyncio
import sys
import tempfile
from typing import Any

from pydantic import BaseModel
from typing_extensions import Self

from nbagent import CancellationToken
from nbagent.code_executor import CodeBlock, CodeExecutor, CodeResult
from nbagent.component import Component


class SubprocessExecutorConfig(BaseModel):
    """Nothing to set."""


class SubprocessExecutor(CodeExecutor, Component[SubprocessExecutorConfig]):
    """Runs each block as `python -c` or `sh -c` in a folder of its own."""

    component_config_schema = SubprocessExecutorConfig

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.ran: list[CodeBlock] = []
        self.running = asyncio.Event()

    async def execute_code_blocks(
        self, code_blocks: list[CodeBlock], cancellation_token: CancellationToken
    ) -> CodeResult:
        """Run the blocks until one fails."""
        assert self._folder is not None, "the executor was not started"
        output = ""
        for block in code_blocks:
            self.ran.append(block)
            self.running.set()
            command = [sys.executable, "-I", "-c"] if block.language == "python" else ["sh", "-c"]
            process = await asyncio.create_subprocess_exec(
                *command,
                block.code,
                cwd=self._folder.name,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            try:
                printed, _ = await cancellation_token.wait(process.communicate())
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
            output += printed.decode()
            if process.returncode:
                return CodeResult(exit_code=process.returncode, output=output)
        return CodeResult(exit_code=0, output=output)

    async def start(self) -> None:
        """Make the folder."""
        self._folder = tempfile.TemporaryDirectory()

    async def stop(self) -> None:
        """Remove the folder."""
        if self._folder is not None:
            self._folder.cleanup()

    async def restart(self) -> None:
        """A fresh folder."""
        await self.stop()
        await self.start()

    def _to_config(self) -> SubprocessExecutorConfig:
        return SubprocessExecutorConfig()

    @classmethod
    def _from_config(cls, config: SubprocessExecutorConfig) -> Self:
        return cls()


def said(result: Any) -> list[tuple[str, str]]:
    """The messages and events of a run: type and text of each."""
    return [(type(message).__name__, message.to_text()) for message in result.messages]
