"""Approvals of tool calls: nothing runs unasked, what is shown is what runs."""

import asyncio
import functools
import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

import pytest
from pydantic import BaseModel, Field, SecretStr

from nbagent import CancellationToken, FunctionTool
from nbagent.component import allow_functions
from nbagent.exceptions import ApprovalDeniedError, ComponentError, ToolDefinitionError
from nbagent.questions import asking_through
from nbagent.questions.checks import MAX_REASON
from nbagent.tools import (
    ApprovalPolicy,
    BaseStreamTool,
    BaseTool,
    BaseToolWithState,
    CheckedCall,
    StaticStreamWorkbench,
    StaticWorkbench,
    ToolOverride,
)
from nbagent.tools.registry import registered_tools, tool
from nbagent.tools.run_approvals import in_one_run
from tests.tools.person import FOR_RUN, NO, YES, Nobody, Person


class Article(BaseModel):
    article: str


class Shop:
    """Something that costs money: remembers what was ordered."""

    def __init__(self) -> None:
        self.orders: list[tuple[str, int]] = []

    async def order(self, article: str, amount: int = 1) -> str:
        """Order articles."""
        self.orders.append((article, amount))
        return f"ordered {amount} {article}"

    def tool(self, approval: ApprovalPolicy = "always", **settings: Any) -> FunctionTool:
        return FunctionTool(self.order, approval=approval, **settings)


async def call(
    ordering: BaseTool[Any, Any], person: Person, token: CancellationToken | None = None
) -> str:
    """Call a tool as a workbench does; what the model reads."""
    bench = StaticWorkbench([ordering])
    with asking_through(person):
        result = await bench.call_tool(ordering.name, {"article": "tea"}, token, "call_7")
    return ("error: " if result.is_error else "") + result.to_text()


async def test_a_person_is_shown_the_exact_call_and_it_runs_once_when_approved() -> None:
    shop, person = Shop(), Person(YES)
    assert await call(shop.tool(), person) == "ordered 1 tea"
    assert shop.orders == [("tea", 1)]
    asked = person.asked[0].question
    assert asked.kind == "approval" and asked.call is not None
    assert (asked.call.name, asked.call.call_id) == ("order", "call_7")
    assert asked.call.arguments == '{"article":"tea","amount":1}', "defaults are shown as well"


async def test_a_denied_call_does_not_run_and_the_model_reads_why() -> None:
    shop = Shop()
    told = await call(shop.tool(), Person(NO))
    assert shop.orders == []
    assert told.startswith("error: ")
    for part in ("denied", "too dear", "Do not try", "another way"):
        assert part in told


async def test_where_nobody_can_be_asked_the_call_is_denied() -> None:
    shop, nobody = Shop(), Nobody(YES)
    assert "nobody is there" in await call(shop.tool(), nobody)
    assert shop.orders == [] and nobody.asked == []


async def test_an_approval_that_does_not_come_in_time_is_none() -> None:
    shop, person = Shop(), Person()
    assert "nobody answered within 0.05 s" in await call(shop.tool(approval_timeout=0.05), person)
    assert shop.orders == []
    (_, answer), *more = person.settlements
    assert answer is not None and answer.by == "default" and not more


async def test_without_approval_nobody_is_asked() -> None:
    shop, person = Shop(), Person()
    assert await call(shop.tool("never"), person) == "ordered 1 tea"
    assert person.asked == []


def dear(call: CheckedCall) -> bool:
    return call.arguments["amount"] > 1


async def dear_later(call: CheckedCall) -> bool:
    await asyncio.sleep(0)
    return dear(call)


@pytest.mark.parametrize("policy", [dear, dear_later])
async def test_a_function_decides_call_by_call(policy: ApprovalPolicy) -> None:
    shop, person = Shop(), Person(YES, NO)
    bench = StaticWorkbench([shop.tool(policy)])
    with asking_through(person):
        await bench.call_tool("order", {"article": "tea"})
        await bench.call_tool("order", {"article": "gold", "amount": 2})
        await bench.call_tool("order", {"article": "gold", "amount": "3"})
    assert shop.orders == [("tea", 1), ("gold", 2)]
    assert [person.shown(number) for number in range(len(person.asked))] == [
        '{"article":"gold","amount":2}',
        '{"article":"gold","amount":3}',
    ]


def fails(call: CheckedCall) -> bool:
    raise KeyError("price")


async def fails_later(call: CheckedCall) -> bool:
    raise KeyError("price")


def undecided(call: CheckedCall) -> bool:
    return cast("bool", None)


def almost(call: CheckedCall) -> bool:
    return cast("bool", 0)


async def undecided_later(call: CheckedCall) -> bool:
    return cast("bool", "")


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (fails, "KeyError"),
        (fails_later, "KeyError"),
        (undecided, "returned None"),
        (almost, "returned 0"),
        (undecided_later, "returned ''"),
    ],
)
async def test_a_function_that_does_not_decide_lets_nothing_run(
    policy: ApprovalPolicy, told: str
) -> None:
    shop, person = Shop(), Person(YES)
    text = await call(shop.tool(policy), person)
    assert text.startswith("error: order did not run") and told in text
    assert shop.orders == [] and person.asked == []


@pytest.mark.parametrize("approval", ["alwyas", "", True, None, 1, ["always"]])
def test_an_unknown_approval_is_refused(approval: Any) -> None:
    class Plain(BaseTool[BaseModel, str]):
        async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> str:
            return "ran"

    with pytest.raises(ToolDefinitionError, match=r"approval=.* of tool 'plain' is unknown"):
        Plain(BaseModel, str, "plain", "Plain.", approval=approval)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan"), True, "5"])
def test_a_timeout_that_is_no_duration_is_refused(seconds: Any) -> None:
    with pytest.raises(ToolDefinitionError, match=r"approval_timeout=.*'order'.*seconds"):
        Shop().tool(approval_timeout=seconds)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        "yes",
        1,
        [],
        {},
        [YES],
        {"approved": 1},
        {"approved": "true"},
        {"approved": None},
        {"Approved": True},
        {"approved": True, "for_run": 1},
        {"approved": True, "reason": None},
        {"approved": True, "force": True},
        {"approved": False, "reason": "x" * (MAX_REASON + 1)},
        {"approved": False, "reason": "\ud800"},
    ],
)
async def test_an_answer_that_is_none_is_refused_and_lets_nothing_run(answer: object) -> None:
    shop, person = Shop(), Person(answer, NO)
    assert "too dear" in await call(shop.tool(), person)
    assert shop.orders == [] and len(person.refused) == 1


async def test_an_asker_that_gives_something_else_than_an_approval_lets_nothing_run() -> None:
    class Careless(Person):
        async def ask(self, request: Any) -> Any:
            return True

    class Broken(Person):
        async def ask(self, request: Any) -> Any:
            raise OSError("the line is cut")

    shop = Shop()
    assert (await call(shop.tool(), Careless())).startswith("error: ")
    assert "the line is cut" in await call(shop.tool(), Broken())
    assert shop.orders == []


async def test_a_cancel_while_it_waits_withdraws_the_question() -> None:
    shop, person, token = Shop(), Person(), CancellationToken()
    task = asyncio.create_task(call(shop.tool(), person, token))
    await person.is_asked.wait()
    token.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert shop.orders == []
    assert [answer for _, answer in person.settlements] == [None]


async def test_an_approval_after_the_cancel_comes_too_late() -> None:
    token = CancellationToken()
    shop, person = Shop(), Person(YES, before=lambda _: token.cancel())
    with pytest.raises(asyncio.CancelledError):
        await call(shop.tool(), person, token)
    assert shop.orders == []


async def test_a_cancel_between_the_approval_and_the_call_counts() -> None:
    class Late(Person):
        def settled(self, request: Any, answer: Any) -> None:
            token.cancel()

    class Heedless(BaseTool[Article, str]):
        """Pays no attention to the token itself."""

        async def run(self, args: Article, cancellation_token: CancellationToken) -> str:
            ran.append("heedless")
            return "ran"

    token, ran = CancellationToken(), list[str]()
    heedless = Heedless(Article, str, "heedless", "Heedless.", approval="always")
    with asking_through(Late(YES)), pytest.raises(asyncio.CancelledError):
        await heedless.run_json({"article": "tea"}, token)
    assert ran == []


async def one_run(
    ordering: FunctionTool, token: CancellationToken, times: int
) -> AsyncGenerator[str, None]:
    for _ in range(times):
        try:
            yield await ordering.run_json({"article": "tea"}, token)
        except ApprovalDeniedError:
            yield "denied"


async def test_approved_for_this_run_means_this_tool_and_this_run() -> None:
    shop, token = Shop(), CancellationToken()
    first, second = shop.tool(), shop.tool()
    person = Person(FOR_RUN, NO, NO, FOR_RUN, NO)
    with asking_through(person):
        results = [told async for told in in_one_run(one_run(first, token, 3))]
        assert results == ["ordered 1 tea"] * 3
        assert len(person.asked) == 1
        # The next run asks again, although it has the same token.
        assert [told async for told in in_one_run(one_run(first, token, 1))] == ["denied"]
        # So does a call outside of any run, and another tool of the same name.
        assert [told async for told in one_run(first, token, 1)] == ["denied"]

        async def both() -> AsyncGenerator[str, None]:
            async for told in one_run(first, token, 1):
                yield told
            async for told in one_run(second, token, 1):
                yield told

        assert [told async for told in in_one_run(both())] == ["ordered 1 tea", "denied"]


async def test_an_approval_counts_once_unless_it_is_for_the_run() -> None:
    shop, person = Shop(), Person(YES, NO)
    with asking_through(person):
        run = in_one_run(one_run(shop.tool(), CancellationToken(), 2))
        assert [told async for told in run] == ["ordered 1 tea", "denied"]


async def test_a_run_ends_where_its_stream_does() -> None:
    """What the reader of a stream does between two items is not part of the run."""
    shop, token, person = Shop(), CancellationToken(), Person(FOR_RUN, NO)
    ordering = shop.tool()
    with asking_through(person):
        async with aclosing(in_one_run(one_run(ordering, token, 2))) as run:
            assert await anext(run) == "ordered 1 tea"
            with pytest.raises(ApprovalDeniedError):
                await ordering.run_json({"article": "gold"}, token)
            assert await anext(run) == "ordered 1 tea"


async def test_runs_at_the_same_time_do_not_share_an_approval() -> None:
    shop, token = Shop(), CancellationToken()
    ordering = shop.tool()
    approving, denying = Person(FOR_RUN), Person(NO, NO)

    async def run(person: Person) -> list[str]:
        with asking_through(person):
            return [told async for told in in_one_run(one_run(ordering, token, 2))]

    results = await asyncio.gather(run(approving), run(denying))
    assert results == [["ordered 1 tea"] * 2, ["denied"] * 2]


async def test_what_a_run_left_behind_has_to_ask_again() -> None:
    shop, token = Shop(), CancellationToken()
    ordering = shop.tool()
    go_on = asyncio.Event()
    left: list[asyncio.Task[list[str]]] = []

    async def later() -> list[str]:
        await go_on.wait()
        return [told async for told in one_run(ordering, token, 1)]

    async def run() -> AsyncGenerator[str, None]:
        async for told in one_run(ordering, token, 1):
            yield told
        left.append(asyncio.create_task(later()))

    with asking_through(Person(FOR_RUN, NO)):
        assert [told async for told in in_one_run(run())] == ["ordered 1 tea"]
    go_on.set()
    assert await left[0] == ["denied"]


async def test_arguments_that_change_while_they_are_looked_at_do_not_run() -> None:
    given: list[list[str]] = []

    async def send(to: list[Any]) -> str:
        """Send."""
        given.append(to)
        return "sent"

    class Args(BaseModel):
        to: Any

    class Send(BaseTool[Args, str]):
        async def run(self, args: Args, cancellation_token: CancellationToken) -> str:
            return await send(args.to)

    receivers = ["ann@example.org"]

    class Slow(Person):
        async def ask(self, request: Any) -> Any:
            receivers.append("eve@example.org")
            return await super().ask(request)

    with asking_through(Slow(YES)), pytest.raises(ApprovalDeniedError, match="changed"):
        await Send(Args, str, "send", "Send.", approval="always").run_json(
            {"to": receivers}, CancellationToken()
        )
    assert given == []


class Everything(BaseModel):
    hidden: int = Field(3, exclude=True)
    number: float = 1.0
    password: SecretStr = SecretStr("x")
    other: Any = None


class Show(BaseTool[Everything, str]):
    async def run(self, args: Everything, cancellation_token: CancellationToken) -> str:
        return "ran"


async def test_all_that_the_tool_gets_is_shown() -> None:
    person = Person(YES)
    with asking_through(person):
        await Show(Everything, str, "show", "Show.", approval="always").run_json(
            {"number": "nan", "other": {"deep": ["é"]}}, CancellationToken()
        )
    assert person.shown() == (
        '{"hidden":3,"number":"NaN","password":"**********","other":{"deep":["é"]}}'
    )


async def test_what_cannot_be_shown_does_not_run() -> None:
    person = Person(YES)
    with asking_through(person), pytest.raises(ApprovalDeniedError, match="cannot be shown"):
        await Show(Everything, str, "show", "Show.", approval="always").run_json(
            {"other": object()}, CancellationToken()
        )
    assert person.asked == []


async def test_arguments_that_do_not_fit_are_not_asked_about() -> None:
    shop, person = Shop(), Person(YES)
    bench = StaticWorkbench([shop.tool()])
    with asking_through(person):
        result = await bench.call_tool("order", {"article": ["tea"]})
    assert result.is_error and person.asked == []


class State(BaseModel):
    orders: list[str]


class Reporting(BaseStreamTool[Article, str, str]):
    """A tool that reports on the way."""

    def __init__(self) -> None:
        super().__init__(Article, str, "report", "Report.", approval="always")
        self.orders: list[str] = []

    async def run(self, args: Article, cancellation_token: CancellationToken) -> str:
        self.orders.append(args.article)
        return "done"

    async def run_stream(
        self, args: Article, cancellation_token: CancellationToken
    ) -> AsyncGenerator[str, None]:
        yield "on the way"
        yield await self.run(args, cancellation_token)


async def test_a_streaming_tool_is_asked_about_on_both_ways() -> None:
    reporting = Reporting()
    bench = StaticStreamWorkbench([reporting])
    arguments = {"article": "tea"}
    with asking_through(Person(NO, NO, YES)):
        assert (await bench.call_tool("report", arguments)).is_error
        items = [item async for item in bench.call_tool_stream("report", arguments)]
        assert [item.is_error for item in items] == [True]
        assert reporting.orders == []
        items = [item async for item in bench.call_tool_stream("report", arguments)]
    assert items[0] == "on the way" and items[1].to_text() == "done"
    assert reporting.orders == ["tea"]


async def test_a_tool_with_state_and_a_renamed_tool_are_asked_about() -> None:
    class Keeping(BaseToolWithState[Article, str, State]):
        def __init__(self) -> None:
            super().__init__(Article, str, State, "keep", "Keep.", approval="always")
            self.orders: list[str] = []

        async def run(self, args: Article, cancellation_token: CancellationToken) -> str:
            self.orders.append(args.article)
            return "kept"

        def save_state(self) -> State:
            return State(orders=self.orders)

        def load_state(self, state: State) -> None:
            self.orders = state.orders

    keeping = Keeping()
    bench = StaticWorkbench([keeping], {"keep": ToolOverride(name="harmless")})
    with asking_through(Person(NO)):
        assert (await bench.call_tool("harmless", {"article": "tea"})).is_error
    assert keeping.orders == []


async def delete(path: str) -> str:
    """Delete a file."""
    return f"deleted {path}"


async def test_a_tool_loads_as_strict_as_it_was_dumped() -> None:
    dumped = FunctionTool(delete, approval="always", approval_timeout=0.05).dump_component()
    assert dumped.config["approval"] == "always"
    older = dumped.model_copy(deep=True)
    del older.config["approval"]  # as it was written before there were approvals
    with allow_functions():
        strict = FunctionTool.load_component(dumped)
        free = FunctionTool.load_component(older)
    with asking_through(Nobody()):
        with pytest.raises(ApprovalDeniedError):
            await strict.run_json({"path": "x"}, CancellationToken())
        assert await free.run_json({"path": "x"}, CancellationToken()) == "deleted x"
    person = Person()
    with asking_through(person), pytest.raises(ApprovalDeniedError, match=r"within 0\.05 s"):
        await strict.run_json({"path": "x"}, CancellationToken())


@pytest.mark.usefixtures("_registry")
async def test_data_cannot_loosen_what_the_source_says_of_itself() -> None:
    dumped = FunctionTool(delete).dump_component()
    dumped.config["source_code"] = "@nbagent.tool(approval='always')\n" + inspect.getsource(delete)
    dumped.config["global_imports"] = ["nbagent"]
    with allow_functions():
        loaded = FunctionTool.load_component(dumped)
    with asking_through(Nobody()), pytest.raises(ApprovalDeniedError):
        await loaded.run_json({"path": "x"}, CancellationToken())


def test_an_unknown_approval_in_data_is_refused() -> None:
    dumped = FunctionTool(delete, approval="always").dump_component()
    dumped.config["approval"] = "sometimes"
    with allow_functions(), pytest.raises(ComponentError, match="approval"):
        FunctionTool.load_component(dumped)


def test_an_approval_function_cannot_be_dumped() -> None:
    with pytest.raises(ComponentError, match=r"tool 'delete' is a function.*approval='always'"):
        FunctionTool(delete, approval=dear).dump_component()


def wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def wrapper(*args: Any, **named: Any) -> Any:
        return await function(*args, **named)

    return wrapper


@pytest.fixture
def _registry() -> Any:  # pyright: ignore[reportUnusedFunction]
    before = registered_tools.tools
    registered_tools.clear()
    yield
    registered_tools.clear()
    for known in before:
        registered_tools.add(known)


@pytest.mark.usefixtures("_registry")
async def test_a_decorated_function_needs_approval_wherever_it_becomes_a_tool() -> None:
    shop = Shop()

    @tool(approval="always", approval_timeout=0.05)
    async def order(article: str, amount: int = 1) -> str:
        """Order."""
        return await shop.order(article, amount)

    again = [
        registered_tools.tools[0],
        FunctionTool(order),
        FunctionTool(functools.partial(order, amount=5), name="many"),
        FunctionTool(wrapped(order)),
    ]
    for made in again:
        person = Person()
        assert "within 0.05 s" in await call(made, person)
        assert len(person.asked) == 1
    assert shop.orders == []
    assert await order("tea") == "ordered 1 tea", "your own code asks nobody"
    person = Person()
    assert await call(FunctionTool(order, approval="never"), person) == "ordered 1 tea"


@pytest.mark.usefixtures("_registry")
def test_a_callable_that_cannot_be_marked_is_refused() -> None:
    class Fixed:
        __slots__ = ()

        def __call__(self, article: str) -> str:
            return article

    with pytest.raises(ToolDefinitionError, match="cannot be marked"):
        tool(approval="always", name="fixed")(Fixed())
    assert registered_tools.tools == ()


def test_the_settings_come_last_and_by_name() -> None:
    """What AgentChat passes by position keeps its meaning."""
    kinds: tuple[type[Any], ...] = (FunctionTool, BaseTool, BaseToolWithState)
    for kind in kinds:
        parameters = inspect.signature(kind).parameters
        assert list(parameters)[-2:] == ["approval", "approval_timeout"]
        assert parameters["approval"].kind is inspect.Parameter.KEYWORD_ONLY
