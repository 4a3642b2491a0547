"""Attachment: a file that a person handed over, checked and prepared."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from nbagent.attachments.containers import DamagedPicture, PictureFormat, picture_format
from nbagent.attachments.kinds import EMPTY, PDF, UNKNOWN, kind_of
from nbagent.attachments.limits import FOR_MODELS, Limits, size_text
from nbagent.attachments.names import create_file, extension, safe_name
from nbagent.attachments.pictures import prepare_picture
from nbagent.attachments.texts import NotText, check_beginning, read_text
from nbagent.exceptions import AttachmentError, ImageError
from nbagent.image import MIME_TYPES, Image

_PICTURE_NAMES: dict[PictureFormat, tuple[str, ...]] = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "GIF": (".gif",),
    "WEBP": (".webp",),
}
_NOT_TEXT_NAMES = {
    *(name for names in _PICTURE_NAMES.values() for name in names),
    *(".bmp", ".docx", ".exe", ".heic", ".pdf", ".pptx", ".tiff", ".xlsx", ".zip"),
}
_SVG_WITHIN = 1000
_SVG = re.compile(r"\s*<(?:svg\b|[?!].*<svg\b)", re.DOTALL)


@dataclass(frozen=True)
class Attachment:
    """A file that a person handed over.

    Attributes:
        name: Its name as it is shown and saved: one harmless component of a path.
        data: The original bytes, with everything that is in them.
        mime_type: Its media type, by content. Text of any kind is "text/plain".
        notes: What the person should know, such as "turned upright"; sentences without a
            subject.
        image: The picture as a model gets it, where it is one: upright, without metadata.
        text: The text as a model gets it, where it is text.
    """

    name: str
    data: bytes = field(repr=False)
    mime_type: str
    notes: tuple[str, ...] = ()
    image: Image | None = None
    text: str | None = field(default=None, repr=False)

    @property
    def kind(self) -> Literal["picture", "text", "file"]:
        """What it is for a model; a "file" is nothing it could be given."""
        if self.image is not None:
            return "picture"
        return "file" if self.text is None else "text"

    def save(self, folder: str | Path, name: str | None = None) -> Path:
        """Write the original bytes into a folder.

        Nothing is overwritten and no symbolic link is followed: where the name is taken, the
        file becomes "name-2.png" and so on.

        Args:
            folder: The folder; created where it is missing.
            name: Another name for the file. What no file may be called on some system is
                replaced, as in `safe_name()`.

        Returns:
            The absolute path of the file.

        Raises:
            AttachmentError: `name` leads to another folder, or the file cannot be written.
        """
        if name is not None and (any(mark in name for mark in "/\\") or name in (".", "..")):
            raise AttachmentError(
                f"{name!r} is a path, not the name of a file. "
                "Give the folder as the first argument and the name alone as the second."
            )
        return create_file(Path(folder), safe_name(self.name if name is None else name), self.data)


def read_attachment(name: str, data: bytes, limits: Limits = FOR_MODELS) -> Attachment:
    """Check a file and prepare it for a model.

    What it is follows from its content, never from its name. A large picture takes seconds:
    call this in a thread (`asyncio.to_thread`), never on the event loop.

    Args:
        name: What the file is called where it comes from; may be hostile.
        data: Its bytes; may be hostile.
        limits: What is accepted.

    Raises:
        AttachmentError: The file is refused; the message says why, and a way out.
    """
    name = safe_name(name)
    format = picture_format(data)
    try:
        return _text(name, data, limits) if format is None else _picture(name, data, format, limits)
    except _NotForModels as found:
        mime_type, reason, way_out = found.mime_type, found.reason, found.way_out
    if not limits.other_bytes:
        raise AttachmentError(f"{name!r} {reason}. {way_out}")
    if len(data) > limits.other_bytes:
        raise AttachmentError(f"{name!r} {_too_large(data, limits.other_bytes)}. {way_out}")
    return Attachment(name, data, mime_type, (reason,))


class _NotForModels(Exception):
    """A file is nothing that a model could be given."""

    def __init__(self, mime_type: str, reason: str, way_out: str) -> None:
        super().__init__(reason)
        self.mime_type = mime_type
        self.reason = reason
        self.way_out = way_out


def _picture(name: str, data: bytes, format: PictureFormat, limits: Limits) -> Attachment:
    mime_type = MIME_TYPES[format]
    if len(data) > limits.picture_bytes:
        reason = f"is a {format} and {_too_large(data, limits.picture_bytes)}"
        raise _NotForModels(mime_type, reason, "Make it smaller first.")
    try:
        image, notes = prepare_picture(data, format, limits.picture_side)
    except (DamagedPicture, ImageError) as error:
        raise _NotForModels(
            mime_type,
            f"is a {format} that cannot be shown: {error}",
            "Save it anew with another program, smaller if need be, and choose that.",
        ) from error
    ending = extension(name)
    if ending and ending not in _PICTURE_NAMES[format]:
        notes = (f"is a {format} although its name ends in {ending}", *notes)
    return Attachment(name, data, mime_type, notes, image=image)


def _text(name: str, data: bytes, limits: Limits) -> Attachment:
    kind = kind_of(data)
    if kind in (EMPTY, PDF):
        raise _NotForModels(kind.mime_type, f"is {kind.description}", kind.way_out)
    try:
        check_beginning(data)
        if len(data) > limits.text_bytes:
            reason = f"is text and {_too_large(data, limits.text_bytes)}"
            raise _NotForModels("text/plain", reason, "Choose the part that matters.")
        text, notes = read_text(data)
    except NotText as error:
        why = f" ({error})" if kind is UNKNOWN else ""
        raise _NotForModels(kind.mime_type, f"is {kind.description}{why}", kind.way_out) from error
    ending = extension(name)
    if _SVG.match(text[:_SVG_WITHIN]):
        notes = ("an SVG is not drawn: its source is used as text", *notes)
    elif ending in _NOT_TEXT_NAMES:
        notes = (f"is text although its name ends in {ending}", *notes)
    return Attachment(name, data, "text/plain", notes, text=text)


def _too_large(data: bytes, most: int) -> str:
    return f"has {size_text(len(data))}; at most {size_text(most)} are accepted"
