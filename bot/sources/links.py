"""Any link becomes a paper: by what the link itself says, else by the page's citation meta tags.

The tags are those that Google Scholar asks publishers for (``citation_title``…), with Dublin Core behind
them: https://scholar.google.com/intl/en/scholar/inclusion.html#indexing
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from typing import TypeAlias
from urllib.parse import urlsplit

from bot import identity
from bot.domain import Paper, PaperId
from bot.errors import NotFound, SourceError
from bot.ports import Lookup
from bot.sources import dates, people
from bot.sources.markup import plain
from bot.web import Bounds, Web

_BOUNDS = Bounds(size=5_000_000, seconds=30, tries=2, patience=30)
_TITLES = ("citation_title", "dc.title", "dcterms.title", "bepress_citation_title", "eprints.title")
_AUTHORS = ("citation_author", "citation_authors", "dc.creator", "dcterms.creator", "bepress_citation_author")
_DATES = (
    "citation_publication_date", "citation_online_date", "citation_date", "dc.date", "dcterms.issued",
    "prism.publicationdate", "article:published_time", "citation_year",
)  # fmt: skip
_DOIS = (
    "citation_doi",
    "dc.identifier",
    "prism.doi",
    "bepress_citation_doi",
    "citation_arxiv_id",
    "dc.identifier.doi",
)
_ABSTRACTS = ("citation_abstract", "dc.description", "dcterms.abstract", "og:description", "description")
_JOURNALS = (
    "citation_journal_title",
    "citation_conference_title",
    "prism.publicationname",
    "citation_inbook_title",
)
_MOST_TAGS = 5000
ByTitle: TypeAlias = Callable[[str], Awaitable[Paper | None]]
"""Finds the paper with a title; raises SourceError."""
_PDF_PAGES = (
    (re.compile(r"(https?://openreview\.net)/(?:pdf|attachment)\?(?:.*&)?id=([\w-]+).*"), r"\1/forum?id=\2"),
    (re.compile(r"(https?://(?:www\.)?aclanthology\.org/[\w.-]+?)(?:v\d+)?\.pdf.*"), r"\1/"),
    (re.compile(r"(https?://proceedings\.mlr\.press/v\d+)/([\w-]+)/\2\.pdf.*"), r"\1/\2.html"),
    (re.compile(r"(https?://openaccess\.thecvf\.com/.+)/papers/(.+)\.pdf.*"), r"\1/html/\2.html"),
)
"""Where the page stands that describes a PDF."""


class Links:
    """Turns what people paste into papers; ``lookups`` are asked in turn for papers with an id, ``titles``
    for those with a title. ``pages``: whether other links are followed."""

    def __init__(
        self,
        web: Web,
        lookups: Sequence[Lookup],
        titles: Sequence[ByTitle] = (),
        *,
        pages: bool = True,
    ) -> None:
        self._web = web
        self._lookups = tuple(lookups)
        self._titles = tuple(titles)
        self._pages = pages

    async def paper(self, written: str) -> Paper:
        """The paper behind a link, an id or a DOI. Raises NotFound or SourceError with a sentence."""
        written = written.strip().strip("<>")
        named = identity.parse(written)
        fault: SourceError | None = None
        if named is not None:
            try:
                return await self._known(named)
            except SourceError as error:
                fault = error
            except NotFound:
                if not _is_link(written):
                    raise
        if not _is_link(written):
            raise fault or NotFound("This names no paper; give a link, an arXiv id or a DOI.")
        if not self._pages:
            raise fault or NotFound("Looking links up is switched off here; give an arXiv id or a DOI.")
        return await self._page(written, named)

    async def titled(self, title: str) -> Paper | None:
        """The paper with that title, by letters and digits; None where nobody has it. Raises SourceError
        where nobody could be asked."""
        fault: SourceError | None = None
        asked = 0
        for look in self._titles:
            try:
                found = await look(title)
            except SourceError as error:
                fault = error
                continue
            asked += 1
            if found is not None:
                return found
        if fault is not None and not asked:
            raise fault
        return None

    async def _known(self, paper_id: PaperId) -> Paper:
        fault: SourceError | None = None
        for lookup in self._lookups:
            try:
                if found := await lookup.find([paper_id]):
                    return found[0]
            except SourceError as error:
                fault = error
        if fault is not None:
            raise fault
        raise NotFound(f"No paper with the id {paper_id.partition(':')[2]} was found; check it.")

    async def _page(self, link: str, named: PaperId | None) -> Paper:
        link = described(link)
        page = await self._web.get(link, accept="text/html, application/xhtml+xml", bounds=_BOUNDS)
        if page.body.startswith(b"%PDF-") or page.kind == "application/pdf":
            raise NotFound(
                "The link leads to a PDF without a description; drop the file itself into the thread."
            )
        found = parse(page.body, page.url)
        if found is None:
            raise NotFound(f"The page at {urlsplit(link).hostname} does not say which paper it shows.")
        best = named or found.id
        if best != by_page(page.url):
            try:
                return _merged(await self._known(best), found)
            except (SourceError, NotFound):
                return replace(found, id=best)
        return found


def described(link: str) -> str:
    """The page that describes the PDF at ``link``, where publishers have one; else the link itself.

    >>> described("https://aclanthology.org/2020.acl-main.447.pdf")
    'https://aclanthology.org/2020.acl-main.447/'
    """
    for pattern, page in _PDF_PAGES:
        if pattern.fullmatch(link):
            return pattern.sub(page, link)
    return link


def parse(body: bytes, url: str) -> Paper | None:
    """The paper that a page's meta tags describe; None where they name no title."""
    tags = _tags(body)
    title = plain(_first(tags, _TITLES))
    if not title:
        return None
    paper_id = _identity(tags) or identity.from_link(url) or by_page(url)
    journal = plain(_first(tags, _JOURNALS))
    in_journal = paper_id.startswith("doi:") and not identity.is_preprint(paper_id)
    return Paper(
        id=paper_id,
        title=title,
        abstract=_abstract(tags),
        authors=_authors(tags),
        published=next((day for name in _DATES for text in tags[name] if (day := dates.day(text))), None),
        source=(urlsplit(url).hostname or "").removeprefix("www."),
        url=url,
        journal=journal,
        doi=paper_id.removeprefix("doi:") if in_journal else "",
    )


def by_page(url: str) -> PaperId:
    """The identity of last resort, the page's address."""
    return identity.by_address(url)


def _identity(tags: defaultdict[str, list[str]]) -> PaperId | None:
    for name in _DOIS:
        for text in tags[name]:
            if found := identity.parse(text):
                return found
    return None


def _authors(tags: defaultdict[str, list[str]]) -> tuple[str, ...]:
    for name in _AUTHORS:
        if len(tags[name]) > 1 or (tags[name] and not re.search(r"[;]|,.*,", tags[name][0])):
            return tuple(found for found in (people.turned(text) for text in tags[name]) if found)
        if tags[name]:
            text = tags[name][0]
            return people.family_first(text) if ";" in text else people.split(text)
    return ()


def _abstract(tags: defaultdict[str, list[str]]) -> str:
    for name in _ABSTRACTS:
        text = plain(_first(tags, (name,)))
        if len(text) > 80 or (text and name == "citation_abstract"):
            return text
    return ""


def _first(tags: defaultdict[str, list[str]], names: Sequence[str]) -> str:
    return next((text for name in names for text in tags[name] if text.strip()), "")


def _tags(body: bytes) -> defaultdict[str, list[str]]:
    reader = _Meta()
    reader.feed(body.decode(_charset(body), "replace"))
    return reader.tags


def _charset(body: bytes) -> str:
    stated = re.search(rb"charset=[\"']?([\w-]{2,20})", body[:4000])
    name = stated[1].decode("ascii").lower() if stated else "utf-8"
    return (
        name
        if name in ("iso-8859-1", "latin-1", "windows-1252", "gb2312", "gbk", "shift_jis", "euc-jp")
        else "utf-8"
    )


class _Meta(HTMLParser):
    """Reads ``<meta name|property|itemprop content>``, whose order and case vary."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: defaultdict[str, list[str]] = defaultdict(list)
        self._count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "meta" or self._count > _MOST_TAGS:
            return
        found = dict(attrs)
        name = (found.get("name") or found.get("property") or found.get("itemprop") or "").strip().lower()
        content = (found.get("content") or "").strip()
        if name and content:
            self._count += 1
            self.tags[name].append(content[:20_000])


def _merged(paper: Paper, page: Paper) -> Paper:
    return replace(paper, abstract=paper.abstract or page.abstract, authors=paper.authors or page.authors)


def _is_link(written: str) -> bool:
    return written.lower().startswith(("http://", "https://"))
