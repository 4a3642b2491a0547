"""Works out simple arithmetic, written in digits or in words."""

import ast
import math
import operator
import re
from collections.abc import Callable

from nbagent.models.demo.find_values import find_expression, find_numbers

_OPERATIONS: dict[type[ast.AST], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda left, right: left / right,
    ast.Mod: operator.mod,
}
_WORDS = (
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
    (r"\btimes\b|\bmultiplied by\b", "*"),
    (r"\bdivided by\b|\bover\b", "/"),
)
_MAX_LENGTH = 200
_MAX_POWER = 1_000


def work_out(prompt: str) -> tuple[str, str | None] | None:
    """The first sum in a prompt and its result; None where there is none.

    Args:
        prompt: Such as "What is 23 times 19?" or "what's 2 * (3 + 4)".

    Returns:
        The sum in digits and its result, as text: ("23 × 19", "437"). The result is None
        where the sum divides by zero.
    """
    text = prompt[:2000]
    for number in reversed(find_numbers(text)):
        text = f"{text[: number.start]}{number.value}{text[number.end :]}"
    for word, sign in _WORDS:
        text = re.sub(word, sign, text, flags=re.IGNORECASE)
    found = find_expression(text)
    if found is None or len(found.value) > _MAX_LENGTH:
        return None
    code = found.value.replace("×", "*").replace("÷", "/").replace("^", "**").replace("−", "-")
    try:
        value = _evaluate(ast.parse(code.strip(), mode="eval").body)
    except (SyntaxError, ValueError, OverflowError, MemoryError):
        return None
    except ZeroDivisionError:
        return _tidy(found.value), None
    return _tidy(found.value), _written(value)


def _evaluate(node: ast.AST) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        value = _evaluate(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.BinOp):
        left, right = _evaluate(node.left), _evaluate(node.right)
        if isinstance(node.op, ast.Pow):
            if abs(left) > _MAX_POWER or abs(right) > 100:
                raise ValueError("too large a power")
            power: float | complex = left**right
            if isinstance(power, complex):
                raise ValueError("no real number")
            return power
        if type(node.op) in _OPERATIONS:
            return _OPERATIONS[type(node.op)](left, right)
    raise ValueError("not simple arithmetic")


def _tidy(expression: str) -> str:
    text = re.sub(r"\s*(\*\*|[-+*/×÷^%])\s*", r" \1 ", expression).strip()
    return re.sub(r"\s+", " ", text.replace("**", "^").replace("*", "×").replace("/", "÷"))


def _written(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.10g}"
