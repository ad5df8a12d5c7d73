"""Whether arXiv's feed brought what it should: ok, quiet, stale or cut off, for each category. Pure.

How it is decided and why: docs/decisions/0043-stale-by-content.md
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain import FeedState, Harvest, Sighting
from bot.sources.arxiv_feed import Batch

SOURCE = "arxiv"
_NEW_YORK = ZoneInfo("America/New_York")
_SETTLED = timedelta(hours=2)
"""How long after midnight in New York the day's feed may take to appear."""
_CLOSES = time(14)
"""Submissions until then are announced the same evening (info.arxiv.org/help/availability)."""
_USUALLY_BUSY = 5
"""A category with at least so many papers last time is missed when it has none."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What is remembered of a category: the announcement day it was first seen for, and which papers."""

    day: date
    count: int
    papers: str

    @classmethod
    def of(cls, text: str) -> Trace | None:
        """The trace that was written as ``text``."""
        day, count, papers = [*text.split(), "", "", ""][:3]
        try:
            return cls(date.fromisoformat(day), int(count), papers)
        except ValueError:
            return None

    def __str__(self) -> str:
        return f"{self.day} {self.count} {self.papers}"


def assess(
    batch: Batch | None,
    categories: Sequence[str],
    memory: Mapping[str, str],
    now: datetime,
    marks: Mapping[str, str],
) -> Harvest:
    """Tell a fresh batch from a quiet day, a stale feed and a broken one; ``None`` is an unchanged batch."""
    if batch is None:
        return _judged(Batch(), categories, memory, now, {**memory, **marks}, unchanged=True)
    if batch.cut:
        parts: dict[str, FeedState] = dict.fromkeys(categories, "failed")
        detail = f"arXiv's feed was cut off after {len(batch.sightings)} whole entries; these were kept."
        return Harvest(SOURCE, batch.sightings, batch.unusable, "failed", detail, parts, memory)
    if batch.unusable and not batch.sightings:
        failed: dict[str, FeedState] = dict.fromkeys(categories, "failed")
        detail = f"arXiv's feed: none of {len(batch.unusable)} entries can be read; {_first(batch)}"
        return Harvest(SOURCE, (), batch.unusable, "failed", detail, failed, memory)
    return _judged(batch, categories, memory, now, dict(marks), unchanged=False)


def _first(batch: Batch) -> str:
    return f"the first: {batch.unusable[0].reason}"


def _judged(
    batch: Batch,
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
        before = Trace.of(memory.get(f"batch/{name}", ""))
        trace = before if unchanged else _trace(name, batch.sightings, day)
        if trace is not None and before is not None and trace.papers == before.papers:
            trace = before
        parts[name] = _state(trace, before, day, resting=resting, alone=not (batch.sightings or unchanged))
        if remembered := trace or before:
            kept[f"batch/{name}"] = str(remembered)
    return _told(batch, parts, kept, day, resting=resting)


def _state(trace: Trace | None, before: Trace | None, day: date, *, resting: bool, alone: bool) -> FeedState:
    """One category: ``alone`` = the whole feed is empty, as on a holiday."""
    if resting:
        return "ok" if trace is not None and trace.day == day and trace is not before else "quiet"
    if trace is None:
        return "stale" if before and before.count >= _USUALLY_BUSY and not alone else "quiet"
    return "stale" if trace.day < day else "ok"


def _told(
    batch: Batch,
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
        since = {name: trace.day for name in stale if (trace := Trace.of(kept.get(f"batch/{name}", "")))}
        detail = "; ".join(
            f"{name} shows nothing newer than the announcement of {since.get(name, day)}" for name in stale
        )
        detail += "."
    elif state == "quiet":
        detail = "arXiv announces nothing at the weekend." if resting else "arXiv announced nothing today."
    return Harvest(SOURCE, batch.sightings, batch.unusable, state, detail, parts, kept)


def _trace(category: str, sightings: Sequence[Sighting], day: date) -> Trace | None:
    """What the category brought. Its own papers tell whether it is fresh; cross-lists, which may come with
    another category, count only where there is nothing else."""
    own = [one.paper for one in sightings if category in one.paper.categories[:1]]
    papers = own or [one.paper for one in sightings if category in one.paper.categories]
    if not papers:
        return None
    ids = " ".join(sorted(f"{paper.id}v{paper.version}" for paper in papers))
    return Trace(day, len(papers), hashlib.sha256(ids.encode()).hexdigest()[:16])


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


def working_days(after: date, until: date) -> int:
    """How many days later than ``after`` and not after ``until`` have an announcement."""
    days = (after + timedelta(days=number) for number in range(1, (until - after).days + 1))
    return sum(day.weekday() < 5 for day in days)


def stale_since(harvest: Harvest) -> dict[str, date]:
    """The stale categories, and the announcement after which each has shown nothing."""
    traces = {name: Trace.of(harvest.memory.get(f"batch/{name}", "")) for name in harvest.parts}
    return {name: trace.day for name, trace in traces.items() if trace and harvest.parts[name] == "stale"}


def completed(
    harvest: Harvest, missed: Sequence[Sighting], late: Sequence[Sighting], memory: Mapping[str, str]
) -> Harvest:
    """The harvest with what the API added.

    A small category that looked stale, and of which the API knows nothing newer either, was merely quiet.
    A busy one stays stale: its silence everywhere is a fault, or a holiday, and its readers should know.
    """
    known = {sighting.paper.id for sighting in harvest.sightings}
    added = {one.paper.id: one for one in (*missed, *late) if one.paper.id not in known}
    parts = dict(harvest.parts)
    for name in stale_since(harvest):
        trace = Trace.of(memory.get(f"batch/{name}", ""))
        small = trace is None or trace.count < _USUALLY_BUSY
        if small and not any(name in one.paper.categories for one in late):
            parts[name] = "quiet"
    stale = "stale" in parts.values()
    state: FeedState = "stale" if stale else "ok" if added or "ok" in parts.values() else "quiet"
    detail = harvest.detail if stale or harvest.state != "stale" else ""
    if added:
        told = f"{_papers(len(added))} that the feed does not show came from arXiv's API."
        detail = f"{detail} {told}".strip()
    sightings = (*harvest.sightings, *added.values())
    return Harvest(SOURCE, sightings, harvest.unusable, state, detail, parts, memory)


def _papers(count: int) -> str:
    return "1 paper" if count == 1 else f"{count} papers"


def incomplete(
    harvest: Harvest, reason: str, memory: Mapping[str, str], found: Sequence[Sighting] = ()
) -> Harvest:
    """The harvest with what was ``found`` before a fault, saying that papers may be missing; they are asked
    for next time, from there on."""
    so_far = f" beyond {_papers(len(found))}" if found else ""
    detail = f"{harvest.detail} What the feed does not show could not be asked for{so_far}: {reason}".strip()
    known = {sighting.paper.id for sighting in harvest.sightings}
    sightings = (*harvest.sightings, *(one for one in found if one.paper.id not in known))
    return Harvest(SOURCE, sightings, harvest.unusable, "stale", detail, harvest.parts, memory)
