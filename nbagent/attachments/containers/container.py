"""What a picture file is made of, found out without unpacking anything."""

from dataclasses import dataclass
from typing import Literal

PictureFormat = Literal["PNG", "JPEG", "GIF", "WEBP"]

MAX_PARTS = 1_000_000
"""So many parts a file may consist of: pictures of 250 MB have fewer than a third of it."""

MAX_PROFILE_BYTES = 4 * 1024 * 1024
"""The largest colour profile that is looked at, unpacked; those of printers have 2 MB."""


class DamagedPicture(ValueError):
    """A file begins like a picture and cannot be read as one; the message says why."""


@dataclass(frozen=True)
class Container:
    """A picture file, taken apart.

    Attributes:
        format: The file format.
        size: Width and height in pixels, as the file claims.
        bare: A file of the same format with the pixels and nothing else; of an animation the
            first frame. Equal to the original where there was nothing else.
        animated: Whether there were further frames.
        lossy: Whether the pixels were compressed with loss, as photos are.
        exif: The camera's data, a TIFF structure; empty where there was none.
        xmp: More such data, as XML.
        icc_profile: What the colours mean; empty where there was no profile.
        extras: Whether anything else was left out: comments, previews, appended files.
    """

    format: PictureFormat
    size: tuple[int, int]
    bare: bytes
    animated: bool = False
    lossy: bool = False
    exif: bytes = b""
    xmp: bytes = b""
    icc_profile: bytes = b""
    extras: bool = False


class Reader:
    """Reads a file part by part.

    Args:
        data: The file.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self._view = memoryview(data)
        self._parts = 0

    @property
    def rest(self) -> int:
        """How many bytes follow."""
        return len(self.data) - self.position

    @property
    def is_followed(self) -> bool:
        """Whether anything follows but padding."""
        return bool(self.data[self.position :].strip(b"\x00\r\n "))

    def take(self, length: int) -> memoryview:
        """The next `length` bytes.

        Raises:
            DamagedPicture: The file has fewer bytes left, or too many parts.
        """
        if length > self.rest:
            raise DamagedPicture("the file ends too early")
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise DamagedPicture(f"the file consists of more than {MAX_PARTS:,} parts")
        start = self.position
        self.position += length
        return self._view[start : self.position]

    def number(self, length: int, order: Literal["big", "little"]) -> int:
        """The next `length` bytes as an unsigned number."""
        return int.from_bytes(self.take(length), order)

    def since(self, start: int) -> memoryview:
        """The bytes from `start` to here."""
        return self._view[start : self.position]
