"""Messages: one list of types from which everything derives."""

import typing
from datetime import timezone

import pytest
from pydantic import BaseModel, TypeAdapter

from nbagent import messages
from nbagent.base import TaskResult
from nbagent.messages import (
    MESSAGE_TYPES,
    AgentEvent,
    BaseChatMessage,
    ChatMessage,
    MessageFactory,
    MultiModalMessage,
    StructuredMessage,
    StructuredMessageFactory,
    TextMessage,
)
from nbagent.models import UserMessage


def concrete(base: type) -> set[type]:
    found: set[type] = set()
    for cls in base.__subclasses__():
        found |= concrete(cls)
        if cls.__module__ == "nbagent.messages" and "type" in getattr(cls, "model_fields", {}):
            found.add(cls)
    return found


def test_every_type_is_in_the_unions_the_factory_and_the_exports() -> None:
    defined = concrete(messages.BaseMessage)
    assert defined == set(MESSAGE_TYPES)
    members = {
        *typing.get_args(typing.get_args(ChatMessage)[0]),
        *typing.get_args(typing.get_args(AgentEvent)[0]),
    }
    assert members == defined
    factory = MessageFactory()
    for cls in MESSAGE_TYPES:
        assert factory.is_registered(cls)
        assert cls.__name__ in messages.__all__
        assert cls.model_fields["type"].default == cls.__name__


def test_dump_and_create() -> None:
    message = TextMessage(content="hi", source="user", metadata={"a": "b"})
    again = MessageFactory().create(message.dump())
    assert again == message
    assert again.created_at.tzinfo is timezone.utc or again.created_at.utcoffset() is not None
    adapter: TypeAdapter[BaseChatMessage] = TypeAdapter(ChatMessage)
    assert adapter.validate_python(message.dump()) == message


def test_own_types_can_be_registered() -> None:
    class Ping(BaseChatMessage):
        type: str = "Ping"

        def to_text(self) -> str:
            return "ping"

        def to_model_text(self) -> str:
            return "ping"

        def to_model_message(self) -> UserMessage:
            return UserMessage(content="ping", source=self.source)

    factory = MessageFactory()
    data = Ping(source="a").dump()
    with pytest.raises(ValueError, match="Unknown message type: Ping"):
        factory.create(data)
    factory.register(Ping)
    assert isinstance(factory.create(data), Ping)
    with pytest.raises(ValueError, match="already registered"):
        factory.register(Ping)
    with pytest.raises(ValueError, match="must be a subclass"):
        factory.register(str)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="'type' is required"):
        factory.create({})


def test_multimodal_as_text() -> None:
    from PIL import Image as PILImage

    from nbagent import Image

    picture = Image.from_pil(PILImage.new("RGB", (1, 1)))
    message = MultiModalMessage(content=["Look:", picture], source="user")
    assert message.to_text() == "Look:\n<image>"
    assert message.to_model_text() == "Look: [image]"
    assert message.to_model_message().content == ["Look:", picture]


class City(BaseModel):
    name: str
    size: int = 0


def test_structured_messages() -> None:
    message = StructuredMessage[City](content=City(name="Rome"), source="bot")
    assert message.type == "StructuredMessage[City]"
    assert message.to_text() == '{"name":"Rome","size":0}'
    assert message.dump()["content"] == {"name": "Rome", "size": 0}


def test_structured_message_factory() -> None:
    factory = StructuredMessageFactory(input_model=City, format_string="{name}!")
    again = StructuredMessageFactory.load_component(factory.dump_component())
    content = again.ContentModel(name="Rome", size=3)
    message = again.StructuredMessage(content=content, source="x", format_string="{name}!")
    assert message.to_text() == "Rome!"
    with pytest.raises(ValueError, match="needs json_schema or input_model"):
        StructuredMessageFactory()


def test_task_results_keep_the_messages_types() -> None:
    result = TaskResult(messages=[TextMessage(content="x", source="u")], stop_reason="y")
    assert result.model_dump()["messages"][0]["content"] == "x"
