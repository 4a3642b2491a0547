"""The decorator `@tool`, and the registry it fills."""

from collections.abc import Iterator

import pytest

from nbagent.exceptions import ToolDefinitionError
from nbagent.tools import FunctionTool
from nbagent.tools.registry import ToolRegistry, registered_tools, tool


@pytest.fixture(autouse=True)
def empty_registry() -> Iterator[None]:
    before = registered_tools.tools
    registered_tools.clear()
    yield
    registered_tools.clear()
    for known in before:
        registered_tools.add(known)


def names() -> list[str]:
    return [known.name for known in registered_tools.tools]


def test_the_decorated_function_stays_callable() -> None:
    @tool
    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    assert add(2, 3) == 5
    assert names() == ["add"]
    assert registered_tools.tools[0].description == "Add two numbers."


def test_a_name_and_a_description_can_be_given() -> None:
    @tool(name="plus", description="Adds.")
    def add(a: int, b: int) -> int:
        return a + b

    assert add(2, 3) == 5
    known = registered_tools.tools[0]
    assert (known.name, known.description) == ("plus", "Adds.")


def test_a_cell_that_runs_again_replaces_its_tool() -> None:
    @tool
    def add(a: int, b: int) -> int:  # pyright: ignore[reportUnusedFunction]
        """Old."""
        return a + b

    @tool
    def other(text: str) -> str:  # pyright: ignore[reportUnusedFunction]
        return text

    def again() -> None:
        @tool
        def add(a: int, b: int, c: int) -> int:  # pyright: ignore[reportUnusedFunction]
            """New."""
            return a + b + c

    again()
    assert names() == ["add", "other"]
    assert registered_tools.tools[0].description == "New."


def test_a_parameter_without_annotation_is_named() -> None:
    with pytest.raises(ToolDefinitionError, match=r"parameter 'x' of tool 'f' has no annotation"):

        @tool  # pyright: ignore[reportUnknownArgumentType]
        def f(x) -> None:  # pyright: ignore
            ...

    assert names() == []


def test_a_registry_can_be_emptied() -> None:
    registry = ToolRegistry()

    def f(x: int) -> int:
        return x

    registry.add(FunctionTool(f))
    assert [known.name for known in registry.tools] == ["f"]
    registry.clear()
    assert registry.tools == ()
