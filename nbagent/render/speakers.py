"""How a participant is told from the others: a heading with a colour and a letter."""

import unicodedata
import zlib
from html import escape

from nbagent.render.plain_text import one_line

COLOURS = 8
"""How many speaker colours transcript.css has."""

_HUES = (
    "#6b737d", "#2f6fdb", "#0d8071", "#8a4fd6", "#b35714", "#c23a77", "#467d1c", "#0d7899",
    "#8a6800",
)  # fmt: skip
"""The colours of transcript.css, for pictures that it does not reach."""

_USER_NAMES = {"user", "user_proxy", "human"}


class Speakers:
    """Hands out colours: the same name has the same one, also in another transcript.

    A colour that is taken goes to nobody else while one is free, so a name's colour depends on
    those who spoke before it, and on nobody after.
    """

    def __init__(self) -> None:
        self._colours: dict[str, int] = {}

    def known(self, source: str) -> int:
        """The number of the colour of one who has spoken; 0 for others, who are given none."""
        return self._colours.get(source, 0)

    def colour(self, source: str) -> int:
        """The number of the speaker's colour: 0 for the user, else 1 to `COLOURS`."""
        if source.lower() in _USER_NAMES:
            return 0
        known = self._colours.get(source)
        if known is not None:
            return known
        colour = zlib.crc32(source.encode("utf-8", "surrogatepass")) % COLOURS
        taken = set(self._colours.values())
        for step in range(COLOURS):
            if (colour + step) % COLOURS + 1 not in taken:
                colour += step
                break
        self._colours[source] = colour % COLOURS + 1
        return self._colours[source]


def speaker_hue(colour: int) -> str:
    """The speaker colour with this number, as CSS and SVG write it."""
    return _HUES[colour]


def speaker_heading(source: str) -> str:
    """The heading over what a participant says."""
    name = escape(one_line(source)) or "unnamed"
    letter = speaker_letter(source)
    mark = f" nbagent-mark-{letter}" if letter else ""
    return f'<h4 class="nbagent-speaker{mark}">{name}</h4>'


def speaker_letter(source: str) -> str:
    """The Latin letter that a name begins with; empty where it begins with another."""
    first = unicodedata.normalize("NFKD", source.strip()[:1])[:1].lower()
    return first if "a" <= first <= "z" else ""
