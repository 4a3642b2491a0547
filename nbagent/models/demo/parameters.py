"""What a tool's parameter, or a schema's property, expects: read from its JSON schema."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from nbagent.models.demo.words import meaning, split_name
from nbagent.tools.base import Tool, ToolSchema

_KINDS = {
    "place": """city location place country town destination origin region area address where
        capital state airport departure arrival venue station""",
    "person": "to name person who user customer author recipient sender employee friend guest",
    "topic": """topic query question subject q keyword keywords search title concept entity theme
        product company book term about""",
    "text": """text message content body sentence string word phrase note input prompt data
        document markdown comment description task code""",
    "language": "language lang",
    "currency": "currency",
    "email": "email mail",
    "url": "url link uri website",
    "path": "path file filename folder directory",
    "expression": "expression formula equation calculation",
    "date": "date day when deadline birthday start end since until",
    "symbol": "ticker symbol",
    "time": "time clock hour",
}
_KIND_OF = {word: kind for kind, text in _KINDS.items() for word in text.split()}
_FORMATS = {"email": "email", "uri": "url", "date": "date", "date-time": "date", "time": "time"}


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool, or one property of an object.

    Attributes:
        name: Its name.
        schema: Its JSON schema, with references and null resolved.
        required: Whether it has to be given.
        nullable: Whether it may be null.
        words: The words of its name, in lower case.
    """

    name: str
    schema: dict[str, Any]
    required: bool
    nullable: bool
    words: tuple[str, ...]

    @property
    def type(self) -> str:
        """The JSON type; "string" where the schema does not say."""
        return str(self.schema.get("type", "string"))

    @property
    def kind(self) -> str | None:
        """What sort of text it takes, such as "place"; None where that is unknown."""
        if self.schema.get("format") in _FORMATS:
            return _FORMATS[self.schema["format"]]
        # The last word counts most: "file_name" is a name, but "city_name" is a place.
        kinds = [_KIND_OF[word] for word in reversed(self.words) if word in _KIND_OF]
        return next((kind for kind in kinds if kind not in ("person", "text")), None) or next(
            iter(kinds), None
        )

    @property
    def choices(self) -> list[Any]:
        """The values of its enum; empty where it has none."""
        if "const" in self.schema:
            return [self.schema["const"]]
        return list(self.schema.get("enum", []))

    @property
    def meanings(self) -> set[str]:
        """What the words of its name mean."""
        return {meaning(word) for word in self.words}


def tool_schema(tool: Tool | ToolSchema) -> ToolSchema:
    """A tool's name, description and parameters."""
    return tool.schema if isinstance(tool, Tool) else tool


def read_parameters(schema: Mapping[str, Any]) -> list[Parameter]:
    """The parameters that an object's schema describes, in its order."""
    definitions = cast(Mapping[str, Any], schema.get("$defs", {}))
    required = schema.get("required", [])
    return [
        Parameter(
            name=name,
            schema=resolve(part, definitions),
            required=name in required,
            nullable=_is_nullable(part),
            words=tuple(word.lower() for word in split_name(name)),
        )
        for name, part in schema.get("properties", {}).items()
    ]


def _is_nullable(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return True
    parts = cast(dict[str, Any], schema)
    kinds: Any = parts.get("type")
    branches: list[Any] = [*parts.get("anyOf", []), *parts.get("oneOf", [])]
    return (
        kinds == "null"
        or (isinstance(kinds, list) and "null" in kinds)
        or any(isinstance(each, dict) and _is_nullable(each) for each in branches)
    )


def part_of(parameter: Parameter, schema: Any) -> Parameter:
    """An item of a list parameter, as a parameter of its own."""
    definitions: Mapping[str, Any] = parameter.schema.get("$defs", {})
    return Parameter(
        parameter.name, resolve(schema, definitions), True, _is_nullable(schema), parameter.words
    )


def resolve(schema: Any, definitions: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with its reference followed and null left out of its choices.

    The definitions go along, as parts further in may refer to them.
    """
    if not isinstance(schema, dict):
        return {}
    resolved: dict[str, Any] = dict(cast(dict[str, Any], schema))
    for _ in range(20):
        inner: dict[str, Any]
        if "$ref" in resolved:
            name = str(resolved.pop("$ref")).rsplit("/", 1)[-1]
            inner = definitions.get(name, {})
        elif len(resolved.get("allOf", [])) == 1:
            inner = resolved.pop("allOf")[0]
        elif "anyOf" in resolved or "oneOf" in resolved:
            branches: list[Any] = resolved.pop("anyOf" if "anyOf" in resolved else "oneOf")
            inner = next((each for each in branches if each.get("type") != "null"), branches[0])
        else:
            break
        resolved = {**inner, **resolved}
    kinds: Any = resolved.get("type")
    if isinstance(kinds, list):
        named = [kind for kind in cast(list[str], kinds) if kind != "null"]
        resolved["type"] = named[0] if named else "null"
    if definitions:
        resolved["$defs"] = definitions
    return resolved
