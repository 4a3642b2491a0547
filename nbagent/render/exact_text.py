"""Text that somebody is asked to allow: each of its characters is seen, and none is left out."""

import re

# Controls but for tabs and line ends, format characters, fillers that look like nothing, and
# half surrogates. Joiners and variation selectors have work to do beside the letters of scripts
# and emoji; beside ASCII, or one after the other, they can only hide.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    "\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    "|(?<![^\x00-\x7f\u200c\u200d])[\u200c\u200d\ufe00-\ufe0f]"
    "|(?<=[\ufe00-\ufe0f])[\ufe00-\ufe0f]|[\u200c\u200d](?![^\x00-\x7f])"
)


def exact(text: str) -> str:
    """`text` with every character that cannot be seen shown by its number.

    Unlike `nbagent.render.plain_text.visible`, nothing is taken out, escape sequences neither.
    """
    return _UNSEEN.sub(_shown, text)


def _shown(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0x2400 + code) if code < 0x20 else f"⟨U+{code:04X}⟩"
