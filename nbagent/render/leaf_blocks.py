"""What the page shows for each leaf: a paragraph, a heading, code, a table."""

import re
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from nbagent.render.block_page import Block, Render, TableRows
from nbagent.render.block_tree import BlockNode
from nbagent.render.markdown_parser import code_element, code_language, parse_lines
from nbagent.render.safety import clean

CODE = frozenset(["fence", "code_block", "html_block"])
"""Leaves that show their text as it is."""

LINES_IN_PORTION = 40
"""Code is shown in portions of so many lines, so that a page never lays out all of it again."""

LONGEST_PORTION = 4_000
"""Characters that a portion of code has at most."""

_TABLE_START, _TABLE_END = "<table><tbody>", "</tbody></table>"

_FENCE_LINE = re.compile(r"[ \t]*(`+|~+)[ \t]*")


def container_block(node: BlockNode, parser: MarkdownIt) -> Block:
    """The block of a list, an item or a quote, without what is in it."""
    token = node.tokens[0]
    html = parser.renderer.render([token], parser.options, {}).strip()
    kind = f"holder {node.kind} {token.markup if node.kind != 'list_item' else ''}"
    return Block(kind, clean(f"{html}</{token.tag}>", formulas=True))


def simple_block(node: BlockNode, parser: MarkdownIt, env: Any) -> Block:
    """The block of a leaf that is one element."""
    for token in node.tokens:
        token.hidden = False  # how close the items of a list stand is known too late
    render = _renderer(parser, node.tokens, _item_of(node))
    block = Block(node.kind, render(env), source=node.content)
    block.render = render if _may_change(node.content, block.html, env) else None
    return block


def _item_of(node: BlockNode) -> list[Token]:
    """The token of the list item that a leaf begins, if it does."""
    parent = node.parent
    begins = parent is not None and parent.kind == "list_item" and parent.children[0] is node
    return parent.tokens if parent is not None and begins else []


def paragraph_block() -> Block:
    """The block of a paragraph that is shown in pieces."""
    return Block("holder paragraph", "<p></p>")


def piece_block(content: str, paragraph: Block, parser: MarkdownIt, env: Any) -> Block:
    """One piece of a long paragraph."""
    token = Token("inline", "", 0, content=content, children=[], block=True)

    def render(env: dict[str, Any]) -> str:
        parse_lines(parser, [token], env)
        html = parser.renderer.render([token], parser.options, env)
        return clean(f"<span>{html}</span>", formulas=True)

    block = Block("piece", render(env), paragraph, source=content)
    block.render = render if _may_change(content, block.html, env) else None
    return block


def code_block(node: BlockNode) -> Block:
    """The block of code, without its lines."""
    html = clean(code_element(code_language(node.tokens[0]), "").strip(), formulas=True)
    return Block("holder code", html)


def portion_block(text: str, code: Block) -> Block:
    """Some lines of code, without colours."""
    return Block("portion", portion_html(escape(text, quote=False)), code, source=text)


def portion_html(inner_html: str) -> str:
    """The element of some lines of code."""
    return clean(f'<span class="nbagent-lines">{inner_html}</span>', formulas=True)


def portions(code: str) -> list[str]:
    """Cut code into portions; adding to the code changes none but the last."""
    result: list[str] = []
    start = 0
    while start < len(code):
        end, lines = start, 0
        while lines < LINES_IN_PORTION and end < len(code):
            line_end = code.find("\n", end) + 1 or len(code)
            if line_end - start > LONGEST_PORTION:
                end = end if end > start else start + LONGEST_PORTION
                break
            end, lines = line_end, lines + 1
        result.append(code[start:end])
        start = end
    return result


def without_half_fence(content: str) -> str:
    """The content of an open fence without what may become the line that closes it."""
    start = content.rfind("\n") + 1
    return content[:start] if _FENCE_LINE.fullmatch(content, start) else content


def table_block(node: BlockNode, parser: MarkdownIt, env: Any) -> Block:
    """The block of a table, with the rows that are there."""
    tokens = node.tokens
    head = next((i for i, token in enumerate(tokens) if token.type == "tbody_open"), -1)
    head_tokens = tokens[: head if head > 0 else -1]

    def render(env: dict[str, Any]) -> str:
        parse_lines(parser, head_tokens, env)
        html = parser.renderer.render(head_tokens, parser.options, env)
        return clean(f"{html}<tbody></tbody></table>", formulas=True)

    block = Block("table", render(env))
    content = "".join(token.content for token in head_tokens)
    block.render = render if _may_change(content, block.html, env) else None
    block.rows = table_rows(node, parser, env)
    return block


def table_rows(node: BlockNode, parser: MarkdownIt, env: Any) -> TableRows:
    """The rows of a table's body."""
    rows, tokens = TableRows(), node.tokens
    body = next((i for i, token in enumerate(tokens) if token.type == "tbody_open"), len(tokens))
    start = body
    for index in range(body, len(tokens)):
        if tokens[index].type == "tr_open":
            start = index
        elif tokens[index].type == "tr_close":
            row = tokens[start : index + 1]
            render = _row_renderer(parser, row)
            html = render(env)
            if _may_change("".join(token.content for token in row), html, env):
                rows.renders[len(rows.html)] = render
            rows.html.append(html)
    return rows


def _may_change(source: str, html: str, env: Any) -> bool:
    """Whether a link definition that is still to come may change how `source` is rendered.

    It may where brackets were left over, or where a definition was used that is not final.
    """
    return "[" in source and ("[" in html or bool(env["references"].maps[0]))


def _renderer(parser: MarkdownIt, tokens: list[Token], item: list[Token]) -> Render:
    def render(env: dict[str, Any]) -> str:
        parse_lines(parser, [*item, *tokens], env)
        return clean(parser.renderer.render(tokens, parser.options, env).strip(), formulas=True)

    return render


def _row_renderer(parser: MarkdownIt, tokens: list[Token]) -> Render:
    def render(env: dict[str, Any]) -> str:
        parse_lines(parser, tokens, env)
        html = parser.renderer.render(tokens, parser.options, env)
        html = clean(f"{_TABLE_START}{html}{_TABLE_END}", formulas=True)
        return html[len(_TABLE_START) : -len(_TABLE_END)].strip()

    return render
