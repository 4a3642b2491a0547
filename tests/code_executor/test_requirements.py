"""Functions with what they need: decorated, from source, and called."""

import inspect

import pytest

from nbagent.code_executor import (
    Alias,
    CodeExecutor,
    FunctionWithRequirements,
    FunctionWithRequirementsStr,
    ImportFromModule,
    import_line,
    with_requirements,
)


def test_a_decorated_function_can_still_be_called() -> None:
    @with_requirements(python_packages=["numpy"], global_imports=["math", Alias("json", "j")])
    def double(x: int) -> int:
        """Twice."""
        return 2 * x

    assert double(4) == 8
    assert double.python_packages == ["numpy"]
    assert double.global_imports == ["math", Alias("json", "j")]
    assert (double.func.__name__, inspect.getdoc(double)) == ("double", "Twice.")


def test_a_function_from_source() -> None:
    source = "def root(x: float) -> float:\n    return math.sqrt(x)\n"
    function = FunctionWithRequirements.from_str(source, ["numpy"], ["math"])
    assert isinstance(function, FunctionWithRequirementsStr)
    assert function.compiled_func(9) == 3
    assert inspect.getsource(function.compiled_func) == source
    with pytest.raises(NotImplementedError, match="root"):
        function(9)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", "defines 0"),
        ("def a(): ...\ndef b(): ...", "defines 2"),
        ("def a(:", "cannot be compiled"),
        ("from os.path import join\n", "defines 0"),
    ],
)
def test_other_sources_are_refused(source: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FunctionWithRequirements.from_str(source)


def test_imports_as_lines() -> None:
    assert import_line("os") == "import os"
    assert import_line(Alias("numpy", "np")) == "import numpy as np"
    several = ImportFromModule("os.path", ("join", Alias("split", "s")))
    assert import_line(several) == "from os.path import join, split as s"


def test_an_executor_is_abstract() -> None:
    assert CodeExecutor.component_type == "code_executor"
    assert inspect.isabstract(CodeExecutor)
