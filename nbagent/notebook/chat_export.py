"""A conversation as a file for elsewhere."""

from nbagent.render.html import transcript_to_html
from nbagent.render.markdown_document import transcript_to_markdown
from nbagent.transcript.items import Transcript

# The margins are the page's; all else is the transcript's own style.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Chat</title>
</head>
<body style="max-width: 60em; margin: 2em auto; padding: 0 1em">
{content}
</body>
</html>
"""


def _html(transcript: Transcript) -> str:
    return _PAGE.format(content=transcript_to_html(transcript))


def _json(transcript: Transcript) -> str:
    return transcript.model_dump_json(indent=2)


EXPORT_FORMS = {
    "markdown": ("chat.md", transcript_to_markdown),
    "html": ("chat.html", _html),
    "json": ("chat.json", _json),
}


def export(transcript: Transcript, form: str) -> tuple[str, str]:
    """A transcript as a file.

    Args:
        transcript: What to write.
        form: One of `EXPORT_FORMS`: "markdown"; "html", a page of its own; or "json", from
            which `Transcript.model_validate_json()` makes the same transcript again.

    Returns:
        The file's name and its text.
    """
    name, write = EXPORT_FORMS[form]
    return name, write(transcript)
