"""What code execution is about: blocks of code, their results, and the imports they need."""

from dataclasses import dataclass
from typing import TypeAlias


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


@dataclass(frozen=True)
class Alias:
    """`import name as alias`."""

    name: str
    alias: str


@dataclass(frozen=True)
class ImportFromModule:
    """`from module import ...`."""

    module: str
    imports: tuple[str | Alias, ...]


Import: TypeAlias = str | ImportFromModule | Alias
