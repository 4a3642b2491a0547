"""A person's text and attachments as one message."""

import re
from collections.abc import Sequence

from nbagent.attachments.attachment import Attachment
from nbagent.attachments.names import safe_name
from nbagent.exceptions import AttachmentError
from nbagent.image import Image
from nbagent.messages import MultiModalMessage, TextMessage

_BACKTICKS = re.compile("`+")


def compose(
    text: str, attachments: Sequence[Attachment], source: str = "user"
) -> TextMessage | MultiModalMessage:
    """Make a message of a text and the attachments after it, in their order.

    Text files stand in a fenced block under their name; pictures make it a
    `MultiModalMessage`.

    Args:
        text: What the person wrote; may be empty.
        attachments: Pictures and text files.
        source: The name of who says it.

    Raises:
        AttachmentError: An attachment is neither a picture nor text.
    """
    parts: list[str | Image] = []
    texts: list[str] = [text] if text else []
    for attachment in attachments:
        if attachment.image is not None:
            if texts:
                parts.append("\n\n".join(texts))
                texts = []
            parts.append(attachment.image)
        elif attachment.text is not None:
            texts.append(_framed(attachment.name, attachment.text))
        else:
            raise AttachmentError(
                f"{attachment.name!r} is neither a picture nor text, so no model can be given "
                "it. Leave it out, or save it and name its path in the text."
            )
    if texts:
        parts.append("\n\n".join(texts))
    if any(isinstance(part, Image) for part in parts):
        return MultiModalMessage(content=parts, source=source)
    return TextMessage(content="".join(str(part) for part in parts), source=source)


def _framed(name: str, text: str) -> str:
    """A file's text under its name, in a fence that nothing in it can close.

    The name is one line without quotation marks. The word after the opening fence keeps it
    from closing a block that the person's own text has left open.
    """
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    ending = "" if text.endswith("\n") else "\n"
    return f'File "{safe_name(name)}":\n{fence}text\n{text}{ending}{fence}'
