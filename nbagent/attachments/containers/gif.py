"""GIF: a canvas, and then images and extensions, each in small blocks.

Source: GIF89a specification, https://www.w3.org/Graphics/GIF/spec-gif89a.txt
"""

from nbagent.attachments.containers.container import Container, DamagedPicture, Reader

SIGNATURES = (b"GIF87a", b"GIF89a")

_IMAGE, _EXTENSION, _END = 0x2C, 0x21, 0x3B
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOP_NAMES = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def read_gif(data: bytes) -> Container:
    """Take a GIF apart.

    Raises:
        DamagedPicture: It is cut off before its first frame ends, or breaks the format.
    """
    reader = Reader(data)
    header = reader.take(13)
    width = int.from_bytes(header[6:8], "little")
    height = int.from_bytes(header[8:10], "little")
    _take_palette(reader, header[10])
    kept: list[bytes | memoryview] = [reader.since(0)]
    extras = animated = False
    frame_seen = False
    while not animated:
        if frame_seen and not reader.rest:
            break  # many writers forget the end mark
        start = reader.position
        kind = reader.number(1, "little")
        if kind == _END:
            break
        if kind == _IMAGE and frame_seen:
            animated = True
        elif kind == _IMAGE:
            left, top, frame_width, frame_height = _take_image(reader)
            # Readers enlarge the canvas to what is drawn on it.
            width = max(width, left + frame_width)
            height = max(height, top + frame_height)
            kept.append(reader.since(start))
            frame_seen = True
        elif kind == _EXTENSION:
            label = reader.number(1, "little")
            name = _skip_blocks(reader)
            if label == _GRAPHIC_CONTROL:
                if not frame_seen:
                    kept[1:] = [reader.since(start)]
            elif not (label == _APPLICATION and name in _LOOP_NAMES):
                extras = True
        else:
            raise DamagedPicture("its parts are not where they should be")
    if not frame_seen:
        raise DamagedPicture("it has no picture in it")
    return Container(
        format="GIF",
        size=(width, height),
        bare=b"".join([*kept, bytes([_END])]),
        animated=animated,
        extras=extras or (not animated and reader.is_followed),
    )


def _take_palette(reader: Reader, flags: int) -> None:
    if flags & 0x80:
        reader.take(3 << (1 + (flags & 7)))


def _take_image(reader: Reader) -> tuple[int, int, int, int]:
    """Pass an image; gives its place on the canvas and its size."""
    place = reader.take(9)
    left, top, width, height = (
        int.from_bytes(place[at : at + 2], "little") for at in range(0, 8, 2)
    )
    _take_palette(reader, place[8])
    reader.take(1)
    _skip_blocks(reader)
    return left, top, width, height


def _skip_blocks(reader: Reader) -> bytes:
    """Pass a run of blocks up to the empty one; gives the first."""
    first = b""
    while length := reader.number(1, "little"):
        block = reader.take(length)
        first = first or bytes(block)
    return first
