"""Code execution: blocks of code, their results, who runs them, and functions they may call."""

from nbagent.code_executor.base import CodeBlock, CodeExecutor, CodeResult
from nbagent.code_executor.requirements import (
    Alias,
    FunctionWithRequirements,
    FunctionWithRequirementsStr,
    Import,
    ImportFromModule,
    import_line,
    with_requirements,
)

__all__ = [
    "Alias",
    "CodeBlock",
    "CodeExecutor",
    "CodeResult",
    "FunctionWithRequirements",
    "FunctionWithRequirementsStr",
    "Import",
    "ImportFromModule",
    "import_line",
    "with_requirements",
]
