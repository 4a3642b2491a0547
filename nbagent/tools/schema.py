"""JSON schemas for tools, from pydantic models and function signatures."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from nbagent.cancellation import CancellationToken
from nbagent.exceptions import ToolDefinitionError


def parameters_schema(tool: str, args_type: type[BaseModel], *, strict: bool) -> dict[str, Any]:
    """The JSON schema of a tool's arguments, with references written out.

    Some servers do not follow `$ref`, so definitions are put where they are used; only a
    model that contains itself keeps its `$defs`.

    Args:
        tool: The tool's name, for errors.
        args_type: The pydantic model of the arguments.
        strict: Whether the model is held to the schema exactly.

    Raises:
        ToolDefinitionError: `strict` is set and a parameter is not required, or a type has
            no JSON schema.
    """
    try:
        schema = args_type.model_json_schema()
    except PydanticUserError as error:
        raise ToolDefinitionError(
            f"the arguments of tool {tool!r} cannot be described to a model: {error}"
        ) from error
    definitions: dict[str, Any] = schema.pop("$defs", {})
    recursive = {name for name in definitions if _reaches(name, name, definitions)}
    result: dict[str, Any] = {
        "type": "object",
        "properties": _inline(schema.get("properties", {}), definitions, recursive),
    }
    required = list(schema.get("required", []))
    if required:
        result["required"] = required
    result["additionalProperties"] = False
    if recursive:
        result["$defs"] = {
            name: _inline(definitions[name], definitions, recursive) for name in recursive
        }
    optional = [name for name in result["properties"] if name not in required]
    if strict and optional:
        raise ToolDefinitionError(
            f"tool {tool!r} is strict, but its parameter {optional[0]!r} has a default value. "
            "Strict mode needs every parameter to be required: drop the default, or strict=True."
        )
    return result


def signature_model(function: Callable[..., Any], tool: str) -> type[BaseModel]:
    """A pydantic model of a function's parameters.

    `Annotated[int, "what it is"]` and pydantic's `Field` give a description; a parameter of
    type `CancellationToken` is left out, as nbagent fills it.

    Raises:
        ToolDefinitionError: A parameter has no annotation, or one that cannot be described.
    """
    try:
        hints = get_type_hints(annotated(function), include_extras=True)
    except (NameError, TypeError) as error:
        raise ToolDefinitionError(
            f"an annotation of tool {tool!r} cannot be understood: {error}"
        ) from error
    fields: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if hints.get(name) is CancellationToken:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ToolDefinitionError(
                f"tool {tool!r} takes {parameter}, which a model cannot fill: name each parameter."
            )
        if name not in hints:
            raise ToolDefinitionError(
                f"parameter {name!r} of tool {tool!r} has no annotation, so a model cannot know "
                f"what to pass. Write its type, for example: def {tool}({name}: str)."
            )
        default = ... if parameter.default is parameter.empty else parameter.default
        fields[name] = (_described(hints[name]), default)
    try:
        return create_model(
            f"{tool}args", __config__=ConfigDict(arbitrary_types_allowed=False), **fields
        )
    except (PydanticUserError, NameError, TypeError) as error:
        raise ToolDefinitionError(
            f"the parameters of tool {tool!r} cannot be described to a model: {error}"
        ) from error


def annotated(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that carries the annotations: of a partial, or of an object's `__call__`."""
    while isinstance(function, functools.partial):
        function = cast("functools.partial[Any]", function).func
    return function if inspect.isroutine(function) else type(function).__call__


def _described(annotation: Any) -> Any:
    """Read the plain text in `Annotated[T, "text"]` as the parameter's description."""
    if get_origin(annotation) is not Annotated:
        return annotation
    base, *extras = get_args(annotation)
    fields = [extra for extra in extras if isinstance(extra, FieldInfo)]
    text = next((extra for extra in extras if isinstance(extra, str)), None)
    if text is None or fields:
        return annotation
    rest = tuple(extra for extra in extras if not isinstance(extra, str))
    return Annotated[(base, *rest, Field(description=text))]  # type: ignore[return-value]


def _referenced(schema: Any) -> set[str]:
    """The names of the definitions that `schema` refers to directly."""
    if isinstance(schema, dict):
        found: set[str] = set()
        for key, value in schema.items():  # pyright: ignore[reportUnknownVariableType]
            if key == "$ref" and isinstance(value, str):
                found.add(value.rsplit("/", 1)[-1])
            else:
                found |= _referenced(value)
        return found
    if isinstance(schema, list):
        return set[str]().union(*map(_referenced, schema))  # pyright: ignore[reportUnknownArgumentType]
    return set()


def _reaches(start: str, target: str, definitions: dict[str, Any]) -> bool:
    """Whether definition `start` refers to `target`, directly or through others."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in _referenced(definitions.get(waiting.pop(), {})):
            if name == target:
                return True
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return False


def _inline(schema: Any, definitions: dict[str, Any], recursive: set[str]) -> Any:
    """Replace each reference by what it refers to."""
    if isinstance(schema, list):
        return [_inline(part, definitions, recursive) for part in schema]  # pyright: ignore[reportUnknownVariableType]
    if not isinstance(schema, dict):
        return schema
    parts: dict[str, Any] = dict(schema)  # pyright: ignore[reportUnknownArgumentType]
    reference = parts.get("$ref")
    if isinstance(reference, str):
        name = reference.rsplit("/", 1)[-1]
        if name not in recursive and name in definitions:
            rest = {key: value for key, value in parts.items() if key != "$ref"}
            return _inline({**definitions[name], **rest}, definitions, recursive)
    return {key: _inline(value, definitions, recursive) for key, value in parts.items()}
