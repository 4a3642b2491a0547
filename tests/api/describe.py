"""The facts of a public interface: names, parameters, fields and values, as plain text.

`describe` runs on any package, so that two of them can be laid side by side. As a program it
prints the facts of AgentChat; `agentchat.json` was made so, with the Python of an environment
that has AgentChat 0.7.5 in it (`tests/benchmarks/autogen_environment.py` makes one):

    .bench/autogen-0.7.5/bin/python tests/api/describe.py > tests/api/agentchat.json
"""

import dataclasses
import enum
import importlib
import inspect
import json
import logging
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeAlias, Union, cast

from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from typing_extensions import (
    NotRequired,
    Required,
    get_protocol_members,
    get_type_hints,
    is_protocol,
    is_typeddict,
)

AGENTCHAT = (
    "autogen_core",
    "autogen_core.models",
    "autogen_core.tools",
    "autogen_core.model_context",
    "autogen_core.memory",
    "autogen_core.code_executor",
    "autogen_core.utils",
    "autogen_core.logging",
    "autogen_agentchat",
    "autogen_agentchat.base",
    "autogen_agentchat.messages",
    "autogen_agentchat.agents",
    "autogen_agentchat.conditions",
    "autogen_agentchat.teams",
    "autogen_agentchat.tools",
    "autogen_agentchat.state",
    "autogen_agentchat.ui",
    "autogen_agentchat.utils",
)
"""The modules whose interface `agentchat.json` holds."""

PACKAGES = ("autogen_core", "autogen_agentchat", "nbagent")
"""Members of classes from anywhere else, such as pydantic's, are no part of the interface."""

Facts: TypeAlias = dict[str, dict[str, dict[str, str]]]

LONGEST_TEXT = 70
"""Longer default texts are prompts, which are a package's own: only that there is one counts."""


class _Shown:
    """Stands in a signature for a default value."""

    def __init__(self, value: Any) -> None:
        self._text = value_text(value)

    def __repr__(self) -> str:
        return self._text


def value_text(value: Any) -> str:
    """A value as text; an empty list and an empty tuple are the same default."""
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return repr(value) if len(value) <= LONGEST_TEXT and "\n" not in value else "<a text>"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    if isinstance(value, Mapping):
        entries = cast("Mapping[Any, Any]", value).items()
        shown = ", ".join(f"{value_text(k)}: {value_text(v)}" for k, v in entries)
        return f"{{{shown}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(value_text(entry) for entry in cast('list[Any]', value))}]"
    return type_text(value)


def type_text(annotation: Any) -> str:
    """A type as text, the same for each of the ways to write it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if origin is Annotated:
        return type_text(arguments[0])
    if origin in (Union, types.UnionType):
        parts = {type_text(argument) for argument in arguments}
        if "str" in parts:  # which holds every literal text
            parts = {part for part in parts if not part.startswith("Literal['")}
        return " | ".join(sorted(parts))
    if origin is Literal:
        return f"Literal[{', '.join(repr(argument) for argument in arguments)}]"
    if origin is not None and arguments:
        return f"{type_text(origin)}[{', '.join(type_text(argument) for argument in arguments)}]"
    if isinstance(annotation, list):
        return f"[{', '.join(type_text(entry) for entry in cast('list[Any]', annotation))}]"
    if annotation is Ellipsis:
        return "..."
    name = getattr(origin or annotation, "__name__", None)
    return name if isinstance(name, str) else str(annotation)


def _parameters(function: Any, *, bound: bool) -> str:
    """The parameters of a function, without their types; without the first if it is bound."""
    signature = inspect.signature(function)
    parameters = [
        parameter.replace(
            annotation=inspect.Parameter.empty,
            default=parameter.default
            if parameter.default is inspect.Parameter.empty
            else _Shown(parameter.default),
        )
        for parameter in signature.parameters.values()
    ]
    return str(inspect.Signature(parameters[1:] if bound else parameters))


def _way_of_calling(function: Any) -> str:
    if inspect.isasyncgenfunction(function):
        return "stream "
    if inspect.iscoroutinefunction(function):
        return "async "
    returns = inspect.signature(function).return_annotation
    return "stream " if "AsyncGenerator" in str(returns) else ""


def _function(function: Any, *, bound: bool) -> str:
    return _way_of_calling(function) + _parameters(function, bound=bound)


def _member(owner: type, name: str) -> str | None:
    """What a class's attribute is, or None where nobody is meant to use it."""
    found = inspect.getattr_static(owner, name)
    if isinstance(found, property):
        return "property"
    if isinstance(found, classmethod):
        return "classmethod " + _function(cast("Any", found).__func__, bound=True)
    if isinstance(found, staticmethod):
        return "staticmethod " + _function(cast("Any", found).__func__, bound=False)
    if inspect.isfunction(found):
        return _function(found, bound=True)
    if isinstance(found, str | int | float | list | tuple) or found is None:
        return f"= {value_text(found)}"
    return None


def _fields(owner: Any) -> Iterator[tuple[str, str]]:
    """The fields of a model, a dataclass, a typed dictionary or an enumeration."""
    if issubclass(owner, enum.Enum):
        for name, member in owner.__members__.items():
            yield name, f"= {value_text(member.value)}"
    elif issubclass(owner, BaseModel):
        for name, field in owner.model_fields.items():
            default = f" = {value_text(field.default)}"
            if field.default_factory is not None:
                default = " = <made>"
            yield (
                name,
                type_text(field.annotation)
                + (
                    ""
                    if field.default is PydanticUndefined and not field.default_factory
                    else default
                ),
            )
    elif is_typeddict(owner):
        for name, hint in get_type_hints(owner, include_extras=True).items():
            required = name in owner.__required_keys__
            if typing.get_origin(hint) in (Required, NotRequired):
                required = typing.get_origin(hint) is Required
                hint = typing.get_args(hint)[0]
            yield name, type_text(hint) + ("" if required else " (may be absent)")
    elif dataclasses.is_dataclass(owner):
        hints = get_type_hints(owner)
        for field in dataclasses.fields(owner):
            default = ""
            if field.default is not dataclasses.MISSING:
                default = f" = {value_text(field.default)}"
            elif field.default_factory is not dataclasses.MISSING:
                default = " = <made>"
            yield field.name, type_text(hints[field.name]) + default


def _members(owner: type) -> Iterator[tuple[str, str]]:
    """Constructor, fields, methods and values, those of other packages' classes left out."""
    fields = dict(_fields(owner))
    yield from fields.items()
    for name in dir(owner):
        home = next((base for base in owner.__mro__ if name in vars(base)), object)
        if name in fields or home.__module__.split(".")[0] not in PACKAGES:
            continue
        if name == "__init__":
            written = not (fields or is_protocol(home) or issubclass(owner, BaseModel))
            if written:
                yield "()", _function(getattr(owner, name), bound=True)
        elif not name.startswith("_"):
            member = _member(owner, name)
            if member is not None:
                yield name, member


def _descends(owner: type, base: type) -> bool:
    """Whether a class descends from another, or has all that a protocol asks for."""
    if is_protocol(base):
        return all(hasattr(owner, name) for name in get_protocol_members(base))
    return base in owner.__mro__


def public_names(module: types.ModuleType) -> list[str]:
    """`__all__`, or without one what the module's own package defined."""
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    package = module.__name__.split(".")[0]
    return sorted(
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (getattr(value, "__module__", "").split(".")[0] == package or name.isupper())
    )


def describe(names: Mapping[str, Iterable[str]]) -> Facts:
    """Collect the facts of some names.

    Args:
        names: The names of interest in each module, those that are not there included.

    Returns:
        For each module and name what it is (under "") and, of a class, its constructor ("()"),
        the other named classes that it descends from ("(Base)") and its members (".member").
    """
    public = {
        (module, name): getattr(importlib.import_module(module), name)
        for module, listed in names.items()
        for name in listed
        if hasattr(importlib.import_module(module), name)
    }
    classes = {value for value in public.values() if isinstance(value, type)}
    facts: Facts = {module: {} for module in names}
    for (module, name), value in public.items():
        facts[module][name] = _facts(value, classes)
    return facts


def _facts(value: Any, classes: set[type]) -> dict[str, str]:
    if isinstance(value, type):
        bases = (base for base in classes - {value} if _descends(value, base))
        return (
            {"": "class"}
            | {f"({base.__name__})": "base" for base in bases}
            | {name if name == "()" else f".{name}": text for name, text in _members(value)}
        )
    if inspect.isfunction(value):
        return {"": _function(value, bound=False)}
    return {"": f"= {value_text(value)}" if isinstance(value, str | int) else type_text(value)}


def bases_of(facts: Facts, own: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The facts of each named class that one with these facts descends from."""
    for module in facts.values():
        for name, base in module.items():
            if f"({name})" in own:
                yield base


def shortened(facts: Facts) -> Facts:
    """Leave out what a class has just as each of its named bases that have it at all."""
    return {
        module: {
            name: {
                key: text
                for key, text in own.items()
                if key[:1] != "."
                or {base[key] for base in bases_of(facts, own) if key in base} != {text}
            }
            for name, own in named.items()
        }
        for module, named in facts.items()
    }


def completed(facts: Facts) -> Facts:
    """Undo `shortened`."""
    return {
        module: {
            name: {
                key: text
                for inherited in bases_of(facts, own)
                for key, text in inherited.items()
                if key[:1] == "."
            }
            | own
            for name, own in named.items()
        }
        for module, named in facts.items()
    }


if __name__ == "__main__":
    logging.disable()
    wanted = {name: public_names(importlib.import_module(name)) for name in AGENTCHAT}
    json.dump(shortened(describe(wanted)), sys.stdout, indent=1, sort_keys=True)
    print()
