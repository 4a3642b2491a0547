"""A transcript as a Markdown document that reads well on GitHub."""

import json
import re

from nbagent.image import Image
from nbagent.render.arguments import pretty_arguments
from nbagent.render.embedded_markdown import safe_markdown
from nbagent.render.fenced import code_span, fenced
from nbagent.render.picture import picture_text
from nbagent.render.plain_text import cap, duration_text, one_line, visible
from nbagent.render.run_html import run_facts
from nbagent.transcript.items import (
    CodeItem,
    ErrorItem,
    HandoffItem,
    Item,
    MemoryItem,
    MessageItem,
    OtherItem,
    QuestionItem,
    SpeakerItem,
    StructuredItem,
    ThoughtItem,
    ToolCallItem,
    Transcript,
)

_MARKS = {"waiting": "◔", "running": "◌", "done": "✓", "failed": "✗", "cancelled": "⊘"}
_SPECIAL = re.compile(r"[\\`*\[\]<>~|$]|&(?=[#\w])|(?<!\w)_|_(?!\w)")


def transcript_to_markdown(transcript: Transcript) -> str:
    """Render a transcript as a Markdown document.

    What agents say stays the Markdown that it is, apart from HTML, which is shown as text, and
    pictures, which become links. All else is escaped or fenced: none of it becomes markup.
    """
    blocks = [f"> **Note** {_escaped(cap(notice)[0])}" for notice in transcript.notices]
    source: str | None = None
    for item in transcript.items:
        if item.source != source and not isinstance(item, HandoffItem | SpeakerItem | ErrorItem):
            if source is not None:
                blocks.append("---")
            blocks.append(f"#### {_escaped(item.source)}")
        source = item.source
        blocks.append(_item(item))
    blocks.append("---")
    blocks.append(f"_{_escaped(' · '.join(run_facts(transcript)), 500)}_")
    return "\n\n".join(block for block in blocks if block) + "\n"


def _item(item: Item) -> str:
    match item:
        case MessageItem():
            return _message(item)
        case ThoughtItem():
            return f"**Thought**\n\n{_quoted(safe_markdown(item.text))}"
        case ToolCallItem():
            return _tool_call(item)
        case CodeItem():
            return _code(item)
        case StructuredItem():
            data = json.dumps(item.data, indent=2, ensure_ascii=False)
            return f"**{_escaped(item.type_name)}**\n\n{_fenced(data, 'json')}"
        case HandoffItem():
            line = f"⇢ **{_escaped(item.source)}** hands over to **{_escaped(item.target)}**"
            return f"{line}: {_escaped(item.text, 400)}" if item.text.strip() else line
        case SpeakerItem():
            names = ", ".join(f"**{_escaped(name)}**" for name in item.speakers)
            return f"⇢ Next: {names} {_escaped(item.text, 400)}".rstrip()
        case MemoryItem():
            found = [_fenced(e) if isinstance(e, str) else _picture(e) for e in item.contents]
            return "\n\n".join(["**Memory**", *(found or ["(nothing found)"])])
        case QuestionItem():
            return _question(item)
        case ErrorItem():
            return f"**✗ The run failed: {_escaped(item.error_type)}**\n\n{_fenced(item.message)}"
        case OtherItem():
            return f"**{_escaped(item.message_type)}**\n\n{_fenced(item.text)}"


def _message(item: MessageItem) -> str:
    parts = [safe_markdown(p) if isinstance(p, str) else _picture(p) for p in item.parts]
    if item.state == "interrupted":
        parts.append("_The message was interrupted here._")
    return "\n\n".join(parts)


def _tool_call(item: ToolCallItem) -> str:
    how = item.state
    if item.duration is not None:
        how += f", {duration_text(item.duration)}"
    name = code_span(one_line(item.name))
    parts = [f"**{_MARKS[item.state]} Tool** {name} ({how})"]
    if item.arguments.strip():
        parts.append(_fenced(pretty_arguments(item.arguments), "json"))
    if item.result is not None:
        parts.append("Error:" if item.state == "failed" else "Result:")
        parts.append(_fenced(item.result))
    return "\n\n".join(parts)


def _code(item: CodeItem) -> str:
    how = item.state if item.exit_code is None else f"{item.state}, exit code {item.exit_code}"
    parts = [f"**{_MARKS[item.state]} Code** ({how})"]
    parts += [_fenced(block.code, block.language) for block in item.blocks]
    if item.output is not None:
        parts += ["Output:", _fenced(item.output)]
    return "\n\n".join(parts)


def _question(item: QuestionItem) -> str:
    text = f"**? Question** ({item.state})"
    if item.prompt.strip():
        text += f"\n\n{_quoted(_escaped(item.prompt, 2000))}"
    if item.answer is not None:
        text += f"\n\nAnswer: {_escaped(item.answer, 400)}"
    return text


def _picture(image: Image) -> str:
    return f"_{_escaped(picture_text(image))}_"


def _fenced(text: str, language: str = "text") -> str:
    kept, left_out = cap(text)
    block = fenced(visible(kept).rstrip("\n"), language)
    return f"{block}\n\n_{left_out}_" if left_out else block


def _quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _escaped(text: str, limit: int = 4000) -> str:
    """One line of text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\g<0>", one_line(text, limit))
