"""Any RSS or Atom feed, read with feedparser: journals, blogs, saved searches.

Publishers put the DOI, the authors and the abstract wherever they like: in PRISM or Dublin Core elements, in
the link, or in the words of the description. Ids of entries change; a paper is known by its DOI, else by
its address without tracking.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from bot import identity
from bot.domain import FeedState, Harvest, Paper, PaperId, Sighting, SightingKind, Unusable
from bot.errors import NotFound, SourceError, Unreadable
from bot.page import Page
from bot.ports import Clock
from bot.sources import dates, door, people
from bot.sources.markup import plain
from bot.web import Bounds, Web

_ACCEPT = "application/rss+xml, application/atom+xml, application/rdf+xml, application/xml;q=0.9, */*;q=0.5"
_BOUNDS = Bounds(size=2_000_000, seconds=60)
_MOST = 1000
_MOST_TAGS = 100_000
"""feedparser takes two seconds of CPU and 40 MB for so many, escaped ones among them; real feeds have a
tenth of it."""
_COMMENT = re.compile(rb"(?:!|&#0*33;|&#x0*21;)(?:-|&#0*45;|&#x0*2d;)", re.IGNORECASE)
_MOST_COMMENTS = 2000
"""Python's parser of HTML searches the whole rest of a text for the end of each: 80,000 took it 8 s."""
_DISGUISED = re.compile(rb"\s*(?:\x4c\x6f|<\?xml[^>]{0,100}encoding=.utf-?7)", re.IGNORECASE)
"""EBCDIC and UTF-7, in which no feed is written, and in which entities could be declared unseen."""
_LONGEST_ID = 500
_FRESH = timedelta(days=3)
_NEWS = timedelta(days=45)
_DOI_FIELDS = ("prism_doi", "dc_identifier", "prism_url", "id", "link", "dc_source", "summary")
_DATE_FIELDS = ("published", "updated", "prism_publicationdate", "prism_coverdate", "dc_date", "created")
_JOURNAL_FIELDS = ("prism_publicationname", "prism_publicationtitle", "dc_source", "dc_publisher")
_ABSTRACT = re.compile(r"^.{0,600}?\b(?:Abstract|ABSTRACT|Summary)\b\s*[:.]?\s*", re.DOTALL)
_LEADS = re.compile(
    r"^(?:[\w .&:,-]{0,80}, Published online: [^;]{0,60}; doi:\s?10\.\S+\s?"
    r"|Publication date: .{0,60}?(?=Source:)|Source: .{0,160}?(?=Author)|Author\(s\): .*$"
    r"|Volume \d[^<]{0,100}\.\s*)"
)
_NAMED = re.compile(r"\bAuthors?(?:\(s\))?:\s*(.{3,2000}?)(?=\s*(?:Abstract\b|DOI:|Source:|$))")
_CORRECTION = re.compile(r"^(?:author |publisher )?(?:correction|erratum|corrigendum)\b", re.IGNORECASE)
_RETRACTED = re.compile(r"^\W*(?:retracted(?: article)?\b\s*[:\]-]|retraction(?: note)?\s*:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Issue:
    """One reading of a feed."""

    title: str
    papers: tuple[Paper, ...]
    unusable: tuple[Unusable, ...]
    cut: bool = False


class Feed:
    """The feed at ``url``; ``name`` is what its papers' source is called."""

    def __init__(self, web: Web, clock: Clock, *, name: str, url: str) -> None:
        self.name = name
        self._web = web
        self._clock = clock
        self._url = url

    async def fetch(self, memory: Mapping[str, str]) -> Harvest:
        """What the feed holds. On the first visit only the last three days are news, so that a feed that is
        added brings no flood; a feed that says it has not changed is quiet."""
        seen = memory if memory.get("url") == self._url else {}
        try:
            page = await self._web.get(self._url, accept=_ACCEPT, seen=seen, bounds=_BOUNDS)
            if page.unchanged:
                detail = "The feed has not changed since last time."
                return Harvest(self.name, state="quiet", detail=detail, memory=memory)
            issue = await asyncio.to_thread(parse, page.body, self.name, page.url)
        except (SourceError, NotFound) as error:
            return Harvest(self.name, state="failed", detail=f"{self.name}: {error}", memory=memory)
        return self._harvest(issue, page, memory, first=not seen)

    async def tried(self) -> Issue:
        """One reading, of which nothing is remembered. Raises SourceError, NotFound."""
        page = await self._web.get(self._url, accept=_ACCEPT, bounds=_BOUNDS)
        return await asyncio.to_thread(parse, page.body, self.name, page.url)

    def _harvest(self, issue: Issue, page: Page, memory: Mapping[str, str], *, first: bool) -> Harvest:
        now = self._clock.now().date()
        sightings = tuple(Sighting(paper, _kind(paper, now, first=first)) for paper in issue.papers)
        kept = {"url": self._url, **page.marks}
        if issue.cut:
            detail = f"{self.name}: the feed is cut off or broken after {len(sightings)} entries."
            return Harvest(self.name, sightings, issue.unusable, "failed", detail, memory=memory)
        if not sightings and issue.unusable:
            detail = f"{self.name}: no entry can be read; the first: {issue.unusable[0].reason}"
            return Harvest(self.name, (), issue.unusable, "failed", detail, memory=memory)
        state: FeedState = "ok" if sightings else "quiet"
        return Harvest(self.name, sightings, issue.unusable, state, memory=kept)


def parse(body: bytes, source: str, url: str = "") -> Issue:
    """Read a feed. Raises Unreadable for what is none."""
    import feedparser

    if not body.strip():
        raise Unreadable("The answer is empty.")
    _refuse_hostile(body.replace(b"\0", b""))  # UTF-16 too
    try:
        read = feedparser.parse(body, response_headers={"content-location": url} if url else None)
    except Exception as error:  # feedparser lets the errors of its many parts through
        raise Unreadable(f"The feed cannot be read ({type(error).__name__}).") from None
    if not read.get("version"):
        raise Unreadable(_no_feed(body))
    papers: dict[PaperId, Paper] = {}
    unusable: list[Unusable] = []
    journal = plain(str(read.feed.get("title", "")))
    for number, entry in enumerate(read.entries[:_MOST], 1):
        paper = _paper(entry, source, journal)
        if isinstance(paper, Paper):
            papers.setdefault(paper.id, paper)
        else:
            named = " ".join(str(entry.get("title") or entry.get("id") or "").split())
            unusable.append(Unusable(named[:80] or f"entry {number}", paper))
    return Issue(journal, tuple(papers.values()), tuple(unusable), _is_cut(body, read))


def _refuse_hostile(body: bytes) -> None:
    """Raise Unreadable for what would cost feedparser more than any real feed."""
    if b"<!ENTITY" in body or _DISGUISED.match(body):
        raise Unreadable("The feed declares entities of its own; it was not read.")
    tags = body.count(b"<") + body.count(b"&lt;")
    if tags > _MOST_TAGS or len(_COMMENT.findall(body)) > _MOST_COMMENTS:
        raise Unreadable("The feed has more markup than any real one; it was not read.")


def _is_cut(body: bytes, read: Any) -> bool:
    """feedparser mends what it can; a feed without its closing tag has lost something."""
    closing = re.search(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", body[-2000:], re.IGNORECASE)
    return bool(read.get("bozo")) and closing is None


def _no_feed(body: bytes) -> str:
    start = body[:3000].lower()
    if b"<html" in start or b"<!doctype html" in start:
        return "The address leads to a web page, not to a feed; look for the page's RSS link."
    return f"The answer is no RSS or Atom feed; it {door.beginning(body)}."


def _paper(entry: Any, source: str, journal: str) -> Paper | str:
    title = plain(_field(entry, "title"))
    if not title:
        return "It has no title."
    if _CORRECTION.match(title):
        return "It is a correction, not a paper."
    link = _field(entry, "link")
    paper_id = _identity(entry, link)
    if paper_id is None:
        return "It has neither a DOI nor an address."
    if len(paper_id) > _LONGEST_ID:
        return "Its DOI or address is longer than any real one."
    told = plain(_told(entry))
    published = _published(entry)
    in_journal = paper_id.startswith("doi:") and not identity.is_preprint(paper_id)
    return Paper(
        id=paper_id,
        title=re.sub(r"^\[[^\]]{1,40}\]\s*(?=\S)", "", title),
        abstract=_abstract(told, title),
        authors=_authors(entry, told),
        categories=_tags(entry),
        published=published,
        announced=published,
        source=source,
        url=link if link.startswith(("http://", "https://")) else identity.address(paper_id),
        journal=(_journal(entry, title) or journal) if in_journal else "",
        doi=paper_id.removeprefix("doi:") if in_journal else "",
        retracted=bool(_RETRACTED.match(title)),
    )


def _identity(entry: Any, link: str) -> PaperId | None:
    for name in _DOI_FIELDS:
        value = _field(entry, name)
        if name == "summary":
            stated = re.search(
                r"\bdoi:\s?(?:https?://doi\.org/)?(10\.\d{4,9}/[^\s<>\"]+)", value, re.IGNORECASE
            )
            value = stated[1] if stated else ""
        if value and (found := identity.parse(value)):
            return found
    if link.startswith(("http://", "https://")):
        return identity.by_address(link)
    return None


def _field(entry: Any, name: str) -> str:
    value = dict.get(entry, name)  # feedparser's own get warns about what it substitutes
    return value.strip() if isinstance(value, str) else ""


def _told(entry: Any) -> str:
    """The longest of the texts that an entry carries."""
    texts = [_field(entry, "summary"), _field(entry, "description")]
    contents = entry.get("content")
    if isinstance(contents, list):
        texts += [str(part.get("value") or "") for part in contents if isinstance(part, dict)]
    return max(texts, key=len)


def _abstract(told: str, title: str) -> str:
    """The words of the abstract, without the lines that publishers put before it."""
    words = _ABSTRACT.sub("", told, count=1) if _ABSTRACT.match(told) else told
    for _ in range(4):
        words = _LEADS.sub("", words, count=1).strip()
    return "" if words == title else words


def _authors(entry: Any, told: str) -> tuple[str, ...]:
    listed = entry.get("authors")
    names = (
        [str(one.get("name") or "") for one in listed if isinstance(one, dict)]
        if isinstance(listed, list)
        else []
    )
    names = [line for name in names for line in name.split("\n") if line.strip() and "@" not in line]
    if len(names) == 1 and (";" in names[0] or names[0].count(",") != 1):
        return people.split(names[0])
    if names:
        return tuple(people.turned(name) for name in names)
    stated = _NAMED.search(told)
    return people.split(stated[1]) if stated else ()


def _tags(entry: Any) -> tuple[str, ...]:
    tags = entry.get("tags")
    terms = (
        [str(tag.get("term") or "") for tag in tags if isinstance(tag, dict)]
        if isinstance(tags, list)
        else []
    )
    return tuple(dict.fromkeys(term for term in (plain(term)[:80] for term in terms) if term))[:20]


def _published(entry: Any) -> date | None:
    """The text of the date first: feedparser misreads forms like 2021/10/16."""
    for name in _DATE_FIELDS:
        if found := dates.day(_field(entry, name)):
            return found
    for name in ("published_parsed", "updated_parsed"):
        parsed = dict.get(entry, name)
        if parsed and parsed[0] > 1900 and (found := dates.of(*parsed[:3])):
            return found
    return None


def _journal(entry: Any, title: str) -> str:
    for name in _JOURNAL_FIELDS:
        value = plain(_field(entry, name))
        if value and value != title and not identity.parse(value):
            return re.sub(r", Published online:.*$", "", value)[:200]
    return ""


def _kind(paper: Paper, today: date, *, first: bool) -> SightingKind:
    age = today - paper.published if paper.published else None
    if first:
        return "new" if age is not None and age <= _FRESH else "known"
    return "known" if age is not None and age > _NEWS else "new"
