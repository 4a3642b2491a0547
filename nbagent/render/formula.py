r"""Formulas: where they are in Markdown, and how they are shown.

Written as `$x$`, `$$x$$`, `\(x\)`, `\[x\]`, or as an environment such as `\begin{align}`. The
live form is MathML. The static form is the source, marked for Jupyter to typeset, because a
viewer that does not trust a notebook strips MathML to its text, which then reads as something
else ("12" for a half).
"""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from nbagent.render.safety import FORMULA_CLASS, escape_text

LONGEST_FORMULA = 4_000
"""Characters of a formula at most; what is longer is plain text."""

MOST_LINES = 60
"""Lines that a formula which stands alone may have."""

BEGINNING = re.compile(r"\$\$|\\\[|\\begin\{([A-Za-z]+\*?)\}")
"""What a formula which stands alone begins with."""

_ENVIRONMENTS = frozenset(
    ["align", "alignat", "equation", "eqnarray", "flalign", "gather", "multline"]
)
_WHOLE_ENVIRONMENT = re.compile(r"\s*\\begin\{([A-Za-z]+)\*?\}.*\\end\{\1\*?\}\s*", re.DOTALL)
_NUMBERED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather|multline|flalign)\}")
_MTD_STYLE = re.compile(r' style="(?:text-align: (left|right))?[^"]*"')


def formulas_plugin(parser: MarkdownIt, form: Literal["live", "static"]) -> None:
    """Teach a parser formulas.

    A dollar sign with a blank inside, or with a digit behind the closing one, is money:
    "costs $5 to $6" has no formula.

    Args:
        parser: The parser to extend.
        form: How formulas are rendered.
    """
    dollarmath_plugin(parser, allow_space=False, allow_digits=False, double_inline=True)
    parser.disable("math_block")
    parser.inline.ruler.before("escape", "formula_brackets", _inline_brackets)
    parser.block.ruler.before(
        "fence",
        "formula_block",
        _formula_block,
        {"alt": ["paragraph", "reference", "blockquote", "list"]},
    )

    def inline(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        token = tokens[index]
        display = token.type == "math_inline_double"
        return formula_html(token.content.strip(), display=display, form=form)

    def block(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
        html = formula_html(tokens[index].content.strip(), display=True, form=form)
        return f'<div class="nbagent-formula">{html}</div>\n'

    parser.add_render_rule("math_inline", inline)
    parser.add_render_rule("math_inline_double", inline)
    parser.add_render_rule("formula_block", block)


def formula_html(source: str, *, display: bool, form: Literal["live", "static"]) -> str:
    """Show one formula.

    Args:
        source: LaTeX without the signs around it.
        display: Whether it stands alone rather than in a line of text.
        form: "live" for MathML, or, where the source cannot be read, the source as code;
            "static" for the source, marked for Jupyter to typeset.

    Returns:
        HTML that still has to be cleaned.
    """
    environment = _WHOLE_ENVIRONMENT.fullmatch(source)
    if environment and environment[1] in _ENVIRONMENTS:
        delimited = source
    elif display:
        delimited = f"$${source}$$"
    else:
        delimited = f"${source}$"
    if form == "static":
        return f'<span class="{FORMULA_CLASS}">{escape_text(delimited)}</span>'
    mathml = _mathml(source, display) if len(source) <= LONGEST_FORMULA else None
    return mathml or f'<code class="nbagent-formula-source">{escape_text(delimited)}</code>'


def _mathml(source: str, display: bool) -> str | None:
    from math_core import LatexError

    unnumbered = _NUMBERED.sub(r"\\\1{\2*}", source)
    try:
        html = _converter().convert_with_local_state(unnumbered, displaystyle=display)
    except LatexError:
        return None
    # Cells say where they align in a style, of which cleaning would leave nothing.
    return _MTD_STYLE.sub(_alignment_class, html)


@cache
def _converter() -> Any:
    from math_core import LatexToMathML

    return LatexToMathML()


def _alignment_class(style: re.Match[str]) -> str:
    return f' class="nbagent-formula-{style[1]}"' if style[1] else ""


def _inline_brackets(state: StateInline, silent: bool) -> bool:
    r"""The inline rule for `\(x\)` and, inside a line, `\[x\]`."""
    source, start = state.src, state.pos
    opening = source[start : start + 2]
    if opening not in ("\\(", "\\["):
        return False
    closing = "\\)" if opening == "\\(" else "\\]"
    end = source.find(closing, start + 2, min(state.posMax, start + LONGEST_FORMULA))
    content = source[start + 2 : end]
    # CommonMark escapes brackets in the same way; without a letter or digit it means that.
    if end < 0 or not any(character.isalnum() for character in content):
        return False
    if not silent:
        kind = "math_inline" if opening == "\\(" else "math_inline_double"
        token = state.push(kind, "math", 0)
        token.content = content
        token.markup = opening
    state.pos = end + 2
    return True


def _formula_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """The block rule for formulas that stand alone, on one line or several."""
    if state.is_code_block(start_line):
        return False
    line = _line(state, start_line)
    beginning = BEGINNING.match(line)
    if not beginning or (beginning[1] and beginning[1].rstrip("*") not in _ENVIRONMENTS):
        return False
    closing = {"$$": "$$", "\\[": "\\]"}.get(beginning[0], f"\\end{{{beginning[1]}}}")
    content: list[str] = []
    rest = line[beginning.end() :]
    for next_line in range(start_line + 1, min(end_line, start_line + MOST_LINES) + 1):
        before, found, after = rest.rstrip().rpartition(closing)
        if found and not after:
            content.append(before)
            break
        if closing in rest:
            return False
        content.append(rest)
        if next_line == end_line or state.isEmpty(next_line):
            return False
        if state.sCount[next_line] < state.blkIndent:
            return False
        rest = _line(state, next_line)
    else:
        return False
    source = "\n".join(content)
    if not source.strip() or len(source) > LONGEST_FORMULA:
        return False
    if silent:
        return True
    state.line = start_line + len(content)
    token = state.push("formula_block", "math", 0)
    token.content = f"{beginning[0]}{source}{closing}" if beginning[1] else source
    token.markup = beginning[0]
    token.map = [start_line, state.line]
    token.block = True
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
