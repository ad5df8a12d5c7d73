"""Text without characters that nobody sees, on every platform and in what people type."""

from __future__ import annotations

import re

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)


def visible(words: str) -> str:
    """``words`` without controls, which could command a terminal, characters without width, and those that
    turn the direction of what follows. Lines stay, and so do the two joiners, which Persian and the
    languages of India write with."""
    return _UNSEEN.sub("", words)
