"""arXiv's query API: what it is asked and what it answers, in the serializations of 2025 and of 2026. Pure.

https://info.arxiv.org/help/api/user-manual.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from bot import identity
from bot.domain import Paper, PaperId, Unusable
from bot.errors import SourceError
from bot.sources import dates, people, xml
from bot.sources.arxiv_feed import categories, is_withdrawn
from bot.tex import readable

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")
_STOP = frozenset(
    ["a", "an", "and", "andnot", "as", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"]
)
_EARLIEST = date(1991, 1, 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of results; ``total`` counts those on all pages."""

    papers: tuple[Paper, ...] = ()
    unusable: tuple[Unusable, ...] = ()
    total: int = 0
    cut: bool = False
    submitted: Mapping[PaperId, datetime] = field(default_factory=dict)
    """When the first version of each paper came in."""


def parse(body: bytes) -> Answer:
    """Read an answer. Raises Unreadable for what is none, SourceError for an error that arXiv reports."""
    found = xml.entries(body, f"{_ATOM}entry")
    papers: dict[str, Paper] = {}
    submitted: dict[PaperId, datetime] = {}
    unusable = list(found.unusable)
    for number, element in enumerate(found.entries, 1):
        paper = _paper(element)
        if isinstance(paper, Paper):
            papers[paper.id] = paper
            if moment := dates.moment(xml.text(element, f"{_ATOM}published")):
                submitted[paper.id] = moment
        else:
            unusable.append(Unusable(_where(element, number), paper))
    total = xml.text(found.head, _TOTAL) if found.head is not None else ""
    return Answer(
        tuple(papers.values()),
        tuple(unusable),
        int(total) if total.isdigit() else len(papers),
        found.cut,
        submitted,
    )


def by_ids(ids: Sequence[str]) -> dict[str, str]:
    """The request for papers by bare arXiv ids."""
    return {"id_list": ",".join(ids), "max_results": str(len(ids))}


def by_words(words: str, *, limit: int, since: date | None) -> dict[str, str] | None:
    """The request for the newest papers that hold all words; a part in quotes is asked as a phrase.

    None where no word is left to ask for.
    """
    terms: list[str] = []
    for number, part in enumerate(words.split('"')):
        found = [word for word in _WORD.findall(part) if word.lower() not in _STOP]
        if number % 2 and len(found) > 1:
            terms.append(f'all:"{" ".join(found)}"')
        else:
            terms += [f"all:{word}" for word in found]
    if not terms:
        return None
    if since is not None:
        terms.append(_submitted(since, date(2199, 12, 31)))
    return _newest(" AND ".join(terms[:12]), 0, limit)


def by_days(names: Sequence[str], since: date, until: date, *, start: int, limit: int) -> dict[str, str]:
    """The request for a page of what the categories ``names`` got on those days (UTC), oldest first."""
    anywhere = " OR ".join(f"cat:{category}" for category in names)
    query = f"({anywhere}) AND {_submitted(since, until)}"
    return {**_newest(query, start, limit), "sortOrder": "ascending"}


def _newest(query: str, start: int, limit: int) -> dict[str, str]:
    return {
        "search_query": query,
        "start": str(start),
        "max_results": str(limit),
        "sortBy": "submittedDate",
        "sortOrder": "descending",
    }


def _submitted(since: date, until: date) -> str:
    return f"submittedDate:[{max(since, _EARLIEST):%Y%m%d}0000 TO {until:%Y%m%d}2359]"


def _paper(element: Any) -> Paper | str:
    """The paper, or why the entry is of no use. Raises SourceError for arXiv's own error entry."""
    address = xml.text(element, f"{_ATOM}id")
    summary = xml.text(element, f"{_ATOM}summary")
    if "/api/errors" in address:
        raise SourceError(f"arXiv refuses the request: {' '.join(summary.split())[:200]}.")
    versioned = identity.arxiv_version(address.rpartition("/abs/")[2])
    title = readable(xml.text(element, f"{_ATOM}title"))
    if versioned is None:
        return "It has no arXiv id."
    if not title:
        return "It has no title."
    paper_id = PaperId(f"arxiv:{versioned[0]}")
    abstract, comment = readable(summary), readable(xml.text(element, f"{_ARXIV}comment"))
    names = [name.text or "" for name in element.iterfind(f"{_ATOM}author/{_ATOM}name")]
    return Paper(
        id=paper_id,
        title=title,
        abstract=abstract,
        authors=people.listed(names),
        categories=_categories(element),
        published=dates.day(xml.text(element, f"{_ATOM}published")),
        updated=dates.day(xml.text(element, f"{_ATOM}updated")),
        source="arxiv",
        url=identity.address(paper_id),
        version=versioned[1] or 1,
        comment=comment,
        journal=readable(xml.text(element, f"{_ARXIV}journal_ref")),
        doi=identity.bare_doi(xml.text(element, f"{_ARXIV}doi")),
        withdrawn=is_withdrawn(comment, abstract),
    )


def _categories(element: Any) -> tuple[str, ...]:
    primary = element.find(f"{_ARXIV}primary_category")
    first = [primary.get("term", "")] if primary is not None else []
    others = [category.get("term", "") for category in element.iterfind(f"{_ATOM}category")]
    return categories(first + others)


def _where(element: Any, number: int) -> str:
    named = xml.text(element, f"{_ATOM}id") or xml.text(element, f"{_ATOM}title")
    return " ".join(named.split())[:80] or f"entry {number}"
