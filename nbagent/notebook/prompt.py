"""Fills the notebook's variables into a prompt: `{name}` as text, or as a picture."""

import ast
import builtins
import re
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from IPython.core.error import UsageError

from nbagent.exceptions import ImageError
from nbagent.image import Image
from nbagent.messages import MultiModalMessage

_BRACES = re.compile(r"\{\{(?P<escaped>[^{}\n]+)\}\}|\{(?P<source>[^{}\n]+)\}")
_FORMAT = re.compile(r"(?P<source>.+):(?P<format>[^\s:]*[\d%,][^\s:]*)")

# Formulas as Markdown writes them. "$5 to $6" and "${low}-${high}" are none.
_FORMULA = re.compile(
    r"\$\$.+?\$\$|\\\(.+?\\\)|\\\[.+?\\\]|\$(?=[^\s{])[^$\n]*?(?<=[^\s\\])\$(?![\w{])", re.DOTALL
)
_TEX_BEFORE_GROUP = re.compile(r"(?:\\[A-Za-z]+\*?|\^|\\)$")

_VALUES = (ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp)
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)


def build_task(
    prompt: str, images: list[str], namespace: Mapping[str, Any]
) -> str | MultiModalMessage:
    """What an agent is told: text, or text and pictures in their order.

    Args:
        prompt: The text, with `{name}` for variables.
        images: Paths or variables of pictures that follow the text.
        namespace: The variables.

    Raises:
        UsageError: A variable cannot be filled in, or holds no picture where one is needed.
        ImageError: A picture cannot be read.
    """
    parts = fill_in(prompt, namespace)
    parts += [find_picture(name, namespace) for name in images]
    if all(isinstance(part, str) for part in parts):
        return "".join(cast(list[str], parts))
    content = [part for part in parts if not isinstance(part, str) or part.strip()]
    return MultiModalMessage(content=content, source="user")


def fill_in(template: str, namespace: Mapping[str, Any]) -> list[str | Image]:
    """Replace each `{name}` by the variable's value; a picture becomes a part of its own.

    Names, attributes, items, calls and arithmetic are understood, with a format if wanted
    (`{price:.2f}`), as long as their names are variables. Everything else in braces, such as
    JSON or a formula's groups, stays as it is. `{{name}}` writes `{name}`.

    Raises:
        UsageError: A variable is there, but the expression fails.
    """
    formulas = [match.span() for match in _FORMULA.finditer(template)]
    parts: list[str | Image] = []
    position = 0
    end_of_group = -1
    for match in _BRACES.finditer(template):
        start = match.start()
        in_formula = any(begin <= start < end for begin, end in formulas)
        if (
            start == end_of_group
            or _TEX_BEFORE_GROUP.search(template, 0, start)
            or (in_formula and template[:start].endswith("_"))
        ):
            end_of_group = match.end()
            continue
        escaped: str | None = match["escaped"]
        found = _Placeholder.parse(escaped or match["source"], namespace)
        if found is None:
            continue
        value = f"{{{escaped}}}" if escaped else found.value(namespace)
        if value is None:
            continue
        parts += [template[position:start], value]
        position = match.end()
    parts.append(template[position:])
    return _joined(parts)


def find_picture(name: str, namespace: Mapping[str, Any]) -> Image:
    """The picture that `--image name` means: a variable, else a file.

    Raises:
        UsageError: The variable holds no picture.
        ImageError: There is no such file, or it cannot be read.
    """
    source = name[1:-1] if name.startswith("{") and name.endswith("}") else name
    is_file = Path(source).expanduser().is_file()
    if source not in namespace and is_file:
        return Image.from_file(Path(source).expanduser())
    if "://" in source:
        raise UsageError(
            f"--image {source!r}: nbagent fetches nothing from the network. Download the "
            "picture first and give its path."
        )
    found = _Placeholder.parse(source, namespace)
    if found is None:
        try:
            return Image.from_file(Path(source).expanduser())
        except ImageError as error:
            raise ImageError(
                f"{error} No variable is called {source!r} either. "
                'Write a path with spaces in quotes: --image "my picture.png".'
            ) from error
    value = found.evaluate(namespace)
    if isinstance(value, (str, Path)):
        return Image.from_file(Path(value).expanduser())
    if isinstance(value, (bytes, bytearray)):
        return Image.from_bytes(bytes(value), name=source)
    picture = as_picture(value)
    if picture is None:
        raise UsageError(
            f"--image {source!r}: the variable holds {type(value).__name__}, and no picture. "
            "Give an nbagent Image, a Pillow image, the bytes of a picture file, or a path."
        )
    return picture


def as_picture(value: object) -> Image | None:
    """A value as a picture, if it is one of nbagent, Pillow or `IPython.display`."""
    if isinstance(value, Image):
        return value
    pillow = sys.modules.get("PIL.Image")  # nobody holds a Pillow image unless it is loaded
    if pillow is not None and isinstance(value, pillow.Image):
        return Image.from_pil(cast(Any, value))
    shown = sys.modules.get("IPython.core.display") or sys.modules.get("IPython.display")
    if shown is not None and isinstance(value, getattr(shown, "Image", ())):
        data: object = getattr(value, "data", None)
        return Image.from_bytes(data) if isinstance(data, bytes) else None
    return None


class _Placeholder:
    """An expression between braces, and the format it is written with."""

    def __init__(self, source: str, tree: ast.Expression, format_spec: str = "") -> None:
        self._source = source
        self._tree = tree
        self._format = format_spec

    @classmethod
    def parse(cls, source: str, namespace: Mapping[str, Any]) -> "_Placeholder | None":
        """Read what stands between braces; None where it is no value of the notebook."""
        tree = _expression(source, namespace)
        if tree is not None:
            return cls(source, tree)
        if match := _FORMAT.fullmatch(source):
            tree = _expression(match["source"], namespace)
            if tree is not None:
                return cls(match["source"], tree, match["format"])
        return None

    def evaluate(self, namespace: Mapping[str, Any]) -> Any:
        """The expression's value."""
        try:
            return eval(compile(self._tree, "<prompt>", "eval"), dict(namespace))
        except Exception as error:
            raise UsageError(
                f"cannot fill in {{{self._source}}}: {type(error).__name__}: {error}. "
                f"To keep the braces as they are, write {{{{{self._source}}}}}."
            ) from error

    def value(self, namespace: Mapping[str, Any]) -> str | Image | None:
        """What is written into the prompt; None where the format does not fit."""
        value = self.evaluate(namespace)
        if not self._format:
            return as_picture(value) or str(value)
        try:
            return format(value, self._format)
        except (TypeError, ValueError):
            return None


def _expression(source: str, namespace: Mapping[str, Any]) -> ast.Expression | None:
    """`source` as an expression over variables of `namespace`; None where it is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            tree = ast.parse(source.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return None
    # A set, a tuple, a comparison: more often mathematics or JSON than a value of the notebook.
    if not isinstance(tree.body, _VALUES):
        return None
    names: set[str] = set()
    bound: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and not isinstance(node.op, _ARITHMETIC):
            return None
        if isinstance(node, ast.Name):
            (names if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.Lambda | ast.NamedExpr):
            return None
    variables = {name for name in names - bound if name in namespace}
    unknown = {name for name in names - bound - variables if not hasattr(builtins, name)}
    return None if unknown or not variables else tree


def _joined(parts: list[str | Image]) -> list[str | Image]:
    """The parts with neighbouring texts put together."""
    joined: list[str | Image] = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return joined
