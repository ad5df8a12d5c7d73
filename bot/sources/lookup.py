"""Crossref and OpenAlex: a DOI or a title made into a paper, and where a preprint was published.

https://api.crossref.org (its REST API documentation), https://docs.openalex.org
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import quote

from bot import identity
from bot.domain import Paper, PaperId
from bot.errors import NotFound, SourceError, Unreadable
from bot.sources import dates, door, people
from bot.sources.markup import plain
from bot.web import Bounds, Web

_BOUNDS = Bounds(size=10_000_000, seconds=30, tries=2)
_JOURNAL_TYPES = frozenset(
    {"journal-article", "proceedings-article", "book-chapter", "article", "conference-paper"}
)
_LONGEST_ABSTRACT = 20_000


class _Name(door.Foreign):
    given: door.Words = ""
    family: door.Words = ""
    name: door.Words = ""


class _When(door.Foreign):
    parts: tuple[tuple[int | None, ...], ...] = ()

    def day(self) -> date | None:
        numbers = [str(part) for part in (self.parts[0] if self.parts else ()) if part is not None]
        return dates.day("-".join(numbers))


class _Work(door.Foreign):
    """A work as Crossref has it."""

    DOI: str
    title: tuple[str, ...] = ()
    author: tuple[_Name, ...] = ()
    abstract: door.Words = ""
    type: door.Words = ""


class _Author(door.Foreign):
    display_name: door.Words = ""


class _Authorship(door.Foreign):
    author: _Author = _Author()
    raw_author_name: door.Words = ""


class _Venue(door.Foreign):
    display_name: door.Words = ""
    type: door.Words = ""


class _Location(door.Foreign):
    landing_page_url: door.Words = ""
    source: _Venue | None = None


class _Alex(door.Foreign):
    """A work as OpenAlex has it."""

    id: door.Words = ""
    doi: door.Words = ""
    title: door.Words = ""
    display_name: door.Words = ""
    publication_date: door.Words = ""
    type: door.Words = ""
    authorships: tuple[_Authorship, ...] = ()
    primary_location: _Location | None = None
    abstract_inverted_index: dict[str, list[int]] | None = None
    is_retracted: bool | None = None


class Lookups:
    """Asks Crossref, and OpenAlex for what Crossref does not have. ``contact`` is an e-mail address that
    both ask for, to be told of trouble; they serve those who give one first."""

    def __init__(self, web: Web, *, crossref_url: str, openalex_url: str, contact: str = "") -> None:
        self._web = web
        self._crossref = crossref_url.rstrip("/")
        self._openalex = openalex_url.rstrip("/")
        self._contact = {"mailto": contact} if contact else {}

    async def find(self, ids: Sequence[PaperId]) -> Sequence[Paper]:
        """The papers with those DOIs. Raises SourceError."""
        found = []
        for paper_id in ids:
            if paper_id.startswith("doi:") and (paper := await self._by_doi(paper_id.removeprefix("doi:"))):
                found.append(paper)
        return found

    async def search(self, words: str, *, limit: int, since: date | None = None) -> Sequence[Paper]:
        """OpenAlex's newest works for plain words. Raises SourceError."""
        params = {"search": words, "sort": "publication_date:desc", "per-page": str(min(limit, 200))}
        if since is not None:
            params["filter"] = f"from_publication_date:{since}"
        page = await self._ask(f"{self._openalex}/works", params)
        return parse_openalex(page)[:limit] if page is not None else ()

    async def by_title(self, title: str, author: str = "") -> Paper | None:
        """The work with that title (letters and digits compared), or None. Raises SourceError."""
        for paper in await self._candidates(title, author):
            if identity.title_key(paper.title, ("x",)) == identity.title_key(title, ("x",)) != "":
                return paper
        return None

    async def journal_version(self, paper: Paper) -> Paper | None:
        """What a preprint was published as: the same title and first author in a journal or proceedings,
        or the work that Crossref says it is the preprint of. Raises SourceError."""
        if paper.doi:
            return await self._by_doi(paper.doi)
        if paper.id.startswith("doi:"):
            page = await self._ask(f"{self._crossref}/works/{quote(paper.id[4:], safe='')}", {})
            if page is not None and (doi := preprint_of(page)):
                return await self._by_doi(doi)
        key = identity.title_key(paper.title, paper.authors)
        if not key:
            return None
        for candidate in await self._candidates(paper.title, paper.authors[0]):
            same = identity.title_key(candidate.title, candidate.authors) == key
            if same and candidate.journal and not identity.is_preprint(candidate.id):
                return candidate
        return None

    async def _by_doi(self, doi: str) -> Paper | None:
        quoted = quote(doi, safe="")
        page = await self._ask(f"{self._crossref}/works/{quoted}", {})
        paper = next(iter(parse_crossref(page)), None) if page is not None else None
        if paper is not None and paper.abstract:
            return paper
        try:
            page = await self._ask(f"{self._openalex}/works/doi:{quoted}", {})
        except SourceError:
            if paper is None:
                raise
            return paper
        other = next(iter(parse_openalex(page)), None) if page is not None else None
        return _completed(paper, other) if paper and other else paper or other

    async def _candidates(self, title: str, author: str) -> Sequence[Paper]:
        params = {"query.title": title[:300], "rows": "5"}
        if author:
            params["query.author"] = author
        page = await self._ask(f"{self._crossref}/works", params)
        return parse_crossref(page) if page is not None else ()

    async def _ask(self, url: str, params: Mapping[str, str]) -> bytes | None:
        """The answer; None where there is no such work."""
        try:
            page = await self._web.get(
                url, params={**params, **self._contact}, accept="application/json", bounds=_BOUNDS
            )
        except NotFound:
            return None
        return page.body


def parse_crossref(body: bytes) -> tuple[Paper, ...]:
    """The works in an answer of Crossref, those without DOI or title left out. Raises Unreadable."""
    message = _message(body)
    raw = message.get("items", [message])
    if not isinstance(raw, list) or ("items" not in message and "DOI" not in message):
        raise Unreadable("Crossref's answer holds no works.")
    papers = (_crossref_paper(item) for item in raw if isinstance(item, dict))
    return tuple(paper for paper in papers if paper is not None)


def parse_openalex(body: bytes) -> tuple[Paper, ...]:
    """The works in an answer of OpenAlex, those without title left out. Raises Unreadable."""
    raw = door.load(body)
    if not isinstance(raw, dict):
        raise Unreadable("OpenAlex's answer is no object.")
    items = raw.get("results", [raw])
    if not isinstance(items, list) or ("results" not in raw and "authorships" not in raw):
        raise Unreadable("OpenAlex's answer holds no works.")
    papers = (_openalex_paper(item) for item in items if isinstance(item, dict))
    return tuple(paper for paper in papers if paper is not None)


def preprint_of(body: bytes) -> str:
    """The DOI that Crossref says this work is the preprint of; empty if it says nothing."""
    relation = _message(body).get("relation")
    stated = relation.get("is-preprint-of") if isinstance(relation, dict) else None
    for one in stated if isinstance(stated, list) else ():
        if isinstance(one, dict) and one.get("id-type") == "doi":
            return identity.bare_doi(str(one.get("id", "")))
    return ""


def _message(body: bytes) -> dict[str, Any]:
    raw = door.load(body)
    message = raw.get("message") if isinstance(raw, dict) else None
    if not isinstance(message, dict):
        raise Unreadable("Crossref's answer has no message.")
    return message


def _crossref_paper(raw: dict[str, Any]) -> Paper | None:
    try:
        work = door.read(_Work, raw)
    except Unreadable:
        return None
    paper_id = identity.doi(work.DOI)
    title = plain(" ".join(work.title))
    if paper_id is None or not title:
        return None
    preprint = identity.is_preprint(paper_id) or work.type == "posted-content"
    names = [f"{one.given} {one.family}".strip() or one.name for one in work.author]
    journal = _first_words(raw.get("container-title")) if work.type in _JOURNAL_TYPES or not preprint else ""
    return Paper(
        id=paper_id,
        title=title,
        abstract=_without_heading(plain(work.abstract[:_LONGEST_ABSTRACT])),
        authors=people.listed(names),
        published=_issued(raw),
        source="crossref",
        url=identity.address(paper_id),
        journal=plain(journal),
        doi="" if preprint or paper_id.startswith("arxiv:") else paper_id.removeprefix("doi:"),
        retracted=_is_retracted(raw),
    )


def _openalex_paper(raw: dict[str, Any]) -> Paper | None:
    try:
        work = door.read(_Alex, raw)
    except Unreadable:
        return None
    landing = work.primary_location.landing_page_url if work.primary_location else ""
    paper_id = identity.doi(work.doi) or (identity.from_link(landing) if landing else None)
    title = plain(work.title or work.display_name)
    if not title or (paper_id is None and not landing.startswith("http")):
        return None
    paper_id = paper_id or identity.by_address(landing)
    venue = work.primary_location.source if work.primary_location else None
    journal = venue.display_name if venue and venue.type in ("journal", "conference") else ""
    preprint = identity.is_preprint(paper_id)
    names = [one.author.display_name or one.raw_author_name for one in work.authorships]
    return Paper(
        id=paper_id,
        title=title,
        abstract=_unfolded(work.abstract_inverted_index or {}),
        authors=people.listed(names),
        published=dates.day(work.publication_date),
        source="openalex",
        url=identity.address(paper_id),
        journal="" if preprint else plain(journal),
        doi=paper_id.removeprefix("doi:") if paper_id.startswith("doi:") and not preprint else "",
        retracted=bool(work.is_retracted),
    )


def _completed(paper: Paper, other: Paper) -> Paper:
    return replace(
        paper,
        abstract=paper.abstract or other.abstract,
        authors=paper.authors or other.authors,
        journal=paper.journal or other.journal,
        retracted=paper.retracted or other.retracted,
    )


def _issued(raw: Mapping[str, Any]) -> date | None:
    for name in ("published-online", "published", "issued", "posted", "created"):
        value = raw.get(name)
        if isinstance(value, dict):
            try:
                found = door.read(_When, {"parts": value.get("date-parts") or ()}).day()
            except Unreadable:
                continue
            if found is not None:
                return found
    return None


def _is_retracted(raw: Mapping[str, Any]) -> bool:
    """Whether a later notice retracts the work; a correction does not."""
    notices = raw.get("updated-by")
    kinds = [one.get("type") for one in notices if isinstance(one, dict)] if isinstance(notices, list) else []
    return any(kind in ("retraction", "withdrawal", "removal") for kind in kinds)


def _first_words(value: Any) -> str:
    return next((one for one in value if isinstance(one, str)), "") if isinstance(value, list) else ""


def _without_heading(abstract: str) -> str:
    for heading in ("Abstract", "ABSTRACT", "Summary", "SUMMARY"):
        if abstract.startswith(heading) and abstract[len(heading) : len(heading) + 1] in (" ", ":", "."):
            return abstract[len(heading) :].lstrip(" :.")
    return abstract


def _unfolded(index: Mapping[str, Sequence[int]]) -> str:
    """The abstract that OpenAlex stores as the places of each word."""
    placed = sorted((place, word) for word, places in index.items() for place in places[:_LONGEST_ABSTRACT])
    return plain(" ".join(word for _, word in placed[:_LONGEST_ABSTRACT]))
