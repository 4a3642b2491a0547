"""The two things about a photo's EXIF data that matter here: which way is up, and a place.

Source: CIPA DC-008, Exchangeable image file format, section 4.6.
"""

from dataclasses import dataclass

_ORIENTATION, _PLACE = 0x0112, 0x8825
_BYTE_ORDERS = {b"II*\x00": "little", b"MM\x00*": "big"}


@dataclass(frozen=True)
class Exif:
    """What a camera noted.

    Attributes:
        orientation: 1 for an upright picture, 2 to 8 for mirrored and turned ones.
        has_place: Whether it says where the photo was taken.
    """

    orientation: int = 1
    has_place: bool = False


def read_exif(data: bytes) -> Exif:
    """Read the first directory of EXIF data; what is broken counts as absent."""
    order = _BYTE_ORDERS.get(data[:4])
    if order is None:
        return Exif()

    def number(at: int, length: int) -> int:
        return int.from_bytes(data[at : at + length], "little" if order == "little" else "big")

    directory = number(4, 4)
    orientation = 1
    has_place = False
    for index in range(number(directory, 2)):
        entry = directory + 2 + 12 * index
        if entry + 12 > len(data):
            break
        tag = number(entry, 2)
        if tag == _ORIENTATION and 1 <= number(entry + 8, 2) <= 8:
            orientation = number(entry + 8, 2)
        has_place = has_place or tag == _PLACE
    return Exif(orientation, has_place)
