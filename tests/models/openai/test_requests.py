"""What the client sends."""

import io
from typing import Annotated, Any, Literal

import pytest
from PIL import Image as PILImage
from pydantic import BaseModel, Field

from nbagent.exceptions import ConfigurationError, ModelCapabilityError, ToolDefinitionError
from nbagent.image import Image
from nbagent.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    ModelInfo,
    SystemMessage,
    UserMessage,
)
from nbagent.models.types import FunctionCall
from nbagent.tools import FunctionTool, ToolSchema
from tests.loopback import Answer, LoopbackServer
from tests.models.openai.calls import ASK, client_of, stream


async def body_of(
    messages: list[LLMMessage] = ASK, options: dict[str, Any] | None = None, **call: Any
) -> dict[str, Any]:
    """The body of the request that one call sends."""
    async with LoopbackServer([Answer(["ok"])]) as server:
        client = client_of(server, **(options or {}))
        await client.create(messages, **call)
        await client.close()
        return server.requests[0].body


def picture() -> Image:
    buffer = io.BytesIO()
    PILImage.new("RGBA", (4, 3), (1, 2, 3, 4)).save(buffer, "PNG")
    return Image.from_bytes(buffer.getvalue())


async def add(a: int, b: int = 2) -> int:
    """Add two numbers."""
    return a + b


async def test_a_conversation_in_all_its_parts() -> None:
    image = picture()
    body = await body_of(
        [
            SystemMessage(content="Be kind."),
            UserMessage(content=["look:", image], source="Dr. Who"),
            AssistantMessage(
                content=[FunctionCall("c1", '{"a": 1}', "add"), FunctionCall("c2", "{}", "add")],
                thought="I need a sum.",
                source="helper",
            ),
            FunctionExecutionResultMessage(
                content=[
                    FunctionExecutionResult(content="3", name="add", call_id="c1"),
                    FunctionExecutionResult(content="no", name="add", call_id="c2", is_error=True),
                ]
            ),
            AssistantMessage(content=[FunctionCall("c3", "{}", "add")], source="helper"),
            AssistantMessage(content="Three.", thought="not sent", source="helper"),
        ]
    )
    call = {"type": "function", "function": {"name": "add", "arguments": "{}"}}
    assert body["messages"] == [
        {"role": "system", "content": "Be kind."},
        {
            "role": "user",
            "name": "Dr__Who",
            "content": [
                {"type": "text", "text": "look:"},
                {"type": "image_url", "image_url": {"url": image.data_uri, "detail": "auto"}},
            ],
        },
        {
            "role": "assistant",
            "name": "helper",
            "content": "I need a sum.",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "add", "arguments": '{"a": 1}'},
                },
                {"id": "c2", **call},
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "3"},
        {"role": "tool", "tool_call_id": "c2", "content": "no"},
        {
            "role": "assistant",
            "name": "helper",
            "content": None,
            "tool_calls": [{"id": "c3", **call}],
        },
        {"role": "assistant", "name": "helper", "content": "Three."},
    ]


async def test_names_in_front_of_the_text_instead_of_beside_it() -> None:
    body = await body_of(
        [
            UserMessage(content="hi", source="Ann"),
            UserMessage(content=["see", picture()], source="Bob"),
        ],
        {"add_name_prefixes": True, "include_name_in_message": False},
    )
    first, second = body["messages"]
    assert first == {"role": "user", "content": "Ann said:\nhi"}
    assert "name" not in second
    assert [part.get("text") for part in second["content"]] == ["Bob said:\n", "see", None]


async def test_system_messages_are_joined_for_a_model_that_takes_one() -> None:
    info = ModelInfo(
        vision=True,
        function_calling=True,
        json_output=True,
        family="unknown",
        structured_output=True,
        multiple_system_messages=False,
    )
    messages: list[LLMMessage] = [
        SystemMessage(content="one"),
        *ASK,
        SystemMessage(content="two"),
    ]
    body = await body_of(messages, {"model_info": info})
    assert [message["content"] for message in body["messages"]] == ["one\ntwo", "go"]


async def test_halves_of_characters_can_be_sent() -> None:
    body = await body_of([UserMessage(content="\ud83d\ude00 and \ud83d alone", source="user")])
    assert body["messages"][0]["content"] == "😀 and � alone"


async def test_tools_are_sent_without_strict_unless_it_is_true() -> None:
    async def exact(a: int) -> int:
        """Exactly."""
        return a

    plain = FunctionTool(add, description="Add.")
    strict = FunctionTool(exact, description="Exactly.", strict=True)
    schema = ToolSchema(name="bare", description="", strict=False)
    body = await body_of(tools=[plain, strict, schema])
    functions = [tool["function"] for tool in body["tools"]]
    assert [function["name"] for function in functions] == ["add", "exact", "bare"]
    assert functions[0]["parameters"]["required"] == ["a"]
    assert [function.get("strict") for function in functions] == [None, True, None]
    assert "tool_choice" not in body


@pytest.mark.parametrize("choice", ["required", "none"])
async def test_the_choice_of_a_tool(choice: str) -> None:
    body = await body_of(tools=[FunctionTool(add, description="Add.")], tool_choice=choice)
    assert body["tool_choice"] == choice


async def test_a_tool_as_choice() -> None:
    tool = FunctionTool(add, description="Add.")
    body = await body_of(tools=[tool], tool_choice=tool)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "add"}}
    with pytest.raises(ConfigurationError, match="'add', which is not among the tools"):
        await body_of(tools=[], tool_choice=tool)
    with pytest.raises(ConfigurationError, match="'required' needs tools"):
        await body_of(tools=[], tool_choice="required")
    with pytest.raises(ConfigurationError, match="'always' is unknown"):
        await body_of(tools=[tool], tool_choice="always")


async def test_a_tool_name_that_no_model_takes_is_refused() -> None:
    with pytest.raises(ToolDefinitionError, match="'größe' cannot be the name"):
        await body_of(tools=[ToolSchema(name="größe")])


async def test_parallel_tool_calls_is_sent_only_with_tools() -> None:
    options = {"parallel_tool_calls": False}
    tools = [FunctionTool(add, description="Add.")]
    assert "parallel_tool_calls" not in await body_of(options=options)
    assert (await body_of(options=options, tools=tools))["parallel_tool_calls"] is False


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o", {"max_tokens": 9}),
        ("llama3.2", {"max_tokens": 9}),
        ("gpt-5-mini", {"max_completion_tokens": 9}),
        ("o3", {"max_completion_tokens": 9}),
        ("openai/o4-mini", {"max_completion_tokens": 9}),
    ],
)
async def test_the_limit_of_tokens_under_the_name_the_model_knows(
    model: str, expected: dict[str, int]
) -> None:
    body = await body_of(options={"model": model, "max_tokens": 9})
    assert {name: body[name] for name in body if name.startswith("max_")} == expected


async def test_settings_and_extra_arguments() -> None:
    async with LoopbackServer([Answer(["ok"])]) as server:
        client = client_of(
            server,
            temperature=0.5,
            stop=["END"],
            seed=1,
            extra_body={"top_k": 3},
            default_headers={"X-Title": "test"},
        )
        await client.create(
            ASK, extra_create_args={"temperature": 0.1, "extra_headers": {"X-More": "yes"}}
        )
        await client.close()
        request = server.requests[0]
    assert request.path == "/v1/chat/completions"
    assert request.headers["x-title"] == "test"
    assert request.headers["x-more"] == "yes"
    settings = ("temperature", "stop", "seed", "top_k", "extra_headers", "extra_body", "stream")
    assert {name: request.body[name] for name in settings if name in request.body} == {
        "temperature": 0.1,
        "stop": ["END"],
        "seed": 1,
        "top_k": 3,
    }


async def test_extra_arguments_cannot_replace_the_arguments_of_the_call() -> None:
    with pytest.raises(ConfigurationError, match="must not hold 'messages'"):
        await body_of(extra_create_args={"messages": []})


class Line(BaseModel):
    product: str
    count: int = 1


class Circle(BaseModel):
    kind: Literal["circle"] = "circle"
    radius: float


class Square(BaseModel):
    kind: Literal["square"] = "square"
    side: float


class Order(BaseModel):
    """An order."""

    lines: list[Line]
    first: Line | None = Field(default=None, description="The first line.")
    shape: Annotated[Circle | Square, Field(discriminator="kind")]
    default: str = "a field that reads like a keyword"


async def test_a_model_as_output_becomes_a_strict_schema() -> None:
    body = await body_of(json_output=Order)
    assert body["response_format"]["type"] == "json_schema"
    schema = body["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"]) == ("Order", True)
    order = schema["schema"]
    assert order["required"] == ["lines", "first", "shape", "default"]
    assert order["additionalProperties"] is False
    line = order["$defs"]["Line"]
    assert line["required"] == ["product", "count"]
    assert "default" not in line["properties"]["count"]
    assert order["properties"]["first"]["description"] == "The first line."
    assert order["properties"]["shape"] == {
        "anyOf": [{"$ref": "#/$defs/Circle"}, {"$ref": "#/$defs/Square"}]
    }


class Open(BaseModel):
    counts: dict[str, int]


class Anything(BaseModel):
    value: Any


@pytest.mark.parametrize("model", [Open, Anything])
async def test_a_model_that_cannot_be_strict_is_sent_as_it_is(model: type[BaseModel]) -> None:
    schema = (await body_of(json_output=model))["response_format"]["json_schema"]
    assert schema["strict"] is False
    assert schema["schema"] == model.model_json_schema()


async def test_json_without_a_schema_and_none() -> None:
    assert (await body_of(json_output=True))["response_format"] == {"type": "json_object"}
    assert "response_format" not in await body_of(json_output=False)
    options = {"response_format": {"type": "json_object"}}
    assert (await body_of(options=options))["response_format"] == {"type": "json_object"}
    body = await body_of(options=options, json_output=False)
    assert body["response_format"] == {"type": "text"}


async def test_a_model_is_not_asked_for_what_it_cannot_do() -> None:
    nothing = ModelInfo(
        vision=False,
        function_calling=False,
        json_output=False,
        family="unknown",
        structured_output=False,
    )
    cases: list[tuple[str, dict[str, Any]]] = [
        ("vision", {"messages": [UserMessage(content=[picture()], source="user")]}),
        ("function_calling", {"tools": [FunctionTool(add, description="Add.")]}),
        ("json_output", {"json_output": True}),
        ("structured_output", {"json_output": Order}),
    ]
    async with LoopbackServer([]) as server:
        client = client_of(server, model="plain-1", model_info=nothing)
        for capability, call in cases:
            messages = call.pop("messages", ASK)
            for answer in (client.create(messages, **call), stream(client, messages, **call)):
                with pytest.raises(ModelCapabilityError, match="'plain-1'") as caught:
                    await answer
                assert f"{capability!r}: True" in str(caught.value)
        await client.close()
        assert server.requests == []
