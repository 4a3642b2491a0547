"""Pictures made fit for a model: upright, in plain colours, no larger than it looks at."""

import io
import struct
import zlib
from typing import TYPE_CHECKING

from nbagent import image as image_limits
from nbagent.attachments.containers import (
    Container,
    DamagedPicture,
    PictureFormat,
    read_container,
    read_exif,
)
from nbagent.image import Image

if TYPE_CHECKING:
    from PIL import Image as PILImage

JPEG_QUALITY = 90

_MEMORY_OF_WEBP = 2
"""So many times the memory of another decoder that of WEBP needs: it keeps two canvases."""

# What Pillow's decoders raise on files that break their format, with warnings as errors too.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    EOFError,
    MemoryError,
    Warning,
    struct.error,
    zlib.error,
)


def prepare_picture(
    data: bytes, format: PictureFormat, max_side: int
) -> tuple[Image, tuple[str, ...]]:
    """Make a model's picture from a file.

    Size and structure are judged before anything is decoded. The pixels are then decoded once
    even where nothing changes, so that a damaged picture is found here. Where nothing needs
    doing the picture has the file's own bytes.

    Args:
        data: The file.
        format: What it begins like.
        max_side: The longer side that the model gets, in pixels.

    Returns:
        The picture, and what was done to it, as sentences without a subject.

    Raises:
        DamagedPicture: It cannot be read, or has more than `nbagent.image.MAX_PIXELS`, of
            which a WEBP may have half.
    """
    container = read_container(data, format)
    _check_pixels(container)
    exif = read_exif(container.exif)
    picture, changes = _drawn(container, exif.orientation, max_side)
    notes: list[str] = []
    if container.animated:
        notes.append("animated: only its first frame is used")
    notes += changes
    if exif.has_place or b"GPS" in container.xmp:
        notes.append("place and camera data removed")
    elif container.exif or container.xmp:
        notes.append("camera data removed")
    if container.extras:
        notes.append("comments and other embedded data removed")
    return picture, tuple(notes)


def _check_pixels(container: Container) -> None:
    most = image_limits.MAX_PIXELS // (_MEMORY_OF_WEBP if container.format == "WEBP" else 1)
    width, height = container.size
    if width * height > most:
        raise DamagedPicture(
            f"it has {width}x{height} pixels, and at most {most / 1e6:.0f} million are accepted"
        )


def _drawn(container: Container, orientation: int, max_side: int) -> tuple[Image, list[str]]:
    """The picture, and what was changed about its pixels."""
    pixels = _decoded(container, max_side)
    changes: list[str] = []
    too_large = max(container.size) > max_side
    if pixels.mode.startswith("I"):
        pixels = _in_plain_mode(pixels)
        changes.append("16-bit grey made 8-bit")
    if too_large:
        pixels = _in_plain_mode(pixels)
        pixels.thumbnail((max_side, max_side))
    in_srgb = _in_srgb(pixels, container.icc_profile)
    if in_srgb is not None:
        pixels = in_srgb
        changes.append("colours converted to sRGB")
    elif pixels.mode == "CMYK":
        pixels = pixels.convert("RGB")
        changes.append("colours for print converted to RGB")
    if orientation != 1:
        pixels = _upright(_in_plain_mode(pixels), orientation)
        changes.append("turned upright")
    if too_large:
        changes.append(f"scaled to {pixels.width}x{pixels.height}")
    # Of an animated WEBP the first frame alone is still an animation.
    redrawn = container.animated and container.format == "WEBP"
    if changes or redrawn or len(container.bare) > image_limits.MAX_BYTES:
        return Image.from_bytes(_encoded(_in_plain_mode(pixels), container.lossy)), changes
    return Image.from_bytes(container.bare), changes


def _decoded(container: Container, max_side: int) -> "PILImage.Image":
    """The pixels; those of a large JPEG as small as the decoder can give them usefully."""
    from PIL import Image as PILImage
    from PIL import UnidentifiedImageError

    broken = (*_BROKEN, PILImage.DecompressionBombError)
    try:
        pixels = PILImage.open(io.BytesIO(container.bare), formats=(container.format,))
        # The size was judged by the header; a second one could claim another size.
        agreed = pixels.size == container.size
        if agreed:
            if max(container.size) > max_side:
                pixels.draft(None, (2 * max_side, 2 * max_side))
            pixels.load()
    except UnidentifiedImageError as error:
        raise DamagedPicture("its header is broken, or of a kind no decoder knows") from error
    except broken as error:
        raise DamagedPicture(str(error) or type(error).__name__) from error
    if not agreed:
        raise DamagedPicture("its parts disagree about its size")
    return pixels


def _in_plain_mode(pixels: "PILImage.Image") -> "PILImage.Image":
    """The picture in a mode that can be scaled and turned without loss of colour or alpha."""
    if pixels.mode.startswith("I"):
        # 16 bits; Pillow's own conversion cuts off what is brighter than 255.
        high_byte = [value >> 8 for value in range(1 << 16)]
        grey = pixels.convert("I").point(high_byte, "L")  # pyright: ignore[reportUnknownMemberType]
        grey.info.clear()
        return grey
    if pixels.mode == "P" or "transparency" in pixels.info:
        return pixels.convert("RGBA" if pixels.has_transparency_data else "RGB")
    return pixels.convert("L") if pixels.mode == "1" else pixels


def _in_srgb(pixels: "PILImage.Image", icc_profile: bytes) -> "PILImage.Image | None":
    """The picture with sRGB colours, or None where it has them or its profile is broken."""
    if not icc_profile:
        return None
    from PIL import ImageCms

    plain = pixels if pixels.mode == "CMYK" else _in_plain_mode(pixels)
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
        if "sRGB" in ImageCms.getProfileDescription(profile):
            return None
        return ImageCms.profileToProfile(
            plain,
            profile,
            ImageCms.createProfile("sRGB"),  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
            outputMode="RGBA" if plain.mode == "RGBA" else "RGB",
        )
    except (ImageCms.PyCMSError, ImportError, OSError, TypeError, ValueError):
        # Colours that nobody can interpret are taken as what pictures have by default.
        return None


def _upright(pixels: "PILImage.Image", orientation: int) -> "PILImage.Image":
    """Undo the EXIF orientation (CIPA DC-008, table 6)."""
    from PIL import Image as PILImage

    turn = {
        2: PILImage.Transpose.FLIP_LEFT_RIGHT,
        3: PILImage.Transpose.ROTATE_180,
        4: PILImage.Transpose.FLIP_TOP_BOTTOM,
        5: PILImage.Transpose.TRANSPOSE,
        6: PILImage.Transpose.ROTATE_270,
        7: PILImage.Transpose.TRANSVERSE,
        8: PILImage.Transpose.ROTATE_90,
    }
    return pixels.transpose(turn[orientation])


def _encoded(pixels: "PILImage.Image", lossy: bool) -> bytes:
    """A picture file: JPEG for photos, PNG for what must keep each pixel or its transparency."""
    pixels.info.clear()
    buffer = io.BytesIO()
    if lossy and pixels.mode in ("L", "RGB"):
        pixels.save(buffer, "JPEG", quality=JPEG_QUALITY)
    else:
        pixels.save(buffer, "PNG")
    return buffer.getvalue()
