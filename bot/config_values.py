"""What single values of the configuration may be; what is said where they are not."""

from __future__ import annotations

import re
from typing import Annotated
from unicodedata import category
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from bot.domain import Topic

MOST_WORDS = 2_000
"""Characters of a topic, or of a word to leave out: no more can be typed in chat either."""
_PLATFORMS = ("slack", "discord", "terminal")
_NUMBER = re.compile(r"[0-9]{1,20}")


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f'"{name}" is no IANA time zone, such as "Europe/Berlin" or "UTC"')
    return name


def address(url: str) -> str:
    """The address, if it is one of the web. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f'"{url}" is no http:// or https:// address')
    return url


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(
            "this names an environment variable (letters, digits, _); put the secret itself into it"
        )
    return name


def _channel(name: str) -> str:
    platform, _, native = name.partition(":")
    if platform not in _PLATFORMS or not native or any(c.isspace() for c in native):
        raise ValueError(f'"{name}" is no channel; write "slack:C0123", "discord:456" or "terminal:main"')
    if platform == "discord" and not _NUMBER.fullmatch(native):
        raise ValueError(
            f'"{name}" is no channel; on Discord its id is a number: right-click it, Copy Channel ID'
        )
    return name


def _person(name: str) -> str:
    platform, _, native = name.partition(":")
    if platform not in _PLATFORMS or not native:
        raise ValueError(f'"{name}" is no person; write "slack:U0123" or "discord:456"')
    if platform == "discord" and not _NUMBER.fullmatch(native):
        raise ValueError(
            f'"{name}" is no person; on Discord their id is a number: right-click them, Copy User ID'
        )
    return name


def _plain(words: str) -> str:
    """Words on one line, as they are shown and looked for."""
    odd = next((c for c in words if c != "\t" and category(c) in ("Cc", "Cs", "Zl", "Zp")), "")
    if odd:
        raise ValueError(f"this must be one line of plain text; it holds the character U+{ord(odd):04X}")
    return words


def _topic(words: str) -> str:
    if not Topic.parse(words).phrases:
        raise ValueError("a topic is empty")
    return words


def _excluded(word: str) -> str:
    if not word.strip():
        raise ValueError("a word to leave out is empty; write one, or leave the list empty")
    return word


Zone = Annotated[str, AfterValidator(_zone)]
Address = Annotated[str, AfterValidator(address)]
Variable = Annotated[str, AfterValidator(_variable)]
ChannelName = Annotated[str, AfterValidator(_channel)]
Person = Annotated[str, AfterValidator(_person)]
Line = Annotated[str, AfterValidator(_plain)]
TopicWords = Annotated[Line, Field(max_length=MOST_WORDS), AfterValidator(_topic)]
Excluded = Annotated[Line, Field(max_length=MOST_WORDS), AfterValidator(_excluded)]
