"""Characters that nobody sees, or that only look like others: taken out before a text is read."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ufffd\ue000-\uf8ff]")
_TAGS = re.compile("[\U000e0020-\U000e007e]+")
_SUSPICIOUS = re.compile("[\u200b\u2060-\u2064\u180e]")
_SPACE = re.compile(r"\s+")
_STRAY_ACCENT = re.compile(r"\s[\u0300-\u036f]+")


def tidy(text: str) -> str:
    """``text`` in NFKC on one line, without control, zero-width, bidi and private-use characters."""
    plain = unicodedata.normalize("NFKC", _CONTROL.sub(" ", _UNSEEN.sub("", text)))
    return _SPACE.sub(" ", _STRAY_ACCENT.sub("", plain)).strip()


def smuggled(text: str) -> list[str]:
    """What a text says in characters that are not shown: tag characters spell ASCII, and words broken up
    by zero-width characters are given whole. A place to break an address or a long name is none."""
    found = ["".join(chr(ord(char) - 0xE0000) for char in run) for run in _TAGS.findall(text)]
    for broken, words in groupby(text.split(), _broken):
        run = " ".join(words)
        found += [tidy(run)] if broken and len(_SUSPICIOUS.findall(run)) > 1 else []
    return [words for words in found if words.strip()]


def _broken(word: str) -> bool:
    """Whether a word is cut into pieces of three letters or less."""
    pieces = [piece for piece in _SUSPICIOUS.split(word) if piece]
    return len(pieces) > 1 and sum(map(len, pieces)) <= 3 * len(pieces)
