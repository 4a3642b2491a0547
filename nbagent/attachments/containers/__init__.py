"""Picture files taken apart: what format, how large, and what is in them besides pixels.

Nothing is decoded here, so that a hostile file costs no more than its own length, and the
decoder afterwards gets a file with the pixels and nothing else.
"""

from nbagent.attachments.containers.container import Container, DamagedPicture, PictureFormat
from nbagent.attachments.containers.exif import Exif, read_exif
from nbagent.attachments.containers.gif import SIGNATURES as _GIF
from nbagent.attachments.containers.gif import read_gif
from nbagent.attachments.containers.jpeg import SIGNATURE as _JPEG
from nbagent.attachments.containers.jpeg import read_jpeg
from nbagent.attachments.containers.png import SIGNATURE as _PNG
from nbagent.attachments.containers.png import read_png
from nbagent.attachments.containers.webp import is_webp, read_webp


def picture_format(data: bytes) -> PictureFormat | None:
    """The format that a file begins like, or None where it is no such picture."""
    if data.startswith(_PNG):
        return "PNG"
    if data.startswith(_JPEG):
        return "JPEG"
    if data.startswith(_GIF):
        return "GIF"
    return "WEBP" if is_webp(data) else None


def read_container(data: bytes, format: PictureFormat) -> Container:
    """Take a picture file apart.

    Args:
        data: The file.
        format: What `picture_format()` found.

    Raises:
        DamagedPicture: It is cut off or breaks the format.
    """
    readers = {"PNG": read_png, "JPEG": read_jpeg, "GIF": read_gif, "WEBP": read_webp}
    container = readers[format](data)
    if 0 in container.size:
        raise DamagedPicture("its width or height is 0")
    return container


__all__ = ["Container", "DamagedPicture", "Exif", "picture_format", "read_container", "read_exif"]
