"""arXiv: the daily announcement feed, and the API for single papers, searches and days that were missed."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import FeedState, Harvest, Paper, PaperId, Sighting, SightingKind
from bot.errors import NotFound, SourceError, Throttled, Unreachable
from bot.ports import Clock
from bot.sources import arxiv_api, arxiv_feed
from bot.web import Page, Web

_NEW_YORK = ZoneInfo("America/New_York")
_SETTLED = timedelta(hours=2)
"""How long after midnight in New York the day's feed may take to appear."""
_CLOSES = time(14)
"""Submissions until then are announced the same evening (info.arxiv.org/help/availability)."""
_IDS_A_REQUEST = 100
_USUALLY_BUSY = 5
"""A category with at least so many papers last time is missed when it has none."""
_FEED = "application/atom+xml, application/rss+xml, application/xml;q=0.9"


class Arxiv:
    """The categories of ``categories``, announced at ``feed_url``, asked about at ``api_url``."""

    name = "arxiv"

    def __init__(
        self, web: Web, clock: Clock, *, categories: Sequence[str], feed_url: str, api_url: str
    ) -> None:
        self._web = web
        self._clock = clock
        self._categories = tuple(categories)
        self._feed = f"{feed_url.rstrip('/')}/{'+'.join(categories)}"
        self._api = api_url

    async def fetch(self, memory: Mapping[str, str]) -> Harvest:
        """Today's announcement, all categories in one request; faults are told in the harvest."""
        seen = memory if memory.get("url") == self._feed else {}
        try:
            page = await self._web.get(self._feed, accept=_FEED, seen=seen)
            batch = None if page.unchanged else arxiv_feed.parse(_checked(page))
        except (SourceError, NotFound) as error:
            return self._failed(f"arXiv's feed: {error}", memory)
        return assess(batch, self._categories, seen, self._clock.now(), {"url": self._feed, **page.marks})

    async def find(self, ids: Sequence[PaperId]) -> Sequence[Paper]:
        """The arXiv papers among ``ids``, in one request for every hundred. Raises SourceError."""
        bare = [paper_id.removeprefix("arxiv:") for paper_id in ids if paper_id.startswith("arxiv:")]
        found: list[Paper] = []
        for start in range(0, len(bare), _IDS_A_REQUEST):
            answer = await self._ask(arxiv_api.by_ids(bare[start : start + _IDS_A_REQUEST]))
            found.extend(answer.papers)
        return found

    async def search(self, words: str, *, limit: int, since: date | None = None) -> Sequence[Paper]:
        """The newest papers that hold all words (a part in quotes as a phrase). Raises SourceError."""
        request = arxiv_api.by_words(words, limit=limit, since=since)
        return (await self._ask(request)).papers if request else ()

    async def backfill(
        self, since: date, until: date, *, categories: Sequence[str] = (), start: int = 0, page: int = 500
    ) -> AsyncIterator[Harvest]:
        """What was submitted on those days (UTC), page by page and oldest first, as ``new`` sightings with
        the day that arXiv announced them. ``memory`` holds ``next`` and ``total``: begin there again after
        an interruption. Raises SourceError."""
        names = categories or self._categories
        while True:
            request = arxiv_api.by_days(names, since, until, start=start, limit=page)
            answer = await self._ask(request)
            start += len(answer.papers) + len(answer.unusable)
            yield Harvest(
                self.name,
                tuple(_as_news(paper) for paper in answer.papers),
                answer.unusable,
                memory={"next": str(start), "total": str(answer.total)},
            )
            if start >= answer.total:
                return
            if not answer.papers:
                raise Unreachable("arXiv's API gave an empty page in the middle of its results; try later.")

    async def _ask(self, params: Mapping[str, str]) -> arxiv_api.Answer:
        page = await self._web.get(self._api, params=params, accept=_FEED, tolerate={400})
        answer = arxiv_api.parse(_checked(page))
        if answer.cut:
            raise Unreachable("arXiv's API sent an answer that was cut off; try later.")
        return answer

    def _failed(self, detail: str, memory: Mapping[str, str]) -> Harvest:
        parts: dict[str, FeedState] = dict.fromkeys(self._categories, "failed")
        return Harvest(self.name, state="failed", detail=detail, parts=parts, memory=memory)


@dataclass(frozen=True, slots=True)
class _Trace:
    """What is remembered of a category: the announcement day it was first seen for, and which papers."""

    day: date
    count: int
    papers: str

    @classmethod
    def of(cls, text: str) -> _Trace | None:
        day, count, papers = [*text.split(), "", "", ""][:3]
        try:
            return cls(date.fromisoformat(day), int(count), papers)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.day} {self.count} {self.papers}"


def assess(
    batch: arxiv_feed.Batch | None,
    categories: Sequence[str],
    memory: Mapping[str, str],
    now: datetime,
    marks: Mapping[str, str],
) -> Harvest:
    """Tell a fresh batch from a quiet day, a stale feed and a broken one; ``None`` is an unchanged batch."""
    if batch is None:
        return _judged(arxiv_feed.Batch(), categories, memory, now, {**memory, **marks}, unchanged=True)
    if batch.cut:
        parts: dict[str, FeedState] = dict.fromkeys(categories, "failed")
        detail = f"arXiv's feed was cut off after {len(batch.sightings)} whole entries; these were kept."
        return Harvest(Arxiv.name, batch.sightings, batch.unusable, "failed", detail, parts, memory)
    return _judged(batch, categories, memory, now, dict(marks), unchanged=False)


def _judged(
    batch: arxiv_feed.Batch,
    categories: Sequence[str],
    memory: Mapping[str, str],
    now: datetime,
    kept: dict[str, str],
    *,
    unchanged: bool,
) -> Harvest:
    day, resting = announcement_day(now)
    resting = resting or f"{now.astimezone(_NEW_YORK):%a}".lower() in batch.quiet_days
    parts: dict[str, FeedState] = {}
    for name in categories:
        before = _Trace.of(memory.get(f"batch/{name}", ""))
        trace = before if unchanged else _trace(name, batch.sightings, day)
        if trace is not None and before is not None and trace.papers == before.papers:
            trace = before
        parts[name] = _state(trace, before, day, resting=resting, alone=not (batch.sightings or unchanged))
        if remembered := trace or before:
            kept[f"batch/{name}"] = str(remembered)
    return _told(batch, parts, kept, day, resting=resting)


def _state(
    trace: _Trace | None, before: _Trace | None, day: date, *, resting: bool, alone: bool
) -> FeedState:
    """One category: ``alone`` = the whole feed is empty, as on a holiday."""
    if resting:
        return "ok" if trace is not None and trace.day == day and trace is not before else "quiet"
    if trace is None:
        return "stale" if before and before.count >= _USUALLY_BUSY and not alone else "quiet"
    return "stale" if trace.day < day else "ok"


def _told(
    batch: arxiv_feed.Batch,
    parts: Mapping[str, FeedState],
    kept: Mapping[str, str],
    day: date,
    *,
    resting: bool,
) -> Harvest:
    stale = [name for name, state in parts.items() if state == "stale"]
    state: FeedState = "stale" if stale else "ok" if "ok" in parts.values() else "quiet"
    detail = ""
    if stale:
        since = {name: trace.day for name in stale if (trace := _Trace.of(kept.get(f"batch/{name}", "")))}
        detail = "; ".join(
            f"{name} shows nothing newer than the announcement of {since.get(name, day)}" for name in stale
        )
        detail += "."
    elif state == "quiet":
        detail = "arXiv announces nothing at the weekend." if resting else "arXiv announced nothing today."
    return Harvest(Arxiv.name, batch.sightings, batch.unusable, state, detail, parts, kept)


def _trace(category: str, sightings: Sequence[Sighting], day: date) -> _Trace | None:
    """What the category brought. Its own papers tell whether it is fresh; cross-lists, which may come with
    another category, count only where there is nothing else."""
    own = [one.paper for one in sightings if category in one.paper.categories[:1]]
    papers = own or [one.paper for one in sightings if category in one.paper.categories]
    if not papers:
        return None
    ids = " ".join(sorted(f"{paper.id}v{paper.version}" for paper in papers))
    return _Trace(day, len(papers), hashlib.sha256(ids.encode()).hexdigest()[:16])


def announcement_day(now: datetime) -> tuple[date, bool]:
    """The date of the feed that should stand there now, and whether today brings none (weekend).

    The feed changes at midnight in New York, Monday to Friday; the two hours after it belong to the day
    before.
    """
    local = (now.astimezone(_NEW_YORK) - _SETTLED).date()
    resting = local.weekday() >= 5
    return (local - timedelta(days=local.weekday() - 4) if resting else local), resting


def announced_on(submitted: datetime) -> date:
    """The feed date of a paper submitted then: the working day after the one whose deadline it met.

    Deadlines are 14:00 in New York; Friday's submissions after it count for Monday
    (https://info.arxiv.org/help/availability.html).
    """
    local = submitted.astimezone(_NEW_YORK)
    day = local.date() + timedelta(days=local.time() >= _CLOSES)
    return _working(_working(day) + timedelta(days=1))


def _working(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= 5 else 0)


def _as_news(paper: Paper) -> Sighting:
    kind: SightingKind = "new"
    if paper.published is None:
        return Sighting(paper, kind)
    noon = datetime.combine(paper.published, time(12), _NEW_YORK)
    return Sighting(replace(paper, announced=announced_on(noon)), kind)


def _checked(page: Page) -> bytes:
    """The body, unless it is arXiv's plain-text way to say that it was asked too often."""
    if page.body[:200].strip().lower().startswith(b"rate exceeded"):
        raise Throttled("arXiv asks for fewer requests (“Rate exceeded.”); try later.")
    return page.body
