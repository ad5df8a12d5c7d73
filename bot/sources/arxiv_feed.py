"""What arXiv announces in a day: its feed as Atom or RSS, read into sightings. Pure.

Read with lxml: feedparser takes more CPU and passes a cut-off entry off as a whole one
(docs/decisions/0040-arxiv-by-lxml.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

from bot import identity
from bot.domain import Paper, PaperId, Sighting, SightingKind, Unusable
from bot.errors import SourceError
from bot.sources import dates, people, xml
from bot.tex import readable

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_PREAMBLE = re.compile(
    r"\s*(?P<id>arXiv:\S+)\s+Announce Type:\s*(?P<kind>[a-z-]+)\s*(?:Abstract:\s*)?", re.IGNORECASE
)
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)*(?:\.[A-Za-z]+(?:-[a-z]+)*)?")
_WITHDRAWN = re.compile(
    r"\b(?:paper|article|submission|preprint|manuscript|version|work|draft)\b[^.]{0,40}?"
    r"\b(?:has|have|is|was|being|be|been|needs? to be)\b[^.]{0,20}?"
    r"\b(?:withdrawn|retracted)\b(?! from (?!arxiv))"
    r"|^\W*(?:withdrawn|retracted)\b(?! from (?!arxiv))|\bwithdrawn by (?:arxiv|the authors?)\b"
    r"|\bneeds? to be (?:withdrawn|retracted)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Batch:
    """One reading of the feed. ``day`` is arXiv's own date of the announcement; ``cut`` = ended midway."""

    sightings: tuple[Sighting, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    day: date | None = None
    quiet_days: frozenset[str] = field(default_factory=frozenset)
    cut: bool = False


def parse(body: bytes) -> Batch:
    """Read an announcement. Raises Unreadable for what is no feed, SourceError for an error that arXiv
    reports in a feed's clothes; broken entries are told, not raised."""
    found = xml.entries(body, f"{_ATOM}entry", "item")
    sightings: dict[str, Sighting] = {}
    unusable = list(found.unusable)
    for number, element in enumerate(found.entries, 1):
        sighting = _sighting(element)
        if isinstance(sighting, str):
            unusable.append(Unusable(_where(element, number), sighting))
        else:
            known = sightings.get(sighting.paper.id)
            sightings[sighting.paper.id] = _folded(known, sighting) if known else sighting
    days = [one.paper.announced for one in sightings.values() if one.paper.announced]
    head_day = _head_day(found.head)
    return Batch(
        tuple(sightings.values()),
        tuple(unusable),
        max(days, default=head_day),
        _quiet_days(found.head),
        found.cut,
    )


def is_withdrawn(comment: str, abstract: str) -> bool:
    """Whether the comment, or an abstract that consists of nothing else, says that the paper is withdrawn."""
    return bool(
        _WITHDRAWN.search(comment) or _WITHDRAWN.search(abstract[:120] if len(abstract) < 600 else "")
    )


def _sighting(element: Any) -> Sighting | str:
    """The sighting, or why the entry is of no use."""
    summary = xml.text(element, f"{_ATOM}summary", "description")
    preamble = _PREAMBLE.match(summary)
    if "/api/errors" in xml.text(element, f"{_ATOM}id"):
        raise SourceError(f"arXiv reports an error: {' '.join(summary.split())[:200]}.")
    versioned = _id(element, preamble)
    if versioned is None:
        return "It has no arXiv id."
    title = readable(xml.text(element, f"{_ATOM}title", "title"))
    if not title:
        return "It has no title."
    kind = _kind(element, preamble)
    if kind is None:
        return "Its announce type is none of new, cross, replace, replace-cross."
    base, version = versioned
    paper_id = PaperId(f"arxiv:{base}")
    announced = dates.day(xml.text(element, f"{_ATOM}published", "pubDate"))
    abstract = readable(summary[preamble.end() :] if preamble else summary)
    paper = Paper(
        id=paper_id,
        title=title,
        abstract=abstract,
        authors=_authors(element),
        categories=_categories(element),
        published=announced if kind == "new" else None,
        updated=announced if kind.startswith("replace") else None,
        announced=announced,
        source="arxiv",
        url=identity.address(paper_id),
        version=version or 1,
        journal=readable(xml.text(element, f"{_ARXIV}journal_reference")),
        doi=identity.bare_doi(xml.text(element, f"{_ARXIV}DOI")),
        withdrawn=is_withdrawn("", abstract),
    )
    return Sighting(paper, kind)


def _authors(element: Any) -> tuple[str, ...]:
    """All names in one dc:creator, as arXiv writes them; Atom's own authors where there is none."""
    if creators := [creator.text or "" for creator in element.iterfind(f"{_DC}creator")]:
        return people.split(", ".join(creators))
    atom = [name.text or "" for name in element.iterfind(f"{_ATOM}author/{_ATOM}name")]
    return people.listed(atom) if atom else people.split(xml.text(element, "author"))


def _id(element: Any, preamble: re.Match[str] | None) -> tuple[str, int | None] | None:
    written = [xml.text(element, f"{_ATOM}id", "guid"), preamble["id"] if preamble else ""]
    for text in written:
        if found := identity.arxiv_version(text):
            return found
    link = element.find(f"{_ATOM}link")
    address = link.get("href", "") if link is not None else xml.text(element, "link")
    return identity.arxiv_version(address.rpartition("/abs/")[2])


def _kind(element: Any, preamble: re.Match[str] | None) -> SightingKind | None:
    told = xml.text(element, f"{_ARXIV}announce_type") or (preamble["kind"] if preamble else "")
    for kind in get_args(SightingKind)[:4]:
        if told.strip().lower() == kind:
            return kind  # type: ignore[no-any-return]
    return None


def _categories(element: Any) -> tuple[str, ...]:
    atom = [category.get("term", "") for category in element.iterfind(f"{_ATOM}category")]
    rss = [category.text or "" for category in element.iterfind("category")]
    return categories(atom + rss)


def categories(names: list[str]) -> tuple[str, ...]:
    """The arXiv categories among ``names``, each once, without the classes of other schemes (MSC, ACM)."""
    return tuple(
        dict.fromkeys(name for name in (text.strip() for text in names) if _CATEGORY.fullmatch(name))
    )


def _folded(first: Sighting, second: Sighting) -> Sighting:
    """The same paper twice in a batch: the newer version, and ``new`` before every other kind."""
    order = get_args(SightingKind)
    kind = min(first.kind, second.kind, key=order.index)
    return Sighting(max(first.paper, second.paper, key=lambda paper: paper.version), kind)


def _where(element: Any, number: int) -> str:
    named = xml.text(element, f"{_ATOM}id", "guid") or xml.text(element, f"{_ATOM}title", "title")
    return " ".join(named.split())[:80] or f"entry {number}"


def _head_day(head: Any) -> date | None:
    if head is None:
        return None
    return dates.day(xml.text(head, f"{_ATOM}updated", "channel/pubDate", "channel/lastBuildDate"))


def _quiet_days(head: Any) -> frozenset[str]:
    if head is None:
        return frozenset()
    return frozenset((day.text or "").strip()[:3].lower() for day in head.iterfind("channel/skipDays/day"))
