"""Long paragraphs, parsed in pieces.

Some of what a parser does inside a paragraph costs more than linear time, and a paragraph that
streams in must not be parsed from its start again and again. So it is cut where the cut changes
nothing: at a blank where no emphasis, link, code or formula is open. Where there is no such
place in `LONGEST_PIECE` characters, it is cut all the same.
"""

import copy
import re
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

SHORTEST_PIECE = 600
"""Characters in a piece at least, except for the last."""

LONGEST_PIECE = 4_000
"""A text is parsed as a whole up to this length; so many characters has a piece at most."""

_DEEPEST_LINK = 6
_BLANK = re.compile(r"[ \n](?=[^ \n])")
_OPEN = re.compile(r"`|\$(?!\s)|\\[(\[]|<(?=\S)")


def parse_inline(parser: MarkdownIt, content: str, env: Any) -> list[Token]:
    """Parse the content of a paragraph or a cell, in pieces where it is long."""
    lines = _parser_of_lines(parser)
    if len(content) <= LONGEST_PIECE:
        return parser.inline.parse(content, lines, env, [])
    tokens: list[Token] = []
    start = 0
    while start < len(content):
        end = start + (piece_end(parser, content[start:], env) or len(content) - start)
        tokens += parser.inline.parse(content[start:end], lines, env, [])
        start = end
    return tokens


def piece_end(parser: MarkdownIt, content: str, env: Any) -> int | None:
    """Where the first piece of `content` ends.

    Args:
        parser: The parser that the piece is for.
        content: The text of a paragraph from where the last piece ended.
        env: The parser's environment, with the link definitions known so far.

    Returns:
        An index into `content`, or None if there is no good place to cut so far.
    """
    least = SHORTEST_PIECE
    while least < LONGEST_PIECE:
        blank = _BLANK.search(content, least)
        if blank is None or blank.end() > LONGEST_PIECE:
            break
        if _is_closed(parser, content[: blank.end()], env):
            return blank.end()
        least = max(blank.end(), least * 3 // 2)
    if len(content) <= LONGEST_PIECE:
        return None
    return _forced_end(content)


def _forced_end(content: str) -> int | None:
    blank = _BLANK.search(content, LONGEST_PIECE)
    if blank is not None and blank.end() <= LONGEST_PIECE * 5 // 4:
        return blank.end()
    if "data:image/" in content[:LONGEST_PIECE]:  # a picture has no blanks, and must stay whole
        return blank.end() if blank is not None else None
    return LONGEST_PIECE


def _is_closed(parser: MarkdownIt, piece: str, env: Any) -> bool:
    """Whether nothing in `piece` waits for something that may follow."""
    state = StateInline(piece, _parser_of_lines(parser), env, [])
    parser.inline.tokenize(state)
    for rule in parser.inline.ruler2.getRules(""):
        rule(state)
    if any(mark.open and mark.end < 0 for mark in state.delimiters):
        return False
    text = "".join(token.content for token in state.tokens if token.type == "text")
    return text.count("[") <= text.count("]") and not _OPEN.search(text)


@cache
def _parser_of_lines(parser: MarkdownIt) -> MarkdownIt:
    """The parser, but for how deep it looks for links in links, which costs time for each level."""
    lines = copy.copy(parser)
    options: Any = parser.options
    lines.options = OptionsDict(options)
    lines.options["maxNesting"] = _DEEPEST_LINK
    return lines


def inline_rule(state: StateCore) -> None:
    """Takes the place of the parser's own core rule of the name "inline"."""
    for token in state.tokens:
        if token.type == "inline":
            token.children = parse_inline(state.md, token.content, state.env)
