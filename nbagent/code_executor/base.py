"""What code execution is about: blocks of code, their results, and who runs them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from pydantic import BaseModel
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import ComponentBase


@dataclass
class CodeBlock:
    """A piece of code in some language."""

    code: str
    language: str


@dataclass
class CodeResult:
    """What running code gave: the exit code and everything printed."""

    exit_code: int
    output: str


class CodeExecutor(ComponentBase[BaseModel], ABC):
    """Runs code. `async with executor:` starts it and stops it again."""

    component_type = "code_executor"

    @abstractmethod
    async def execute_code_blocks(
        self, code_blocks: list[CodeBlock], cancellation_token: CancellationToken
    ) -> CodeResult:
        """Run blocks of code, one after the other.

        Args:
            code_blocks: The code.
            cancellation_token: Ends the code when cancelled.

        Returns:
            What all of them printed, and the exit code of the last one that ran. The first one
            that fails ends the row.

        Raises:
            asyncio.CancelledError: The token was cancelled.
        """

    @abstractmethod
    async def start(self) -> None:
        """Open what running code needs."""

    @abstractmethod
    async def stop(self) -> None:
        """End what still runs, and close what `start()` opened."""

    @abstractmethod
    async def restart(self) -> None:
        """Back to the state after `start()`: what earlier code left behind is gone."""

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()
