"""XML from strangers, entry by entry: whole entries before a fault are kept, the broken one is named.

Entities, document types and the network are off, so that an entity bomb stays a few bytes of text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from bot.domain import Unusable
from bot.errors import Unreadable
from bot.sources.door import beginning

_CONTROL = bytes(set(range(32)) - {9, 10, 13})
_ENTITY = re.compile(rb"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9a-fA-F]+);)(\w{1,31};)?")
_DECLARED = re.compile(rb"\s*<\?xml[^<>]*\?>")
_ROOT = re.compile(rb"<(?![?!])[^<>]*>")


@dataclass(slots=True)
class Entries:
    """The entries of a feed, what stood before them, and what could not be read.

    ``cut`` tells that the answer ended in the middle.
    """

    entries: list[Any] = field(default_factory=list)
    head: Any = None
    unusable: list[Unusable] = field(default_factory=list)
    cut: bool = False


def entries(body: bytes, *names: str) -> Entries:
    """Read a feed whose entries are elements called one of ``names`` (with namespace, as lxml writes it).

    Raises Unreadable for what is no XML at all, such as a web page.
    """
    _refuse_foreign(body)
    body = body.translate(None, _CONTROL)
    try:
        return _whole(body, names)
    except etree.XMLSyntaxError:
        return _piecewise(body, names)


def text(element: Any, *paths: str) -> str:
    """The text of the first child found at one of ``paths``, tags inside it left out; empty if none."""
    for path in paths:
        found = element.find(path)
        if found is not None and (words := "".join(found.itertext()).strip()):
            return words
    return ""


def _refuse_foreign(body: bytes) -> None:
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise Unreadable("The answer is empty.")
    if start.startswith((b"<!doctype html", b"<html")) or b"<html" in start[:600]:
        raise Unreadable(f"The answer is a web page{_page_title(body)}, not a feed.")
    if not start.startswith(b"<"):
        raise Unreadable(f"The answer is no feed; it {beginning(body)}.")
    if b"<!doctype" in start or b"<!ENTITY" in body[:100_000]:
        raise Unreadable("The answer declares a document type, which no feed of arXiv does; it was not read.")


def _page_title(body: bytes) -> str:
    match = re.search(rb"<title[^>]*>([^<]{1,200})", body[:20000], re.IGNORECASE)
    return f" (“{_excerpt(match[1])}”)" if match else ""


def _excerpt(words: bytes) -> str:
    return html.unescape(" ".join(words[:80].decode("utf-8", "replace").split()))


def _parser() -> Any:
    return etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )


def _whole(body: bytes, names: tuple[str, ...]) -> Entries:
    parser = _parser()
    parser.feed(body)
    parser.close()
    found = Entries()
    for event, element in parser.read_events():
        if event == "start" and found.head is None:
            found.head = element
        elif event == "end" and element.tag in names:
            found.entries.append(element)
    return found


def _piecewise(body: bytes, names: tuple[str, ...]) -> Entries:
    """Read every entry by itself, between copies of the feed's first tag."""
    tags = {name.rpartition("}")[2].encode() for name in names}
    declared = _DECLARED.match(body)
    if declared is None or b"utf-8" in declared[0].lower():
        body = body.decode("utf-8", "replace").encode()
    root = _ROOT.search(body)
    if root is None:
        raise Unreadable("The answer is cut off before its first entry.")
    tag = root[0].lstrip(b"<").split(None, 1)[0].rstrip(b"/>")
    before, after = (declared[0].strip() if declared else b"") + root[0], b"</" + tag + b">"
    found = Entries(cut=not re.search(rb"</" + re.escape(tag) + rb"\s*>", body[-200:]))
    for number, piece in enumerate(_pieces(body, tags), 1):
        if not piece.closed:
            found.unusable.append(Unusable(f"entry {number}", "It is cut off."))
            found.cut = found.cut or piece.last
            continue
        try:
            one = _whole(before + _ENTITY.sub(_named, piece.body) + after, names)
        except etree.XMLSyntaxError as error:
            found.unusable.append(Unusable(f"entry {number}", f"It is broken XML ({_reason(error)})."))
            continue
        found.entries.extend(one.entries)
    return found


@dataclass(frozen=True, slots=True)
class _Piece:
    body: bytes
    closed: bool
    last: bool


def _pieces(body: bytes, tags: set[bytes]) -> Iterator[_Piece]:
    """From the opening tag of each entry to its closing one, or to the next opening one where it has none."""
    opening = re.compile(rb"<(?:" + b"|".join(re.escape(tag) for tag in tags) + rb")(?=[\s>])")
    starts = [match.start() for match in opening.finditer(body)]
    for number, start in enumerate(starts):
        stop = starts[number + 1] if number + 1 < len(starts) else len(body)
        end = max((body.rfind(b"</" + tag + b">", start, stop) + len(tag) + 3 for tag in tags), default=0)
        closed = end > start
        yield _Piece(body[start : end if closed else stop], closed, number + 1 == len(starts))


def _named(entity: re.Match[bytes]) -> bytes:
    """``&nbsp;`` as its character, a lone ``&`` as what was meant."""
    if entity[1] is None:
        return b"&amp;"
    letter = html.unescape(entity[0].decode("ascii", "replace"))
    return letter.encode() if not letter.startswith("&") else b"&amp;" + entity[1]


def _reason(error: Exception) -> str:
    return str(error).partition(", line")[0]
