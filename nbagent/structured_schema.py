"""Pydantic models from JSON schemas.

Rules are those of JSON Schema 2020-12 (https://json-schema.org/draft/2020-12), read as pydantic
writes it: an object is a model, and a property that is not required may be left out or null. A
keyword whose effect would be lost without notice is refused.
"""

import importlib.util
import keyword
import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, ForwardRef, Literal, TypeAlias, Union, cast, get_origin
from uuid import UUID

from pydantic import (
    AfterValidator,
    AnyUrl,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    RootModel,
    WithJsonSchema,
    create_model,
)
from pydantic.errors import PydanticUserError
from pydantic_core import SchemaError

Schema: TypeAlias = dict[str, Any]

MAX_DEPTH = 100
"""How deeply schemas may nest."""

_UNSUPPORTED = (
    "not",
    "if",
    "then",
    "else",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedItems",
    "unevaluatedProperties",
    "$dynamicRef",
)
# Keywords that describe a value and do not restrict it.
_ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"}
    | {"$schema", "$id", "$comment", "$defs", "definitions"}
)
_MAPPING_KEYWORDS = ("patternProperties", "propertyNames", "minProperties", "maxProperties")
_STRING_FORMATS: dict[Any, Any] = {
    "date-time": datetime,
    "date": date,
    "time": time,
    "duration": timedelta,
    "uuid": UUID,
    "uri": AnyUrl,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
}
_CONSTRAINTS = {
    "string": {"minLength": "min_length", "maxLength": "max_length", "pattern": "pattern"},
    "number": {
        "minimum": "ge",
        "maximum": "le",
        "exclusiveMinimum": "gt",
        "exclusiveMaximum": "lt",
        "multipleOf": "multiple_of",
    },
    "array": {"minItems": "min_length", "maxItems": "max_length"},
    "object": {"minProperties": "min_length", "maxProperties": "max_length"},
}
_CONSTRAINTS["integer"] = _CONSTRAINTS["number"]
# Of two values of one keyword, allOf means the stricter.
_STRICTER: dict[str, Callable[[Any, Any], Any]] = {
    "minLength": max,
    "minItems": max,
    "minProperties": max,
    "minimum": max,
    "exclusiveMinimum": max,
    "maxLength": min,
    "maxItems": min,
    "maxProperties": min,
    "maximum": min,
    "exclusiveMaximum": min,
}
_UNFINISHED = object()
_CONFIG = ConfigDict(
    populate_by_name=True,
    protected_namespaces=(),
    # Patterns of JSON Schema may look around, which pydantic's own engine cannot.
    regex_engine="python-re",
    # Instances are written with the schema's names, not with those of the Python fields.
    serialize_by_alias=True,
)


def schema_to_pydantic_model(
    schema: dict[str, Any], model_name: str = "GeneratedModel"
) -> type[BaseModel]:
    """Make a pydantic model that accepts what a JSON schema describes.

    A property whose name cannot be a Python attribute ("first-name", "copy") becomes a field
    with a similar name and the property's name as its alias. A schema that is no object
    becomes a `RootModel`.

    Args:
        schema: The schema. References are followed within it only.
        model_name: The name of the model.

    Returns:
        The model; its own `model_json_schema()` describes the same data.

    Raises:
        ValueError: The schema uses a type or keyword that cannot be expressed, a reference
            leads nowhere, or it contradicts itself. The message says where.
    """
    if not isinstance(schema, dict):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"a JSON schema is a dict, not {schema!r}.")
    return _Builder(schema, model_name).build()


class _Builder:
    """Makes the models of one schema."""

    def __init__(self, root: Schema, model_name: str) -> None:
        self._root = root
        self._root_name = model_name
        self._by_reference: dict[str, Any] = {}
        self._models: dict[str, type[BaseModel]] = {}

    def build(self) -> type[BaseModel]:
        """The model of the whole schema."""
        try:
            made = self._reference("#", self._root_name, 0)
            if made not in self._models.values():
                made = type(self._unique(self._root_name), (RootModel[made],), {})
                self._models[made.__name__] = made
            for model in self._models.values():
                model.model_rebuild(force=True, _types_namespace=dict(self._models))
        except (PydanticUserError, SchemaError, re.error, TypeError, AttributeError) as error:
            raise ValueError(
                f"the schema of {self._root_name!r} cannot become a pydantic model: {error}"
            ) from error
        return cast(type[BaseModel], made)

    def _reference(self, pointer: str, name: str, depth: int) -> Any:
        """The type at a JSON pointer, made once."""
        if pointer not in self._by_reference:
            target = self._merged(self._lookup(pointer), pointer)
            # Known before it is made, as its parts may refer back to it.
            if _is_model(target):
                if pointer != "#":
                    name = str(target.get("title", name))
                name = self._unique(name)
                self._by_reference[pointer] = ForwardRef(name)
                made: Any = self._model(target, name, pointer, depth)
            else:
                self._by_reference[pointer] = _UNFINISHED
                made = self._type(target, name, pointer, depth)
            self._by_reference[pointer] = made
        known = self._by_reference[pointer]
        if known is _UNFINISHED:
            raise ValueError(
                f"the schema at {pointer!r} contains itself without an object in between."
            )
        return known

    def _lookup(self, pointer: str) -> Schema:
        """The schema at a JSON pointer (RFC 6901), as it is written."""
        if not pointer.startswith("#"):
            raise ValueError(f"reference {pointer!r} leads out of the schema; only '#...' works.")
        found: Any = self._root
        for part in pointer.split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and key.isdecimal() and int(key) < len(cast(Any, found)):
                found = cast(Any, found[int(key)])
            elif isinstance(found, dict) and key in found:
                found = cast(Any, found[key])
            else:
                raise ValueError(f"reference {pointer!r} leads nowhere: there is no {key!r}.")
        if not isinstance(found, dict):
            raise ValueError(f"reference {pointer!r} leads to {found!r}, which is no schema.")
        return cast(Schema, found)

    def _merged(self, schema: Schema, where: str, seen: tuple[str, ...] = ()) -> Schema:
        """The schema with the parts of its `allOf` put together."""
        if "allOf" not in schema:
            return schema
        own = {key: value for key, value in schema.items() if key != "allOf"}
        parts: list[Schema] = schema["allOf"]
        if len(parts) == 1 and own.keys() <= _ANNOTATIONS:
            return {**parts[0], **own}
        for part in parts:
            while "$ref" in part:
                pointer: str = part["$ref"]
                if pointer in seen:
                    raise ValueError(f"allOf at {where!r} contains itself through {pointer!r}.")
                seen += (pointer,)
                rest = {key: value for key, value in part.items() if key != "$ref"}
                # A name or text of the part is not one of the whole.
                target = {
                    key: value
                    for key, value in self._lookup(pointer).items()
                    if key not in ("title", "description")
                }
                part = _both(target, rest, where)
            own = _both(own, self._merged(part, where, seen), where)
        return own

    def _type(self, schema: Any, name: str, where: str, depth: int) -> Any:
        """The annotation that accepts what `schema` describes."""
        if depth > MAX_DEPTH:
            raise ValueError(
                f"the schema nests more than {MAX_DEPTH} levels deep at {where[:80]!r}."
            )
        if schema is True:
            return Any
        if not isinstance(schema, dict):
            raise ValueError(f"{schema!r} at {where!r} is no schema that any value fits.")
        schema = self._merged(cast(Schema, schema), where)
        for key in _UNSUPPORTED:
            if key in schema:
                raise ValueError(f"keyword {key!r} at {where!r} is not supported.")
        if schema.get("nullable") is True:
            rest = {key: value for key, value in schema.items() if key != "nullable"}
            return _union([self._type(rest, name, where, depth), None])
        if "$ref" in schema:
            pointer = str(schema["$ref"])
            return self._reference(pointer, pointer.rsplit("/", 1)[-1], depth + 1)
        if "const" in schema:
            return _one_of([schema["const"]])
        if "enum" in schema:
            return _one_of(schema["enum"])
        for key in ("anyOf", "oneOf"):
            if key in schema:
                return self._union(schema, key, name, where, depth)
        kind = schema.get("type") or _kind_by_keywords(schema)
        if isinstance(kind, list):
            kinds = cast(list[str], kind)
            return _union(
                self._type({**schema, "type": each}, name, where, depth) for each in kinds
            )
        return self._of_kind(kind, schema, name, where, depth)

    def _union(self, schema: Schema, key: str, name: str, where: str, depth: int) -> Any:
        """The annotation of an `anyOf` or `oneOf`."""
        # Keywords beside the choice hold for every choice.
        shared = {
            each: value
            for each, value in schema.items()
            if each not in _ANNOTATIONS and each not in (key, "discriminator")
        }
        members: list[Any] = []
        for number, part in enumerate(cast("list[Any]", schema[key])):
            if shared:
                part = {"allOf": [shared, part]}
            members.append(
                self._type(part, f"{name}{number + 1}", f"{where}/{key}/{number}", depth + 1)
            )
        union = _union(members)
        discriminator = cast(dict[str, Any], schema.get("discriminator") or {}).get("propertyName")
        if discriminator and all(_tells(member, discriminator) for member in members):
            return Annotated[union, Field(discriminator=discriminator)]
        return union

    def _of_kind(self, kind: Any, schema: Schema, name: str, where: str, depth: int) -> Any:
        """The annotation of a schema with one `type`."""
        if kind is None:
            return Any
        if kind == "null":
            return None
        if kind == "boolean":
            return bool
        if kind == "string":
            return _string(schema)
        if kind in ("integer", "number"):
            return _constrained(int if kind == "integer" else float, kind, schema)
        if kind == "array":
            return self._array(schema, name, where, depth)
        if kind == "object":
            if _is_model(schema):
                return self._model(
                    schema, self._unique(str(schema.get("title", name))), where, depth
                )
            return self._mapping(schema, name, where, depth)
        raise ValueError(
            f"unknown type {kind!r} at {where!r}; JSON schema knows string, number, integer, "
            "boolean, array, object and null."
        )

    def _array(self, schema: Schema, name: str, where: str, depth: int) -> Any:
        if "prefixItems" in schema:
            parts = cast("list[Any]", schema["prefixItems"])
            if not schema.get("minItems") == schema.get("maxItems") == len(parts):
                raise ValueError(
                    f"prefixItems at {where!r} needs minItems and maxItems of {len(parts)}: only "
                    "arrays of fixed length are supported."
                )
            items = [
                self._type(part, f"{name}{number + 1}", f"{where}/prefixItems/{number}", depth + 1)
                for number, part in enumerate(parts)
            ]
            return tuple[tuple(items)]
        item = self._type(schema.get("items", True), f"{name}Item", f"{where}/items", depth + 1)
        made: Any = _constrained(list[item], "array", schema)
        if schema.get("uniqueItems"):
            made = Annotated[
                made, AfterValidator(_check_unique), Field(json_schema_extra={"uniqueItems": True})
            ]
        return made

    def _mapping(self, schema: Schema, name: str, where: str, depth: int) -> Any:
        """The annotation of an object without properties of its own."""
        key: Any = str
        value: Any = schema.get("additionalProperties", True)
        if "propertyNames" in schema:
            names = {"type": "string", **cast(Schema, schema["propertyNames"])}
            key = self._type(names, f"{name}Key", f"{where}/propertyNames", depth + 1)
        patterns = cast(dict[str, Any], schema.get("patternProperties") or {})
        if len(patterns) > 1:
            raise ValueError(f"patternProperties at {where!r} may name one pattern only.")
        for pattern, part in patterns.items():
            key, value = Annotated[str, Field(pattern=pattern)], part
        if value is False:
            return self._model(schema, self._unique(name), where, depth)
        made = self._type(value, f"{name}Value", f"{where}/additionalProperties", depth + 1)
        return _constrained(dict[key, made], "object", schema)

    def _model(self, schema: Schema, name: str, where: str, depth: int) -> type[BaseModel]:
        """The model of an object with properties."""
        if "patternProperties" in schema:
            raise ValueError(f"patternProperties at {where!r} cannot stand beside properties.")
        required = cast("list[str]", schema.get("required", []))
        properties = cast(dict[str, Any], schema.get("properties", {}))
        properties = {**{each: True for each in required if each not in properties}, **properties}
        fields: dict[str, Any] = {}
        for key, part in properties.items():
            path = f"{where}/properties/{key.replace('~', '~0').replace('/', '~1')}"
            annotation = self._type(part, f"{name}_{key}", path, depth + 1)
            # No other property's name: a field is filled by its own name as well as by its alias.
            field = _field_name(key, {*fields, *properties} - {key})
            described = self._merged(cast(Schema, part), path) if isinstance(part, dict) else {}
            attributes = _attributes(described)
            if field != key:
                attributes["alias"] = key
            if "default" in described:
                attributes["default"] = described["default"]
                attributes["validate_default"] = True
            elif key not in required:
                annotation, attributes["default"] = _union([annotation, None]), None
            fields[field] = (annotation, Field(**attributes))
        extra = schema.get("additionalProperties")
        config = ConfigDict(**_CONFIG)
        if extra is not None:
            config["extra"] = "forbid" if extra is False else "allow"
        namespace: dict[str, Any] = {"model_config": config, "__module__": __name__}
        if isinstance(extra, dict):
            others = self._type(extra, f"{name}Value", f"{where}/additionalProperties", depth + 1)
            namespace["__annotations__"] = {"__pydantic_extra__": dict[str, others]}
        base: Any = type(name, (BaseModel,), namespace)
        description: str | None = schema.get("description")
        model: type[BaseModel] = create_model(name, __base__=base, __doc__=description, **fields)
        self._models[name] = model
        return model

    def _unique(self, name: str) -> str:
        """A class name that no other model of the schema has."""
        if unicodedata.normalize("NFKC", name) != name or not name.isidentifier():
            name = re.sub(r"[^A-Za-z0-9_]", "_", name) or "Model"
        if not name.isidentifier() or keyword.iskeyword(name):
            name = f"Model_{name}"
        taken = {*self._models, *(str(each) for each in self._pending())}
        number, unique = 2, name
        while unique in taken:
            number, unique = number + 1, f"{name}{number}"
        return unique

    def _pending(self) -> Iterable[str]:
        """The names of the models that are being made."""
        for made in self._by_reference.values():
            if isinstance(made, ForwardRef):
                yield made.__forward_arg__


def _is_model(schema: Schema) -> bool:
    """Whether `schema` is an object with named properties."""
    kind = schema.get("type") or _kind_by_keywords(schema)
    choices = ("$ref", "enum", "const", "anyOf", "oneOf", "nullable")
    if kind != "object" or any(key in schema for key in choices):
        return False
    return bool("properties" in schema or "required" in schema) or (
        # A model without fields is written as an object and nothing else.
        not any(key in schema for key in ("additionalProperties", *_MAPPING_KEYWORDS))
    )


def _kind_by_keywords(schema: Schema) -> str | None:
    """The type of a schema that does not say it."""
    if any(key in schema for key in ("properties", "required", "additionalProperties")):
        return "object"
    if any(key in schema for key in ("items", "prefixItems")):
        return "array"
    return next(
        (
            kind
            for kind in ("string", "number", "array", "object")
            if any(key in schema for key in _CONSTRAINTS[kind])
        ),
        None,
    )


def _union(members: Iterable[Any]) -> Any:
    """Any of `members`. Never without one, as the JSON schema standard demands."""
    unique: list[Any] = []
    for member in members:
        if member not in unique:
            unique.append(member)
    if not unique:
        raise ValueError("anyOf, oneOf and type need at least one entry.")
    return Union[tuple(unique)]  # noqa: UP007 - made from a list


def _tells(member: Any, discriminator: str) -> bool:
    """Whether a model's field has fixed values only, so that it can tell the models apart."""
    if not (isinstance(member, type) and issubclass(member, BaseModel)):
        return False
    field = member.model_fields.get(discriminator)
    return field is not None and get_origin(field.annotation) is Literal


def _string(schema: Schema) -> Any:
    name = schema.get("format")
    # A type of its own has rules of its own; further ones are for plain text.
    rules = {key: schema[key] for key in _CONSTRAINTS["string"] if key in schema}
    if not rules or (name == "uri" and rules == {"minLength": 1}):
        if name in _STRING_FORMATS:
            return _STRING_FORMATS[name]
        if name == "email" and importlib.util.find_spec("email_validator") is not None:
            return EmailStr
    made: Any = _constrained(str, "string", schema)
    return Annotated[made, Field(json_schema_extra={"format": name})] if name else made


def _constrained(annotation: Any, kind: str, schema: Schema) -> Any:
    """The annotation with the schema's limits."""
    rules = _CONSTRAINTS[kind]
    limits = {rules[key]: schema[key] for key in rules if key in schema}
    return Annotated[annotation, Field(**limits)] if limits else annotation


def _one_of(values: list[Any]) -> Any:
    """The annotation of a fixed list of values."""
    if not values:
        raise ValueError("enum needs at least one value.")
    if all(value is None or isinstance(value, str | int) for value in values):
        return Literal[tuple(values)]

    def check(value: Any) -> Any:
        if not any(_same(value, allowed) for allowed in values):
            raise ValueError(f"not one of {values!r}")
        return value

    return Annotated[Any, AfterValidator(check), WithJsonSchema({"enum": values})]


def _same(one: Any, other: Any) -> bool:
    """Equality as in JSON, where true is not 1."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _check_unique(values: list[Any]) -> list[Any]:
    for number, value in enumerate(values):
        if any(_same(value, earlier) for earlier in values[:number]):
            raise ValueError(f"{value!r} stands twice, but the items must be unique")
    return values


def _attributes(schema: Schema) -> dict[str, Any]:
    """What `Field` is told of a property besides its type."""
    return {
        key: schema[key]
        for key in ("title", "description", "examples", "deprecated")
        if key in schema
    }


def _field_name(key: str, taken: Iterable[str]) -> str:
    """A field's name for a property: its own where Python and pydantic allow it."""
    name = re.sub(r"\W", "_", key).lstrip("_")
    if not name or not name.isidentifier() or keyword.iskeyword(name) or hasattr(BaseModel, name):
        name = f"field_{name}"
    while name in taken:
        name += "_"
    return name


def _both(one: Schema, other: Schema, where: str) -> Schema:
    """A schema for what fits both."""
    result = dict(one)
    for key, value in other.items():
        if key not in result or key in _ANNOTATIONS or result[key] == value:
            result.setdefault(key, value)
        elif key in _STRICTER:
            result[key] = _STRICTER[key](result[key], value)
        elif key == "required":
            result[key] = list(dict.fromkeys([*result[key], *value]))
        elif key in ("properties", "$defs", "definitions"):
            result[key] = dict(result[key])
            for name, part in value.items():
                known = result[key].get(name)
                result[key][name] = part if known is None else {"allOf": [known, part]}
        elif key == "items":
            result[key] = {"allOf": [result[key], value]}
        elif key == "enum":
            result[key] = [each for each in result[key] if each in value]
        elif key == "uniqueItems" or (key == "additionalProperties" and value is True):
            result[key] = result[key] or value
        elif key == "additionalProperties" and (value is False or result[key] is True):
            result[key] = value
        elif key == "type":
            result[key] = _both_types(result[key], value, where)
        else:
            raise ValueError(
                f"allOf at {where!r} has {key!r} twice: {result[key]!r} and {value!r}."
            )
    return result


def _both_types(one: Any, other: Any, where: str) -> Any:
    first: list[str] = [one] if isinstance(one, str) else one
    second: list[str] = [other] if isinstance(other, str) else other
    both = [kind for kind in first if kind in second]
    if "integer" in (*first, *second) and "number" in (*first, *second) and not both:
        both = ["integer"]
    if not both:
        raise ValueError(f"allOf at {where!r} asks for type {one!r} and {other!r} at once.")
    return both[0] if len(both) == 1 else both
