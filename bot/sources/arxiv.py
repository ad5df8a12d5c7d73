"""arXiv: the daily announcement feed, and the API for single papers, searches and days that were missed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import structlog

from bot import identity
from bot.domain import FeedState, Harvest, Paper, PaperId, Sighting
from bot.errors import NotFound, SourceError, Throttled, Unreachable, Unreadable
from bot.page import Page
from bot.ports import Clock
from bot.sources import arxiv_api, arxiv_feed, arxiv_health, dates
from bot.web import Web

_log = structlog.get_logger(__name__)
_DAY = timedelta(days=1)
_IDS_A_REQUEST = 100
_PAGES = 40
_A_PAGE = 500
_FARTHEST = timedelta(days=14)
"""Older days are not filled: they are a matter for ``paperboy import``."""
_FEED = "application/atom+xml, application/rss+xml, application/xml;q=0.9"


class Arxiv:
    """The categories of ``categories``, announced at ``feed_url``, asked about at ``api_url``."""

    name = arxiv_health.SOURCE

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
            page = await self._web.get(self._feed, accept=_FEED, seen=seen, tolerate={400})
            if page.status == 400:
                raise _refused(page)
            batch = None if page.unchanged else arxiv_feed.parse(_checked(page))
        except (SourceError, NotFound) as error:
            words = re.sub("^The ", "the ", str(error))
            return self._failed(f"arXiv's feed: {words}", memory)
        marks = {"url": self._feed, **page.marks}
        harvest = arxiv_health.assess(batch, self._categories, seen, self._clock.now(), marks)
        if harvest.state == "failed":
            return replace(harvest, memory=memory)
        return await self._completed(harvest, seen)

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

    async def titled(self, title: str) -> Paper | None:
        """The paper with that title (letters and digits compared), or None. Raises SourceError."""
        words = " ".join(re.findall(r"\w+", title))
        found = await self.search(f'"{words}"', limit=5) if words else ()
        wanted = identity.letters(title)
        return next((paper for paper in found if identity.letters(paper.title) == wanted), None)

    async def backfill(
        self, since: date, until: date, *, categories: Sequence[str] = (), start: int = 0, page: int = 500
    ) -> AsyncIterator[Harvest]:
        """What was submitted on those days (UTC), page by page and oldest first, as ``new`` sightings with
        the day that arXiv announced them. ``memory`` holds ``next`` and ``total``: begin there again after
        an interruption. Raises SourceError."""
        names = categories or self._categories
        for _ in range(_PAGES):
            request = arxiv_api.by_days(names, since, until, start=start, limit=page)
            answer = await self._ask(request)
            start += len(answer.papers) + len(answer.unusable)
            yield Harvest(
                self.name,
                tuple(_as_news(paper, answer) for paper in answer.papers),
                answer.unusable,
                memory={"next": str(start), "total": str(answer.total)},
            )
            if start >= answer.total:
                return
            if not answer.papers:
                raise Unreachable("arXiv's API gave an empty page in the middle of its results; try later.")

    async def _completed(self, harvest: Harvest, before: Mapping[str, str]) -> Harvest:
        """The harvest with what the feed did not show: days between the last fetch and this one, and
        categories that look stale, both asked of the API."""
        day, resting = arxiv_health.announcement_day(self._clock.now())
        memory = {**harvest.memory, "day": str(day)}
        last = dates.day(before.get("day", ""))
        stale = arxiv_health.stale_since(harvest)
        missed, late = _Gap.after(last, before), _Gap.after(min(stale.values(), default=None), {})
        try:
            if last:
                await self._fill(missed, self._categories, day if resting else day - _DAY)
            if stale:
                await self._fill(late, tuple(stale), day)
        except (SourceError, NotFound) as error:
            kept = {**harvest.memory, "day": before["day"]} if "day" in before else harvest.memory
            found = (*missed.found.values(), *late.found.values())
            return arxiv_health.incomplete(harvest, str(error), {**kept, **missed.marks()}, found)
        return arxiv_health.completed(harvest, [*missed.found.values()], [*late.found.values()], memory)

    async def _fill(self, gap: _Gap, names: Sequence[str], until: date) -> None:
        """What arXiv announced in ``names`` after the gap's beginning and not after ``until``, page by page;
        a gap that was begun before goes on where it stopped."""
        assert gap.begin is not None
        after = max(gap.begin, until - _FARTHEST)
        if not arxiv_health.working_days(after, until):
            return
        lower = after - timedelta(days=5)
        pages = self.backfill(lower, until, categories=names, start=gap.start(lower), page=_A_PAGE)
        async for page in pages:
            kept = [one for one in page.sightings if _between(one, after, until)]
            gap.found |= {one.paper.id: one for one in kept}
            gap.next = int(page.memory["next"])
            _log.info("filling missed days", source=self.name, read=gap.next, of=page.memory["total"])

    async def _ask(self, params: Mapping[str, str]) -> arxiv_api.Answer:
        page = await self._web.get(self._api, params=params, accept=_FEED, tolerate={400})
        answer = arxiv_api.parse(_checked(page))
        if answer.cut:
            raise Unreachable("arXiv's API sent an answer that was cut off; try later.")
        return answer

    def _failed(self, detail: str, memory: Mapping[str, str]) -> Harvest:
        parts: dict[str, FeedState] = dict.fromkeys(self._categories, "failed")
        return Harvest(self.name, state="failed", detail=detail, parts=parts, memory=memory)


@dataclass(slots=True)
class _Gap:
    """Days that the feed did not show: after ``begin``; filled up to the result numbered ``next`` of those
    submitted after ``lower``. Results come oldest first, so that the place holds while days are added."""

    begin: date | None
    lower: str = ""
    next: int = 0
    found: dict[PaperId, Sighting] = field(default_factory=dict)

    @classmethod
    def after(cls, begin: date | None, before: Mapping[str, str]) -> _Gap:
        """The gap, as far as it was filled ``before``."""
        place = before.get("gap-next", "")
        return cls(begin, before.get("gap", ""), int(place) if place.isdecimal() and len(place) < 7 else 0)

    def start(self, lower: date) -> int:
        """Where to begin: at the start, unless the same days were begun before."""
        if self.lower != str(lower):
            self.lower, self.next = str(lower), 0
        return self.next

    def marks(self) -> dict[str, str]:
        """What to remember of a gap that could not be filled."""
        return {"gap": self.lower, "gap-next": str(self.next)} if self.next else {}


def _as_news(paper: Paper, answer: arxiv_api.Answer) -> Sighting:
    submitted = answer.submitted.get(paper.id)
    announced = arxiv_health.announced_on(submitted) if submitted else None
    return Sighting(replace(paper, announced=announced), "new")


def _between(sighting: Sighting, after: date, until: date) -> bool:
    day = sighting.paper.announced
    return day is not None and after < day <= until


def _refused(page: Page) -> SourceError:
    """What arXiv says of a request that it does not take, in its own words where it has some."""
    try:
        arxiv_api.parse(page.body)
    except Unreadable:
        pass
    except SourceError as error:
        return error
    return SourceError("arXiv refuses the request (400); check the categories.")


def _checked(page: Page) -> bytes:
    """The body, unless it is arXiv's plain-text way to say that it was asked too often."""
    if page.body[:200].strip().lower().startswith(b"rate exceeded"):
        raise Throttled("arXiv asks for fewer requests (“Rate exceeded.”); try later.")
    return page.body
