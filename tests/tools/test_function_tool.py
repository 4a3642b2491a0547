"""FunctionTool and workbenches."""

import asyncio
import functools
import json
import threading
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from nbagent import CancellationToken, FunctionTool, Image
from nbagent.exceptions import ToolDefinitionError
from nbagent.tools import (
    BaseToolWithState,
    ImageResultContent,
    StaticWorkbench,
    TextResultContent,
    ToolOverride,
)


class Unit(str, Enum):
    celsius = "celsius"
    kelvin = "kelvin"


class Place(BaseModel):
    city: str
    country: str | None = None


class Tree(BaseModel):
    name: str
    children: "list[Tree]" = []


def weather(
    place: Place,
    days: Annotated[int, "how many days ahead"] = 1,
    unit: Unit = Unit.celsius,
    tags: Annotated[list[str], Field(description="labels", max_length=3)] = [],  # noqa: B006 - what users write
    mode: Literal["short", "long"] = "short",
) -> str:
    """Tell the weather."""
    return f"{place.city} {days} {unit.value} {tags} {mode}"


def test_schema_describes_the_parameters() -> None:
    schema = FunctionTool(weather).schema
    assert schema["name"] == "weather"
    assert schema.get("description") == "Tell the weather."
    assert "strict" not in schema
    parameters: Any = schema.get("parameters")
    assert parameters["required"] == ["place"]
    properties = parameters["properties"]
    assert properties["days"]["description"] == "how many days ahead"
    assert properties["days"]["default"] == 1
    assert properties["place"]["properties"]["city"]["type"] == "string"
    assert properties["unit"]["enum"] == ["celsius", "kelvin"]
    assert properties["mode"]["enum"] == ["short", "long"]
    assert properties["tags"]["description"] == "labels"
    assert "$ref" not in json.dumps(schema)


def test_schema_is_built_once() -> None:
    tool = FunctionTool(weather)
    assert tool.schema is tool.schema


def test_recursive_types_keep_their_definitions() -> None:
    def plant(tree: Tree) -> str:
        """Plant."""
        return tree.name

    parameters: Any = FunctionTool(plant).schema.get("parameters")
    assert set(parameters["$defs"]) == {"Tree"}


async def run(tool: FunctionTool, **arguments: Any) -> Any:
    return await tool.run_json(arguments, CancellationToken())


async def test_arguments_are_checked_and_converted() -> None:
    tool = FunctionTool(weather)
    said = await run(tool, place={"city": "Rome"}, unit="kelvin", days="2")
    assert said == "Rome 2 kelvin [] short"
    with pytest.raises(ValidationError):
        await run(tool, place="Rome")


async def test_plain_functions_run_in_a_thread_and_coroutines_in_the_loop() -> None:
    def plain() -> int:
        return threading.get_ident()

    async def coroutine() -> int:
        return threading.get_ident()

    assert await run(FunctionTool(plain)) != threading.get_ident()
    assert await run(FunctionTool(coroutine)) == threading.get_ident()


async def test_the_token_is_handed_in_and_not_shown_to_the_model() -> None:
    async def work(x: int, token: CancellationToken) -> bool:
        """Work."""
        return token.is_cancelled()

    tool = FunctionTool(work)
    parameters: Any = tool.schema.get("parameters")
    assert list(parameters["properties"]) == ["x"]
    assert await run(tool, x=1) is False


async def test_partials_methods_and_callable_objects() -> None:
    class Counter:
        def add(self, x: int) -> int:
            """Add."""
            return x + 1

        async def __call__(self, x: int) -> int:
            return x + 2

    def power(x: int, exponent: int) -> int:
        """Raise."""
        return x**exponent

    assert await run(FunctionTool(Counter().add), x=1) == 2
    assert await run(FunctionTool(Counter()), x=1) == 3
    square = FunctionTool(functools.partial(power, exponent=2))
    assert square.name == "power"
    assert await run(square, x=3) == 9


def test_bad_functions_get_a_clear_error() -> None:
    def unannotated(x):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        """Nothing."""

    def variadic(*numbers: int) -> int:
        """Sum."""
        return sum(numbers)

    def unknown(x: "Nowhere") -> int:  # noqa: F821  # pyright: ignore
        """Nothing."""
        return 1

    def odd(x: threading.Thread) -> int:
        """Nothing."""
        return 1

    def optional(x: int = 1) -> int:
        """Nothing."""
        return x

    with pytest.raises(ToolDefinitionError, match=r"parameter 'x' of tool 'unannotated'.*def una"):
        FunctionTool(unannotated)  # pyright: ignore[reportUnknownArgumentType]
    with pytest.raises(ToolDefinitionError, match=r"takes \*numbers: int"):
        FunctionTool(variadic)
    with pytest.raises(ToolDefinitionError, match="Nowhere"):
        FunctionTool(unknown)  # pyright: ignore[reportUnknownArgumentType]
    with pytest.raises(ToolDefinitionError, match="cannot be described to a model"):
        FunctionTool(odd)
    with pytest.raises(ToolDefinitionError, match=r"FunctionTool\(func, name='...'\)"):
        FunctionTool(lambda: 1)
    with pytest.raises(ToolDefinitionError, match="must be a function, not 3"):
        FunctionTool(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ToolDefinitionError, match="'x' has a default value"):
        _ = FunctionTool(optional, strict=True).schema


def test_strict_is_sent_when_wanted() -> None:
    def exact(x: int) -> int:
        """Exact."""
        return x

    assert FunctionTool(exact, strict=True).schema.get("strict") is True


async def test_workbench_tells_results_and_failures() -> None:
    def fail() -> str:
        """Fail."""
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise RuntimeError("outer") from error

    def draw() -> Image:
        """Draw."""
        from PIL import Image as PILImage

        return Image.from_pil(PILImage.new("RGB", (1, 1)))

    def place() -> Place:
        """Place."""
        return Place(city="Köln")

    def look_up() -> str:
        """Look up."""
        return {"Köln": "rain"}["Bonn"]

    bench = StaticWorkbench([FunctionTool(f) for f in (weather, fail, draw, place, look_up)])
    async with bench:
        assert [schema["name"] for schema in await bench.list_tools()] == [
            "weather",
            "fail",
            "draw",
            "place",
            "look_up",
        ]
        assert (await bench.call_tool("look_up")).to_text() == "KeyError: 'Bonn'"
        failed = await bench.call_tool("fail")
        assert failed.is_error
        assert "outer" in failed.to_text() and "KeyError" in failed.to_text()
        drawn = await bench.call_tool("draw")
        assert isinstance(drawn.result[0], ImageResultContent)
        assert drawn.to_text(replace_image="[image]") == "[image]"
        told = await bench.call_tool("place")
        assert told.result == [TextResultContent(content='{"city": "Köln", "country": null}')]
        missing = await bench.call_tool("nope")
        assert missing.is_error and missing.to_text() == "Tool nope not found."
        wrong = await bench.call_tool("weather", {"place": 3})
        assert wrong.is_error and "place" in wrong.to_text()


def test_workbench_names() -> None:
    tool = FunctionTool(weather)
    with pytest.raises(ValueError, match="two tools are called 'weather'"):
        StaticWorkbench([tool, tool])
    with pytest.raises(ValueError, match="names 'wether'"):
        StaticWorkbench([tool], {"wether": ToolOverride(name="x")})


async def test_workbench_state() -> None:
    class Args(BaseModel):
        by: int

    class State(BaseModel):
        count: int

    class Counter(BaseToolWithState[Args, int, State]):
        def __init__(self) -> None:
            super().__init__(Args, int, State, "count", "Count.")
            self.count = 0

        async def run(self, args: Args, cancellation_token: CancellationToken) -> int:
            self.count += args.by
            return self.count

        def save_state(self) -> State:
            return State(count=self.count)

        def load_state(self, state: State) -> None:
            self.count = state.count

    bench = StaticWorkbench([Counter()])
    await bench.call_tool("count", {"by": 3})
    state = json.loads(json.dumps(await bench.save_state()))
    other = StaticWorkbench([Counter()])
    await other.load_state(state)
    assert (await other.call_tool("count", {"by": 1})).to_text() == "4"


async def test_a_cancelled_thread_is_left_behind() -> None:
    release = threading.Event()

    def block() -> str:
        """Block."""
        release.wait(20)
        return "late"

    token = CancellationToken()
    task = asyncio.create_task(FunctionTool(block).run_json({}, token))
    await asyncio.sleep(0.05)
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    release.set()
