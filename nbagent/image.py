"""Image: a picture that keeps its original bytes and is decoded only when someone looks at it."""

import base64
import binascii
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import GetCoreSchemaHandler, ValidationInfo
from pydantic_core import core_schema

from nbagent.exceptions import ImageError

if TYPE_CHECKING:
    from PIL import Image as PILImage

MAX_BYTES = 50 * 1024 * 1024
"""The largest picture accepted, in bytes."""

MAX_PIXELS = 64_000_000
"""The largest picture accepted, in pixels; what a small file unpacks to may be far larger."""

_SHOWN_SIDE = 1024
"""Pixels of the longer side of a picture that a notebook shows as a cell's value."""

# The formats that chat models and browsers take as they are.
MIME_TYPES = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}

# What else is read and converted: pictures made of pixels alone. Pillow knows further formats,
# for some of which it starts other programs.
_CONVERTED = ("AVIF", "BMP", "ICO", "JPEG2000", "PPM", "TGA", "TIFF")

_DATA_URI = re.compile(r"data:image/[\w.+-]+;base64,", re.IGNORECASE)


class Image:
    """A picture in a message.

    Made from bytes, a file, base64 text or a Pillow image. The original bytes are kept and
    sent as they are, so nothing is encoded a second time and transparency survives. The
    header is read at once, so that a broken or oversized picture is refused where it was
    given; the pixels are decoded on the first use of `image`.

    Args:
        image: A Pillow image. It is encoded as PNG when its bytes are first needed.

    Raises:
        ImageError: The picture cannot be read, is in an unknown format, or exceeds
            `MAX_BYTES` or `MAX_PIXELS`.
    """

    def __init__(self, image: "PILImage.Image") -> None:
        _check_size(image.size, "the picture")
        self._data: bytes | None = None
        self._format = "PNG"
        self._pil: PILImage.Image | None = image
        self._size = image.size

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str = "the picture") -> "Image":
        """Make an image from the bytes of a picture file.

        Args:
            data: The file's bytes: PNG, JPEG, GIF, WEBP, or AVIF, BMP, ICO, JPEG 2000, PPM,
                TGA or TIFF, which are then converted to PNG.
            name: What an error calls the picture.
        """
        if len(data) > MAX_BYTES:
            raise ImageError(
                f"{name} has {len(data) / 1e6:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are "
                "accepted. Make it smaller first, for example with PIL.Image.thumbnail()."
            )
        pil = _open(data, name)
        _check_size(pil.size, name)
        if pil.format not in MIME_TYPES:
            return cls(pil)
        self = cls.__new__(cls)
        self._data = data
        self._format = pil.format
        self._pil = None
        self._size = pil.size
        return self

    @classmethod
    def from_pil(cls, pil_image: "PILImage.Image") -> "Image":
        """Make an image from a Pillow image."""
        return cls(pil_image)

    @classmethod
    def from_file(cls, file_path: "str | Path") -> "Image":
        """Read a picture file.

        Raises:
            ImageError: There is no such file, it cannot be read, or it is no picture.
        """
        path = Path(file_path)
        try:
            if path.stat().st_size > MAX_BYTES:
                size = path.stat().st_size / 1e6
                raise ImageError(
                    f"{str(path)!r} has {size:.1f} MB; at most {MAX_BYTES / 1e6:.0f} MB are "
                    "accepted. Make it smaller first."
                )
            data = path.read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            raise ImageError(
                f"cannot read the picture {str(path)!r}: {reason}. "
                f"The path is taken from the folder {str(Path.cwd())!r}."
            ) from error
        return cls.from_bytes(data, name=repr(str(path)))

    @classmethod
    def from_base64(cls, base64_str: str) -> "Image":
        """Make an image from the base64 text of a picture file."""
        try:
            data = base64.b64decode(base64_str, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ImageError(
                f"not valid base64: {base64_str[:40]!r}… ({error}). "
                "For a file use Image.from_file(path)."
            ) from error
        return cls.from_bytes(data)

    @classmethod
    def from_uri(cls, uri: str) -> "Image":
        """Make an image from a `data:image/...;base64,` URI.

        Remote addresses are refused: nbagent fetches nothing that a message names.
        """
        match = _DATA_URI.match(uri)
        if not match:
            raise ImageError(
                f"not a picture's data URI: {uri[:60]!r}. Expected 'data:image/png;base64,...'; "
                "for a file use Image.from_file(path)."
            )
        return cls.from_base64(uri[match.end() :])

    @property
    def image(self) -> "PILImage.Image":
        """The decoded picture."""
        if self._pil is None:
            assert self._data is not None
            pil = _open(self._data, "the picture")
            try:
                pil.load()
            except (OSError, SyntaxError, ValueError) as error:
                raise ImageError(f"the picture is damaged: {error}") from error
            self._pil = pil
        return self._pil

    @property
    def data(self) -> bytes:
        """The bytes of the picture file, as they were given."""
        if self._data is None:
            assert self._pil is not None
            buffer = io.BytesIO()
            _for_png(self._pil).save(buffer, "PNG")
            self._data = buffer.getvalue()
        return self._data

    @property
    def format(self) -> str:
        """The file format: "PNG", "JPEG", "GIF" or "WEBP"."""
        return self._format

    @property
    def mime_type(self) -> str:
        """The media type, such as "image/png"."""
        return MIME_TYPES[self._format]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def data_uri(self) -> str:
        """The picture as a `data:` URI."""
        return f"data:{self.mime_type};base64,{self.to_base64()}"

    def to_base64(self) -> str:
        """The bytes of the picture file as base64 text."""
        return base64.b64encode(self.data).decode("ascii")

    def to_openai_format(self, detail: Literal["auto", "low", "high"] = "auto") -> dict[str, Any]:
        """The picture as a part of an OpenAI chat message."""
        return {"type": "image_url", "image_url": {"url": self.data_uri, "detail": detail}}

    def thumbnail(self, max_side: int) -> "Image":
        """This picture, scaled down so that neither side exceeds `max_side` pixels.

        Returns the image itself when it is small enough already. A copy stands upright, as
        cameras write the rotation into a part of the file that the copy does not have.
        """
        if max(self._size) <= max_side:
            return self
        from PIL import ImageOps

        small = ImageOps.exif_transpose(self.image)
        small.thumbnail((max_side, max_side))
        if self._format != "JPEG":
            return Image(small)
        buffer = io.BytesIO()
        small.convert("RGB").save(buffer, "JPEG", quality=85)
        return Image.from_bytes(buffer.getvalue())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Image) and self.data == other.data

    def __hash__(self) -> int:
        return hash(self.data)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """How a notebook shows the picture; a large one is scaled down for the file's sake."""
        shown = self.thumbnail(_SHOWN_SIDE)
        if shown.format == "WEBP":  # not every notebook shows it
            shown = Image.from_pil(shown.image)
        return {shown.mime_type: shown.to_base64(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        width, height = self._size
        return f"<Image {self._format} {width}x{height}>"

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source_type: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Images appear in plain data as `{"data": base64}`, as in AgentChat."""

        def validate(value: Any, _: ValidationInfo) -> "Image":
            if isinstance(value, Image):
                return value
            if isinstance(value, dict) and isinstance(value.get("data"), str):  # pyright: ignore[reportUnknownMemberType]
                return cls.from_base64(value["data"])  # pyright: ignore[reportUnknownArgumentType]
            raise ValueError('expected an Image, or {"data": "<base64>"}')

        return core_schema.with_info_plain_validator_function(
            validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda image: {"data": image.to_base64()}
            ),
        )


def _open(data: bytes, name: str) -> "PILImage.Image":
    """Read a picture's header."""
    from PIL import Image as PILImage
    from PIL import UnidentifiedImageError

    PILImage.init()
    # Not every build of Pillow reads all of them.
    formats = [name for name in (*MIME_TYPES, *_CONVERTED) if name in PILImage.OPEN]
    try:
        return PILImage.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name} is not a picture that can be read (it starts with {data[:12]!r}). "
            "Use PNG, JPEG, GIF or WEBP."
        ) from error
    except (PILImage.DecompressionBombError, PILImage.DecompressionBombWarning) as error:
        raise ImageError(f"{name} has too many pixels: {error}") from error
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"{name} cannot be read: {error}") from error


def _for_png(picture: "PILImage.Image") -> "PILImage.Image":
    """The picture in a mode that PNG can store: a picture for print, say, becomes colour."""
    if picture.mode in ("1", "L", "LA", "I;16", "P", "RGB", "RGBA"):
        return picture
    if picture.mode.startswith("I"):  # deep greys, which as RGB would all become white
        return picture.convert("I").convert("I;16")
    return picture.convert({"La": "LA", "PA": "RGBA", "RGBa": "RGBA"}.get(picture.mode, "RGB"))


def _check_size(size: tuple[int, int], name: str) -> None:
    width, height = size
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"{name} has {width}x{height} pixels; at most {MAX_PIXELS / 1e6:.0f} million are "
            "accepted. Make it smaller first, for example with PIL.Image.thumbnail()."
        )
