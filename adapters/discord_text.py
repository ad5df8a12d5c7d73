"""Text for Discord: spans as its Markdown, hostile words defused, and cutting that loses no word; pure.

Paper titles and model output may hold ``@everyone``, ``<@&role>``, masked links, spoilers or code fences.
Every character that Discord's Markdown gives a meaning is escaped; that nothing pings besides is the work of
``allowed_mentions`` (https://docs.discord.com/developers/resources/message#allowed-mentions-object).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from bot.doc import Span, Text
from bot.render.clean import visible

Json: TypeAlias = dict[str, Any]

_SPECIAL = re.compile(r"([\\`*_~|<>\[\]#@])")
_SCHEME = re.compile(r"(?i)\b(https?|ftp|steam|discord|mailto):(?=\S)")
_LINE_START = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))", re.MULTILINE)
_LINK = re.compile(r"https?://[^\s<>]+\Z", re.IGNORECASE)
_PERSON = re.compile(r"discord:(\d+)")
_WORD = re.compile(r"\s*\S+|\s+\Z")


def escape(words: str) -> str:
    """``words`` so that Discord shows them as they are, and makes nothing of them."""
    words = _SPECIAL.sub(r"\\\1", visible(words))
    words = _SCHEME.sub(r"\1\\:", words)
    return _LINE_START.sub(_still, words)


def _still(match: re.Match[str]) -> str:
    return f"{match[1]}\\{match[2]}" if match[2] in "-+" else f"{match[1]}{match[2]}\\"


def address(url: str | None) -> str | None:
    """The address if Discord would take it as a link, its unsafe characters encoded; else None."""
    if not url:
        return None
    url = visible(url).strip().replace(" ", "%20").replace("<", "%3C").replace(">", "%3E")
    url = url.replace("(", "%28").replace(")", "%29").replace("\n", "").replace("\\", "%5C")
    return url if _LINK.match(url) and len(url) <= 512 else None


def inline(text: Iterable[Span]) -> str:
    """Spans as Markdown on one line or several, as they stand."""
    return "".join(_span(span) for span in text)


def one_line(text: Iterable[Span]) -> str:
    """Spans as Markdown, every break turned into a space."""
    return inline(replace(span, text=" ".join(span.text.split("\n"))) for span in text)


def _span(span: Span) -> str:
    """A span; the space at its ends stays outside the marks, or they would not be taken as marks. A person
    is shown by name: Discord makes it of the id, and ``allowed_mentions`` keeps them from being pinged."""
    if person := _PERSON.fullmatch(span.person or ""):
        return f"<@{person[1]}>"
    body = span.text.strip()
    if not body:
        return visible(span.text)
    at = span.text.index(body)
    before, after = span.text[:at], span.text[at + len(body) :]
    return f"{before}{_marked(span, body)}{after}"


def _marked(span: Span, body: str) -> str:
    words = _code(body) if span.code else escape(body)
    if span.italic:
        words = f"*{words}*"
    if span.bold:
        words = f"**{words}**"
    url = address(span.link)
    return f"[{words}](<{url}>)" if url else words


def _code(words: str) -> str:
    """A code span; words with a grave accent cannot stand in one and are escaped instead."""
    words = " ".join(visible(words).split("\n"))
    return escape(words) if "`" in words else f"`{words}`"


def cut(text: Sequence[Span], limit: int) -> list[Text]:
    """``text`` in pieces whose Markdown has at most ``limit`` characters, cut between words.

    Joined, the pieces give every character but the space at each cut; a word that alone is too long is cut
    within.
    """
    pieces: list[list[Span]] = [[]]
    used = 0
    for word in _words(text, limit):
        length = _cost(word, pieces[-1])
        if used + length > limit and pieces[-1]:
            pieces.append([])
            word = replace(word, text=word.text.lstrip())
            used, length = 0, len(_span(word))
        if word.text:
            pieces[-1].append(word)
            used += length
    return [_joined(piece) for piece in pieces if piece] or [()]


def _cost(word: Span, before: Sequence[Span]) -> int:
    """Characters that a word adds: its marks, such as a link's address, stand once for words alike."""
    last = before[-1] if before and before[-1].text.strip() else None
    alike = last and not (word.code or word.person) and _style(last) == _style(word)
    return len(_span(replace(word, bold=False, italic=False, link=None) if alike else word))


def _style(span: Span) -> Span:
    return replace(span, text="")


def _words(text: Iterable[Span], limit: int) -> Iterator[Span]:
    """One span a word, with the space before it."""
    for span in text:
        for match in _WORD.finditer(span.text):
            yield from _short(replace(span, text=match[0]), limit)


def _short(span: Span, limit: int) -> Iterator[Span]:
    while len(_span(span)) > limit and len(span.text) > 1:
        half = len(span.text) // 2
        yield from _short(replace(span, text=span.text[:half]), limit)
        span = replace(span, text=span.text[half:])
    yield span


def _joined(words: Iterable[Span]) -> Text:
    out: list[Span] = []
    for word in words:
        if out and _style(out[-1]) == _style(word):
            out[-1] = replace(out[-1], text=out[-1].text + word.text)
        else:
            out.append(word)
    return tuple(out)


def shorten(words: str, limit: int) -> str:
    """``words`` in at most ``limit`` characters, for labels: cut at a word with "…" where they are longer."""
    words = " ".join(visible(words).split())
    if len(words) <= limit:
        return words
    head = words[: limit - 1]
    gap = head.rfind(" ")
    return (head[:gap] if gap > limit // 2 else head).rstrip(" ,;:") + "…"
