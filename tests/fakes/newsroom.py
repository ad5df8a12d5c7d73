"""Everything a worker needs, small and in hand: papers, channels, a matcher, a platform, a clock."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.digest import Desk
from bot.domain import (
    Channel,
    ChannelId,
    Decision,
    FeedHealth,
    Paper,
    PaperId,
    Post,
    Summary,
    Thread,
    Topic,
)
from bot.pacing import Pace
from bot.views import digests
from bot.worker import Limits, Worker
from storage.engine import Database
from storage.outbox import Outbox
from storage.runs import Runs

MORNING = datetime(2026, 4, 15, 9, 0, tzinfo=UTC)  # a Wednesday
ROOM = ChannelId("fake:room")
TOPIC = Topic(("gaussian splatting",))


class FakeClock:
    """Stands still, but for sleeping; ``after`` is told each time how long somebody sleeps."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._now = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self._now

    def ticks(self) -> float:
        return self._now.timestamp()

    def forward(self, **by: float) -> None:
        self._now += timedelta(**by)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)
        self._now += timedelta(seconds=max(seconds, 0))


def paper(number: int, title: str = "Gaussian splatting", **more: Any) -> Paper:
    """A made-up paper."""
    key = PaperId(f"arxiv:2604.{number:05}")
    url = f"https://arxiv.org/abs/2604.{number:05}"
    return Paper(
        key, f"{title} {number}", "An abstract.", ("Ada L.",), ("cs.CV",), source="arxiv", url=url, **more
    )


def channel(**more: Any) -> Channel:
    """A channel that follows gaussian splatting at 09:00 UTC on every weekday."""
    return Channel(**{"id": ROOM, "topics": (TOPIC,), **more})


class Library:
    """Papers with the time at which they became news."""

    def __init__(self) -> None:
        self.rows: dict[PaperId, tuple[Paper, datetime]] = {}

    def announce(self, *papers: Paper, at: datetime = MORNING - timedelta(hours=8)) -> None:
        self.rows |= {p.id: (p, at) for p in papers}

    async def news(self, since: datetime, until: datetime) -> list[Paper]:
        return [p for p, at in self.rows.values() if since < at <= until]

    async def many(self, ids: Sequence[PaperId]) -> list[Paper]:
        return [self.rows[i][0] for i in ids if i in self.rows]


class Rooms:
    """Channels; what they were shown is read from the real ledger."""

    def __init__(self, runs: Runs, outbox: Outbox) -> None:
        self.rows: dict[ChannelId, Channel] = {}
        self._runs = runs
        self._outbox = outbox

    async def all(self) -> list[Channel]:
        return list(self.rows.values())

    async def get(self, channel: ChannelId) -> Channel | None:
        return self.rows.get(channel)

    async def save(self, channel: Channel) -> None:
        self.rows[channel.id] = channel

    async def shown(self, channel: ChannelId, ids: Collection[PaperId]) -> set[PaperId]:
        seen: set[PaperId] = set()
        for run in await self._runs._select():
            if run.channel == channel and run.state in ("posting", "delivered"):
                made = await self._runs.digest(channel, run.day)
                seen |= {pick.paper_id for pick in made.picks} if made else set()
        return seen & set(ids)


class Words:
    """A matcher: a paper fits if a phrase stands in its title; its score is in its comment, if any."""

    def __init__(self) -> None:
        self.chokes_on: set[PaperId] = set()

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        if any(p.id in self.chokes_on for p in papers):
            raise RuntimeError("a paper that cannot be taken")
        return [self._one(topic, p) for p in papers]

    def _one(self, topic: Topic, paper: Paper) -> Decision:
        title = paper.title.lower()
        hit = any(phrase.lower() in title for phrase in topic.phrases)
        refused = any(word.lower() in title for word in topic.excluded)
        score = float(paper.comment or 0.9) if hit and not refused else 0.1
        return Decision(paper.id, str(topic), score, 0.5, score >= 0.5, "says so in its title", "words")


class Notebook:
    """Decisions, feeds and threads as lists."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []
        self.feeds: list[FeedHealth] = []
        self.threads: dict[tuple[ChannelId, str], Thread] = {}

    async def save(self, decisions: Sequence[Decision], *, now: datetime) -> None:
        self.decisions.extend(decisions)

    async def health(self) -> list[FeedHealth]:
        return self.feeds

    async def open(self, thread: Thread, *, now: datetime) -> None:
        self.threads[thread.channel, thread.root] = thread


Mishap = Callable[[Post], BaseException | None]


class FakePlatform:
    """A platform that records posts. ``before`` and ``after`` may give an error to raise around recording."""

    platform = "fake"

    def __init__(self) -> None:
        self.posts: list[tuple[str, Post]] = []
        self.before: list[Mishap] = []
        self.after: list[Mishap] = []
        self.searched: list[Sequence[Post]] = []
        self._ids = itertools.count(1)

    async def post(self, post: Post) -> str:
        self._maybe(self.before, post)
        if post.parent is not None:
            assert post.parent in {remote for remote, _ in self.posts}, "a reply to nothing"
        remote = f"m{next(self._ids)}"
        self.posts.append((remote, post))
        self._maybe(self.after, post)
        return remote

    async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
        self.searched.append(posts)
        wanted = {post.key for post in posts}
        return {post.key: remote for remote, post in self.posts if post.key in wanted}

    def fails(self, error: BaseException, *, recorded: bool = False, times: int = 1) -> None:
        """Let the next ``times`` posts fail, before or after they were recorded."""
        (self.after if recorded else self.before).extend([lambda _: error] * times)

    @property
    def keys(self) -> list[str]:
        return [post.key for _, post in self.posts]

    def _maybe(self, mishaps: list[Mishap], post: Post) -> None:
        error = mishaps.pop(0)(post) if mishaps else None
        if error is not None:
            raise error


async def read(paper: Paper, language: str) -> Summary:
    """A summary."""
    return Summary(paper.id, f"The gist of {paper.title}.", (), "embedded", "abstract", language)


@dataclass
class Newsroom:
    """A worker with all its parts at hand."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    platform: FakePlatform = field(default_factory=FakePlatform)
    library: Library = field(default_factory=Library)
    words: Words = field(default_factory=Words)
    notebook: Notebook = field(default_factory=Notebook)
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=lambda: Pace(channel=1.0, workspace=0.1))
    fetched: int = 0

    def __post_init__(self) -> None:
        self.runs = Runs(self.database, now=self.clock.now)
        self.outbox = Outbox(self.database, now=self.clock.now)
        self.rooms = Rooms(self.runs, self.outbox)

    def worker(self, owner: str = "", **more: Any) -> Worker:
        """A worker; several share the newsroom's ledger."""
        note: Any = self.notebook
        library: Any = self.library
        rooms: Any = self.rooms
        parts: dict[str, Any] = {
            "desk": Desk(library, rooms, note, note, self.words),
            "runs": self.runs,
            "outbox": self.outbox,
            "threads": note,
            "posters": {"fake": self.platform},
            "read": read,
            "fetch": self._fetch,
            "views": digests,
            "clock": self.clock,
            "paces": {"fake": self.pace},
            "limits": self.limits,
            "ticks": self.clock.ticks,
            "owner": owner,
        }
        return Worker(**{**parts, **more})

    async def _fetch(self) -> None:
        self.fetched += 1

    async def work(self, worker: Worker) -> None:
        """One round and all that comes of it."""
        await worker.step()
        await worker.idle()
