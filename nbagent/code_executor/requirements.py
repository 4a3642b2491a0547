"""Functions that generated code may call, with the packages and imports that they need."""

import functools
import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, Generic, TypeAlias, TypeVar

from typing_extensions import ParamSpec

T = TypeVar("T")
P = ParamSpec("P")


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


def import_line(item: Import) -> str:
    """The line of Python that does an import."""
    if isinstance(item, str):
        return f"import {item}"
    if isinstance(item, Alias):
        return f"import {item.name} as {item.alias}"
    names = ", ".join(
        name if isinstance(name, str) else f"{name.name} as {name.alias}" for name in item.imports
    )
    return f"from {item.module} import {names}"


@dataclass
class FunctionWithRequirementsStr:
    """A function given as source code.

    Attributes:
        func: The source.
        compiled_func: The function, for its name and signature; it is not called here.
        python_packages: What must be installed for it, as pip names it.
        global_imports: What must be imported before it.
    """

    func: str
    compiled_func: Callable[..., Any]
    _func_name: str
    python_packages: Sequence[str] = field(default_factory=list[str])
    global_imports: Sequence[Import] = field(default_factory=list[Import])

    def __init__(
        self,
        func: str,
        python_packages: Sequence[str] = [],
        global_imports: Sequence[Import] = [],
    ) -> None:
        """Compile the source.

        Raises:
            ValueError: The source is not that of exactly one function.
        """
        self.func = func
        self.python_packages = python_packages
        self.global_imports = global_imports
        # A file name of its own, so that inspect.getsource() finds the lines.
        file_name = f"<function {id(self):x}>"
        linecache.cache[file_name] = (len(func), None, func.splitlines(keepends=True), file_name)
        namespace: dict[str, Any] = {}
        try:
            for item in global_imports:
                exec(import_line(item), namespace)
            exec(compile(func, file_name, "exec"), namespace)
        except Exception as error:
            raise ValueError(f"the source of a function cannot be compiled: {error}") from error
        functions = [
            value
            for value in namespace.values()
            if isinstance(value, FunctionType) and value.__code__.co_filename == file_name
        ]
        if len(functions) != 1:
            raise ValueError(
                f"the source must define exactly one function, but it defines {len(functions)}."
            )
        self.compiled_func = functions[0]
        self._func_name = functions[0].__name__

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Refuse a call: the source is meant for where the code runs.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError(
            f"{self._func_name}() was given as source for a code executor and cannot be called "
            "here. Use FunctionWithRequirements.from_callable(function) for one that can."
        )


@dataclass
class FunctionWithRequirements(Generic[T, P]):
    """A function with what it needs where it runs.

    Attributes:
        func: The function.
        python_packages: What must be installed for it, as pip names it.
        global_imports: What must be imported before it.
    """

    func: Callable[P, T]
    python_packages: Sequence[str] = field(default_factory=list[str])
    global_imports: Sequence[Import] = field(default_factory=list[Import])

    def __post_init__(self) -> None:
        functools.update_wrapper(self, self.func)

    @classmethod
    def from_callable(
        cls,
        func: Callable[P, T],
        python_packages: Sequence[str] = [],
        global_imports: Sequence[Import] = [],
    ) -> "FunctionWithRequirements[T, P]":
        """A function with what it needs."""
        return cls(func=func, python_packages=python_packages, global_imports=global_imports)

    @staticmethod
    def from_str(
        func: str,
        python_packages: Sequence[str] = [],
        global_imports: Sequence[Import] = [],
    ) -> FunctionWithRequirementsStr:
        """A function given as source; compiling it runs its decorators and default values.

        Raises:
            ValueError: The source is not that of exactly one function.
        """
        return FunctionWithRequirementsStr(
            func=func, python_packages=python_packages, global_imports=global_imports
        )

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function."""
        return self.func(*args, **kwargs)


def with_requirements(
    python_packages: Sequence[str] = [], global_imports: Sequence[Import] = []
) -> Callable[[Callable[P, T]], FunctionWithRequirements[T, P]]:
    """Decorate a function with what it needs where generated code calls it.

    Args:
        python_packages: What must be installed for it, as pip names it.
        global_imports: What must be imported before it.
    """

    def decorate(func: Callable[P, T]) -> FunctionWithRequirements[T, P]:
        return FunctionWithRequirements[T, P].from_callable(func, python_packages, global_imports)

    return decorate
