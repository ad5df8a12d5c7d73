"""How quickly are Slack's commands acknowledged, and how well is a morning of digests paced?

``python -m benchmarks.slack ack [DATA]``: twenty people at once search in Slack while 20,000 papers are
imported by the same process into the same SQLite file; time from Slack's sending to our acknowledgement.
``python -m benchmarks.slack morning``: 200 channels get a digest of six messages at the same minute; the time
taken over the least that Slack's rate limits allow, and how often Slack said 429. Time runs 40-fold.

Both use the real slack-bolt against the fake Slack on loopback, in one process: its work counts as ours.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import zstandard

from benchmarks.data import data_root
from bot.clock import SystemClock
from bot.doc import Button, Buttons, bullets, heading, link, paragraph
from bot.domain import ChannelId, Post, Reply, Request
from bot.errors import RateLimited
from bot.library import Library
from bot.pacing import PACES, Pacer
from bot.ports import Responder
from storage.engine import connect
from storage.feeds import Feeds
from storage.papers import Papers
from tests.contracts.platforms import Core
from tests.contracts.slack import slack
from tests.fakes.slack import Clock, FakeSlack
from tests.fakes.slack_world import POSTS_PER_MINUTE

PAPERS, PEOPLE = 20_000, 20
CHANNELS, MESSAGES, SPEED = 200, 6, 40.0
WORDS = ("gaussian splatting", "protein folding", "diffusion language models", "exoplanet atmospheres")


class Fast(Clock):
    """Real time, run faster."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self._began = time.monotonic()

    def __call__(self) -> float:
        return 1_760_000_000.0 + (time.monotonic() - self._began) * SPEED

    def now(self) -> datetime:
        return datetime.fromtimestamp(self(), UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


def corpus(data: Path, folder: Path) -> Path:
    """The first papers of the corpus, in a file of their own."""
    out = folder / "papers.jsonl"
    with (data / "corpus" / "arxiv.jsonl.zst").open("rb") as raw, out.open("w", encoding="utf-8") as to:
        lines = io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(raw), encoding="utf-8")
        to.writelines(itertools.islice(lines, PAPERS))
    return out


async def acknowledge(data: Path) -> None:
    """Measure the acknowledgements."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = corpus(data, folder)
        database = await connect(f"sqlite:///{folder / 'bench.db'}")
        try:
            papers = Papers(database)
            clock = SystemClock()
            library = Library(papers=papers, feeds=Feeds(database), sources=(), clock=clock)
            await _busy(clock, papers, library, file)
        finally:
            await database.close()


async def _busy(clock: SystemClock, papers: Papers, library: Library, file: Path) -> None:
    async def answer(request: Request, responder: Responder) -> None:
        found = await papers.search(request.text.removeprefix("search "), limit=10)
        await responder.send(
            Reply((bullets([item.paper.title for item in found] or ["none"]),), private=True)
        )

    async with FakeSlack(limits=False) as fake:
        bot, app = fake.tokens.bot, fake.tokens.app
        _, listener = slack(clock, bot_token=bot, app_token=app, api_url=fake.api_url)
        users = [fake.world.add_user(f"U{number:04d}", f"user-{number}").id for number in range(PEOPLE)]
        run = asyncio.create_task(listener.run(Core(answer)))
        await fake.connected()
        idle = [envelope async for envelope in _ask(fake, users[0], 50)]
        importing = asyncio.create_task(library.import_file(file))
        began, spent = time.monotonic(), time.process_time()
        waits: list[float] = []
        await asyncio.gather(*(_person(fake, user, importing, waits) for user in users))
        took, spent = time.monotonic() - began, time.process_time() - spent
        counts, _ = importing.result()
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    print(f"idle: {_quantiles(idle)}")
    print(f"while {counts.seen} papers were imported ({took:.1f} s, {spent:.1f} s CPU): {_quantiles(waits)}")


async def _ask(fake: FakeSlack, user: str, times: int) -> AsyncIterator[float]:
    """Search, one after the other, each when the answer before is there; the time to acknowledge each."""
    for number in range(times):
        shown = len(fake.ephemerals(user=user))
        envelope = await fake.types(f"/paper search {WORDS[number % len(WORDS)]}", user=user)
        yield envelope.acked_after or 0.0
        await fake.until(lambda shown=shown: len(fake.ephemerals(user=user)) > shown, seconds=60)  # type: ignore[misc]


async def _person(fake: FakeSlack, user: str, importing: asyncio.Task[object], waits: list[float]) -> None:
    """Search again and again until the import is done."""
    while not importing.done():
        async for wait in _ask(fake, user, 1):
            waits.append(wait)


def _quantiles(waits: Sequence[float]) -> str:
    cuts = statistics.quantiles(waits, n=100)
    return (
        f"{len(waits)} commands, acknowledged in p50 {1000 * cuts[49]:.0f} ms, p99 {1000 * cuts[98]:.0f} ms, "
        f"longest {1000 * max(waits):.0f} ms"
    )


async def morning() -> None:
    """Measure a morning of digests, paced as the courier paces them."""
    clock = Fast()
    async with FakeSlack(clock=clock) as fake:
        for number in range(CHANNELS):
            fake.world.add_channel(f"C{number:04d}", f"channel-{number}")
        poster, _ = slack(clock, bot_token=fake.tokens.bot, app_token=fake.tokens.app, api_url=fake.api_url)
        pacer = Pacer(PACES["slack"], ticks=clock, sleep=clock.sleep)

        async def channel(number: int) -> None:
            place, parent = ChannelId(f"slack:C{number:04d}"), None
            for part in range(MESSAGES):
                while True:
                    await pacer.turn(place, "")
                    try:
                        remote = await poster.post(_post(place, part, parent))
                        break
                    except RateLimited as error:
                        pacer.refused(place, "", error.retry_after)
                parent = parent or remote

        began, spent = clock(), time.process_time()
        await asyncio.gather(*(channel(number) for number in range(CHANNELS)))
        took, spent = clock() - began, time.process_time() - spent
        posts = CHANNELS * MESSAGES
        bound = max(posts * PACES["slack"].workspace, MESSAGES * PACES["slack"].channel)
        refused = len(fake.calls("chat.postMessage", "ratelimited"))
        first = [fake.posts(f"C{number:04d}")[0].ts for number in range(CHANNELS)]
    print(
        f"{posts} messages in {CHANNELS} channels: {took:.0f} s, bound {bound:.0f} s at four a second "
        f"({posts * 60 / POSTS_PER_MINUTE:.0f} s at the fake's {POSTS_PER_MINUTE} a minute): "
        f"ratio {took / bound:.3f}; {refused} times 429; parents in order: {first == sorted(first)}; "
        f"{1000 * spent / posts:.1f} ms CPU a message, the fake's included"
    )


def _post(place: ChannelId, part: int, parent: str | None) -> Post:
    title = link(f"A paper about something, number {part}", "https://arxiv.org/abs/2509.10432")
    buttons = Buttons((Button("Summary", "show 2509.10432 full"), Button("Save", "save 2509.10432")))
    doc = (heading(title, level=2), paragraph("What it found, in a sentence. " * 8), buttons)
    return Post(place, doc, f"{place}.{part}", parent=parent)


def main() -> None:
    """Run the measure that is named."""
    if sys.argv[1:2] == ["ack"]:
        asyncio.run(acknowledge(data_root(sys.argv[2:])))
    elif sys.argv[1:] == ["morning"]:
        asyncio.run(morning())
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
