"""HTML in titles and abstracts of feeds, as one line of plain text."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from bot.tex import readable

_MARKUP = re.compile(r"<[a-zA-Z/!]|&(?:#\w+|\w+);")
_LONGEST = 60_000
_SILENT = frozenset({"script", "style", "head", "iframe", "svg"})
_BLOCKS = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "tr", "td", "h1", "h2", "h3", "h4", "section", "title", "sec"}
)
_SCRIPTS = {"sup": "^{", "sub": "_{"}


def plain(text: str) -> str:
    """``text`` without tags, entities and TeX, on one line; superscripts and subscripts in Unicode."""
    text = text[:_LONGEST]
    if not _MARKUP.search(text):
        return readable(text)
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return readable("".join(reader.parts))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag.rpartition(":")[2] in _BLOCKS:
            self.parts.append(" ")
        elif tag in _SCRIPTS:
            self.parts.append(_SCRIPTS[tag])

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag.rpartition(":")[2] in _BLOCKS:
            self.parts.append(" ")
        elif tag in _SCRIPTS:
            self.parts.append("}")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(html.unescape(data) if "&" in data else data)
