"""Everything a worker needs, small and in hand: papers, channels, a matcher, a platform, a clock."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.digest import Desk
from bot.domain import (
    Channel,
    ChannelId,
    Decision,
    Paper,
    PaperId,
    Post,
    Sighting,
    Summary,
    Topic,
    UserId,
)
from bot.limits import Limits
from bot.pacing import Pace
from bot.views import digests
from bot.worker import Parts, Worker
from storage.channels import Channels
from storage.decisions import Decisions
from storage.engine import Database
from storage.feeds import Feeds
from storage.outbox import Outbox
from storage.papers import Papers
from storage.runs import Runs
from storage.threads import Threads

MORNING = datetime(2026, 4, 15, 9, 0, tzinfo=UTC)  # a Wednesday
ROOM = ChannelId("fake:room")
TOPIC = Topic(("gaussian splatting",))


class FakeClock:
    """Moves when somebody sleeps, unless it is ``still``; ``slept`` lists for how long."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._now = now
        self.still = False
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
        if not self.still:
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

    async def home(self, person: UserId, *, workspace: str = "") -> ChannelId:
        return ChannelId(person)

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
    """A worker with all its parts at hand: real storage, a matcher and a platform of our own."""

    database: Database
    clock: FakeClock = field(default_factory=FakeClock)
    platform: FakePlatform = field(default_factory=FakePlatform)
    words: Words = field(default_factory=Words)
    limits: Limits = field(default_factory=Limits)
    pace: Pace = field(default_factory=lambda: Pace(channel=1.0, workspace=0.1))
    fetched: int = 0

    def __post_init__(self) -> None:
        self.runs = Runs(self.database, now=self.clock.now)
        self.outbox = Outbox(self.database, now=self.clock.now)
        self.papers = Papers(self.database)
        self.channels = Channels(self.database)
        self.decisions = Decisions(self.database)
        self.feeds = Feeds(self.database)
        self.threads = Threads(self.database)

    async def announce(self, *papers: Paper, at: datetime = MORNING - timedelta(hours=8)) -> None:
        """Papers become news."""
        await self.papers.add([Sighting(one, "new") for one in papers], now=at)

    def worker(self, owner: str = "", **more: Any) -> Worker:
        """A worker; several share the newsroom's ledger."""
        parts: dict[str, Any] = {
            "desk": Desk(self.papers, self.channels, self.decisions, self.feeds, self.words),
            "runs": self.runs,
            "outbox": self.outbox,
            "posters": {"fake": self.platform},
            "read": read,
            "fetch": self._fetch,
            "views": digests,
            "clock": self.clock,
            "paces": {"fake": self.pace},
            "limits": self.limits,
            "ticks": self.clock.ticks,
        }
        return Worker(Parts(**{**parts, **more}), owner=owner)

    async def _fetch(self) -> None:
        self.fetched += 1

    async def work(self, worker: Worker) -> None:
        """One round and all that comes of it."""
        await worker.step()
        await worker.idle()
