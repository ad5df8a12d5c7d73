"""Hugging Face Daily Papers: which papers people picked on a day, with upvotes, comments and code.

A signal and a badge, not a source of papers of its own: a featured paper is the arXiv paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from bot import identity
from bot.domain import FeedState, Harvest, Paper, PaperId, Sighting, Unusable
from bot.errors import NotFound, SourceError, Unreadable
from bot.ports import Clock
from bot.sources import dates, door, people
from bot.sources.markup import plain
from bot.web import Web

_STILL_VOTED = 3
"""Upvotes of the last so many days are asked for again."""
_FARTHEST = timedelta(days=14)


class _Author(door.Foreign):
    name: door.Words = ""
    hidden: bool | None = False


class _Paper(door.Foreign):
    id: str
    title: door.Words = ""
    summary: door.Words = ""
    authors: tuple[_Author, ...] = ()
    publishedAt: door.Words = ""
    submittedOnDailyAt: door.Words = ""
    upvotes: door.Whole = None
    githubRepo: door.Words = ""


class _Item(door.Foreign):
    paper: _Paper
    title: door.Words = ""
    summary: door.Words = ""
    numComments: door.Whole = None


@dataclass(frozen=True, slots=True)
class Day:
    """The papers featured on one day."""

    sightings: tuple[Sighting, ...]
    unusable: tuple[Unusable, ...]


class HuggingFace:
    """The daily papers at ``api_url``."""

    name = "huggingface"

    def __init__(self, web: Web, clock: Clock, *, api_url: str) -> None:
        self._web = web
        self._clock = clock
        self._api = f"{api_url.rstrip('/')}/daily_papers"

    async def fetch(self, memory: Mapping[str, str]) -> Harvest:
        """The days since the last fetch and, for their upvotes, the last three."""
        today = self._clock.now().date()
        last = dates.day(memory.get("until", "")) or today
        since = max(min(last, today - timedelta(days=_STILL_VOTED - 1)), today - _FARTHEST)
        sightings: dict[PaperId, Sighting] = {}
        unusable: list[Unusable] = []
        try:
            for number in range((today - since).days + 1):
                day = await self.day(since + timedelta(days=number))
                sightings |= {one.paper.id: one for one in day.sightings}
                unusable += day.unusable
        except (SourceError, NotFound) as error:
            detail = f"Hugging Face: {error}"
            found = tuple(sightings.values())
            return Harvest(self.name, found, tuple(unusable), "failed", detail, memory=memory)
        featured_today = any(one.paper.featured == today for one in sightings.values())
        state: FeedState = "ok" if featured_today else "quiet"
        detail = "" if featured_today else "No papers are featured today, so far."
        kept = {"until": str(today)}
        return Harvest(self.name, tuple(sightings.values()), tuple(unusable), state, detail, memory=kept)

    async def day(self, day: date) -> Day:
        """The papers featured on ``day``; none for a day that the server does not know (yet). Raises
        SourceError."""
        params = {"date": f"{day:%Y-%m-%d}", "limit": "100"}
        page = await self._web.get(self._api, params=params, accept="application/json", tolerate={400, 404})
        if page.status in (400, 404):
            return Day((), ())
        return parse(page.body, day)


def parse(body: bytes, day: date) -> Day:
    """Read the papers featured on ``day``, unless they name another. Raises Unreadable for another answer."""
    raw = door.load(body)
    if not isinstance(raw, list):
        said = raw.get("error", "") if isinstance(raw, dict) else ""
        raise Unreadable(f"The answer is no list of papers{f' (“{str(said)[:100]}”)' if said else ''}.")
    records, unusable = door.records(_Item, raw)
    sightings: dict[PaperId, Sighting] = {}
    for record in records:
        paper_id = identity.arxiv(record.paper.id)
        title = plain(record.paper.title or record.title)
        if paper_id is None or not title:
            reason = "It has no title." if paper_id else "It has no arXiv id."
            unusable.append(Unusable(record.paper.id[:80] or "a record", reason))
            continue
        sightings[paper_id] = Sighting(_featured(record, paper_id, title, day), "featured")
    return Day(tuple(sightings.values()), tuple(unusable))


def _featured(record: _Item, paper_id: PaperId, title: str, day: date) -> Paper:
    shown = [author.name for author in record.paper.authors if not author.hidden]
    code = record.paper.githubRepo
    return Paper(
        id=paper_id,
        title=title,
        abstract=plain(record.paper.summary or record.summary),
        authors=people.listed(shown),
        published=dates.day(record.paper.publishedAt),
        source="huggingface",
        url=identity.address(paper_id),
        code=code if code.startswith("https://") else "",
        featured=dates.day(record.paper.submittedOnDailyAt) or day,
        upvotes=record.paper.upvotes,
        comments=record.numComments,
    )
