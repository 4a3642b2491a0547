"""File names from elsewhere made harmless, and files created under them.

Sources: for Windows https://learn.microsoft.com/windows/win32/fileio/naming-a-file; for what
readers do not see, the property Default_Ignorable_Code_Point of Unicode.
"""

import re
import unicodedata
from pathlib import Path

from nbagent.exceptions import AttachmentError

MAX_BYTES = 255
"""The longest name that common file systems store, in bytes of UTF-8."""

_MAX_EXTENSION_BYTES = 32
_MAX_NUMBER = 10_000
_FALLBACK = "file"
_CONSIDERED = 10_000
"""So many characters of a name are looked at, from its end; a real path has fewer."""

_SEPARATORS = re.compile(r"[/\\]")
_DRIVE = re.compile(r"^[A-Za-z]:")
# Not allowed on Windows, and what only looks like a separator.
_NOT_ALLOWED = re.compile(r'[<>:"|?*\u2044\u2215\u2571\u2572\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c]')
# Devices of Windows, whatever follows their first dot.
_RESERVED = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)", re.IGNORECASE
)
# Invisible characters that are not in the categories removed below.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0000-\U000e0fff]"
)
# Controls, formats (bidirectional ones, zero width), half surrogates, private and unknown ones.
_REMOVED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}


def safe_name(name: str) -> str:
    """One harmless component of a path, as close to `name` as possible.

    Of a path the last component is taken, whatever separators it uses. The name is visible,
    has at most 255 bytes of UTF-8, begins with no dot, dash or tilde, ends with no dot or
    blank, and is no device name of Windows. What is harmless already stays as it is, apart
    from being brought into Unicode's composed form.
    """
    text = "".join(
        " " if character.isspace() else character
        for character in _INVISIBLE.sub("", name[-_CONSIDERED:])
        if character.isspace() or unicodedata.category(character) not in _REMOVED_CATEGORIES
    )
    components = [_trimmed(_DRIVE.sub("", part)) for part in _SEPARATORS.split(text)]
    last = next((component for component in reversed(components) if component), _FALLBACK)
    if _RESERVED.match(last):
        last = f"_{last}"
    return _shortened(last, MAX_BYTES)


def create_file(folder: Path, name: str, data: bytes) -> Path:
    """Write a new file into a folder; never into another one, nor over another file.

    Args:
        folder: The folder; created where it is missing.
        name: What `safe_name()` gave. Where it is taken, "-2" and so on is put before its
            extension.
        data: What the file holds.

    Raises:
        AttachmentError: The folder or the file cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise AttachmentError(f"{str(folder)!r} is a file, not a folder. Choose another one.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder = folder.resolve(strict=True)
        for number in range(1, _MAX_NUMBER + 1):
            path = folder / _numbered(name, number)
            try:
                # Creates the file or fails: what is there, a symbolic link too, stays as it is.
                file = path.open("xb")
            except FileExistsError:
                continue
            try:
                with file:
                    file.write(data)
            except OSError:
                path.unlink()
                raise
            return path
    except OSError as error:
        raise AttachmentError(
            f"cannot save {name!r} in the folder {str(folder)!r}: "
            f"{error.strerror or error}. Choose another folder."
        ) from error
    raise AttachmentError(
        f"the folder {str(folder)!r} has {_MAX_NUMBER:,} files named like {name!r}. "
        "Choose another name or folder."
    )


def extension(name: str) -> str:
    """The extension of a name in small letters with its dot; empty where it has none."""
    return _split(name)[1].lower()


def _trimmed(component: str) -> str:
    """A component without what is not allowed in it, or only at its ends."""
    component = unicodedata.normalize("NFC", _NOT_ALLOWED.sub("_", component))
    return " ".join(component.split()).lstrip(".-~ ").rstrip(". ")


def _split(name: str) -> tuple[str, str]:
    """The name before its extension, and the extension with its dot."""
    stem, dot, suffix = name.rpartition(".")
    if not dot or not stem or " " in suffix or len(suffix.encode()) >= _MAX_EXTENSION_BYTES:
        return name, ""
    return stem, dot + suffix


def _numbered(name: str, number: int) -> str:
    if number == 1:
        return name
    stem, suffix = _split(name)
    ending = f"-{number}{suffix}"
    return _cut(stem, MAX_BYTES - len(ending.encode())) + ending


def _shortened(name: str, limit: int) -> str:
    if len(name.encode()) <= limit:
        return name
    stem, suffix = _split(name)
    return _cut(stem, limit - len(suffix.encode())) + suffix


def _cut(text: str, limit: int) -> str:
    """The beginning of `text`, in at most `limit` bytes of UTF-8."""
    return text.encode()[:limit].decode("utf-8", "ignore").rstrip(". ")
