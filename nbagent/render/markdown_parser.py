"""The Markdown that nbagent reads: CommonMark, and what people write beside it.

Added are tables, strikethrough, task lists and formulas. Where this differs from CommonMark:

- Raw HTML is found where CommonMark finds it and shown as text; only `<br>` does what it says.
- Pictures that are not carried in the text become links, see `nbagent.render.safety`.
- Lists and quotes nest `DEEPEST_NESTING` levels deep, headings and the header of a table have
  `LONGEST_HEADING` characters; what goes beyond is text like any other.
- Very long paragraphs are parsed in pieces, see `nbagent.render.inline_pieces`.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Literal

from markdown_it import MarkdownIt
from markdown_it.rules_block import (
    StateBlock,
    blockquote,
    heading,
    html_block,
    lheading,
    list_block,
    table,
)
from markdown_it.rules_core import StateCore, block, normalize
from markdown_it.token import Token

from nbagent.render.code import highlight
from nbagent.render.formula import formulas_plugin
from nbagent.render.inline_pieces import inline_rule
from nbagent.render.safety import escape_text, is_link, is_picture

Form = Literal["live", "static"]

DEEPEST_NESTING = 24
"""Levels that lists and quotes may nest; a list and its item are two."""

LONGEST_HEADING = 1_000
"""Characters in a heading or in the header of a table at most."""

_BlockRule = Callable[[StateBlock, int, int, bool], bool]
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TASK = re.compile(r"\[([ xX])\](?=\s)")
_NOT_IN_CLASS = re.compile(r"[^\w+#.;-]")


@cache
def markdown_parser(form: Form) -> MarkdownIt:
    """The parser and renderer for one form; it may be used by several threads."""
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": 4 * DEEPEST_NESTING})
    parser.enable(["table", "strikethrough"])
    formulas_plugin(parser, form)
    _limit(parser, "blockquote", _shallow(blockquote), ["paragraph", "reference", "list"])
    _limit(parser, "list", _shallow(list_block), ["paragraph", "reference"])
    _limit(parser, "heading", _short(heading), ["paragraph", "reference"])
    _limit(parser, "table", _short(table), ["paragraph", "reference"])
    _limit(parser, "html_block", _html_block, ["paragraph", "reference"])
    parser.block.ruler.at("lheading", _short_underlined_heading)
    parser.core.ruler.at("inline", inline_rule)
    parser.core.ruler.after("inline", "task_list", _mark_tasks)
    for name, rule in {
        "code_block": _render_code_block,
        "fence": _render_fence,
        "html_block": _render_html_block,
        "html_inline": _render_html_inline,
        "image": _render_image,
        "task_mark": _render_task_mark,
    }.items():
        parser.add_render_rule(name, rule)
    return parser


def parse_blocks(parser: MarkdownIt, source: str, environment: dict[str, Any]) -> list[Token]:
    """The blocks of a text that is already normalized; what is inside their lines comes later.

    Args:
        parser: The parser.
        source: The text.
        environment: Takes in the link definitions of the text.
    """
    tokens: list[Token] = []
    parser.block.parse(source, parser, environment, tokens)
    return tokens


def parse_lines(parser: MarkdownIt, tokens: list[Token], environment: dict[str, Any]) -> None:
    """Parse what is inside the lines of blocks that `parse_blocks` found."""
    state = StateCore("", parser, environment, tokens)
    for rule in parser.core.ruler.getRules(""):
        if rule not in (normalize, block):
            rule(state)


def code_element(language: str, inner_html: str) -> str:
    """Code that stands alone.

    Args:
        language: The first word behind the fence, or "".
        inner_html: Safe HTML.
    """
    name = _NOT_IN_CLASS.sub("", language)[:40]
    attribute = f' class="language-{name}"' if name else ""
    return f"<pre><code{attribute}>{inner_html}</code></pre>\n"


def code_language(token: Token) -> str:
    """The language of a code block's token, "" where none is given."""
    if token.type == "html_block":
        return "html"
    words = token.info.split(maxsplit=1)
    return _unescape(words[0]) if words else ""


def _unescape(text: str) -> str:
    from markdown_it.common.utils import unescapeAll

    return unescapeAll(text)


def _limit(parser: MarkdownIt, name: str, rule: _BlockRule, ends: list[str]) -> None:
    alternatives = [*ends, "blockquote"] if name != "table" else ends
    parser.block.ruler.at(name, rule, {"alt": alternatives})


def _shallow(rule: _BlockRule) -> _BlockRule:
    """The rule of a container, where it is not too deep inside others already."""

    def limited(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
        return state.level < 2 * DEEPEST_NESTING and rule(state, start_line, end_line, silent)

    return limited


def _short(rule: _BlockRule) -> _BlockRule:
    """The rule of a heading or a table, where the first line is not too long."""

    def limited(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
        length = state.eMarks[start_line] - state.bMarks[start_line]
        return length <= LONGEST_HEADING and rule(state, start_line, end_line, silent)

    return limited


def _short_underlined_heading(
    state: StateBlock, start_line: int, end_line: int, silent: bool
) -> bool:
    """The rule of headings with a line below, where the text is not too long."""
    count = len(state.tokens)
    if not lheading(state, start_line, end_line, silent):
        return False
    if len(state.tokens[count + 1].content) <= LONGEST_HEADING:
        return True
    del state.tokens[count:]
    state.line = start_line
    return False


def _html_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """The rule of HTML blocks, which would look behind a text that does not end in a newline."""
    if state.src.endswith("\n"):
        return html_block(state, start_line, end_line, silent)
    source = state.src
    state.src += "\n"
    found = html_block(state, start_line, end_line, silent)
    state.src = source
    if found and not silent and state.line == len(state.bMarks) - 1:
        state.tokens[-1].content = state.tokens[-1].content.removesuffix("\n")
    return found


def _mark_tasks(state: StateCore) -> None:
    """Turn the `[ ]` and `[x]` that list items begin with into marks."""
    tokens = state.tokens
    for index in range(2, len(tokens)):
        token = tokens[index]
        if (
            token.type != "inline"
            or tokens[index - 1].type != "paragraph_open"
            or tokens[index - 2].type != "list_item_open"
        ):
            continue
        first = token.children[0] if token.children else None
        task = _TASK.match(token.content)
        if task is None or first is None or not first.content.startswith(task[0]):
            continue
        first.content = first.content[len(task[0]) :]
        mark = Token("task_mark", "span", 0, content="☐" if task[1] == " " else "☑")
        assert token.children is not None
        token.children.insert(0, mark)
        tokens[index - 2].attrSet("class", "nbagent-task")


def _render_task_mark(
    self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    done = " nbagent-done" if tokens[index].content == "☑" else ""
    return f'<span class="nbagent-task-mark{done}">{tokens[index].content}</span>'


def _render_fence(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    language = code_language(tokens[index])
    return code_element(language, highlight(tokens[index].content, language))


def _render_code_block(
    self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return code_element("", escape_text(tokens[index].content))


def _render_html_block(
    self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    return code_element("html", highlight(tokens[index].content, "html"))


def _render_html_inline(
    self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    content = tokens[index].content
    return "<br>" if _BREAK.fullmatch(content) else escape_text(content)


def _render_image(self: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    source = str(token.attrGet("src") or "")
    alternative = self.renderInlineAsText(token.children or [], options, env)
    title = token.attrGet("title")
    more = f' title="{_attribute(str(title))}"' if title else ""
    if is_picture(source):
        return f'<img src="{_attribute(source)}" alt="{_attribute(alternative)}"{more}>'
    text = escape_text(alternative or source)
    in_link = sum(token.nesting for token in tokens[:index] if token.tag == "a") > 0
    if in_link or not is_link(source):
        return text
    return f'<a href="{_attribute(source)}"{more}>{text}</a>'


def _attribute(value: str) -> str:
    return escape_text(value).replace('"', "&quot;")
