"""How quickly are Slack's commands acknowledged, and how well is a morning of digests paced?

``python -m benchmarks.slack ack [DATA]``: twenty people at once search in Slack while 20,000 papers are
imported by the same process into the same SQLite file; time from Slack's sending to our acknowledgement.
``python -m benchmarks.slack morning``: 200 channels get a digest of four messages at the same minute, from
the real worker in a process of its own; the time taken over the least that Slack's rate limits allow, and
how often Slack said 429.

Both use the real adapter against the fake Slack on loopback; in ``ack`` its work counts as ours.
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
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard

from benchmarks.channels import cpu
from benchmarks.data import data_root
from bot.clock import SystemClock
from bot.doc import bullets
from bot.domain import Reply, Request
from bot.library import Library
from bot.limits import Limits
from bot.pacing import PACES
from bot.ports import Responder
from storage.engine import connect
from storage.feeds import Feeds
from storage.papers import Papers
from tests.contracts.platforms import Core
from tests.contracts.slack import slack
from tests.fakes.paper_round import PAPERS as IN_DIGEST
from tests.fakes.paper_round import Order, begin, ended, stock
from tests.fakes.post_office import PostOffice
from tests.fakes.slack import Clock, FakeSlack
from tests.fakes.slack_world import BURST, POSTS_PER_MINUTE

PAPERS, PEOPLE = 20_000, 20
CHANNELS = 200
WORDS = ("gaussian splatting", "protein folding", "diffusion language models", "exoplanet atmospheres")


class Now(Clock):
    """Real time."""

    def __call__(self) -> float:
        return time.time()

    def now(self) -> datetime:
        return datetime.now(UTC)


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
    """Measure a morning of digests: the real worker in a process of its own, real storage, real time."""
    names = tuple(f"slack:C{number:04d}" for number in range(CHANNELS))
    with tempfile.TemporaryDirectory(prefix="paperboy-morning-") as folder:
        async with PostOffice() as model, FakeSlack(clock=Now()) as fake:
            for name in names:
                fake.world.add_channel(name.partition(":")[2], name)
            url, now = f"sqlite:///{folder}/paperboy.db", datetime.now(UTC)
            await stock(url, names, start=now - timedelta(minutes=1))
            order = Order(
                url,
                model.address,
                names,
                now,
                real_time=True,
                forever=True,
                limits=Limits(),
                pace=PACES["slack"],
                timeout=PACES["slack"].timeout,
                slack=fake.api_url,
                token=f"{fake.tokens.bot} {fake.tokens.app}",
            )
            process = begin(order)
            expected = CHANNELS * (IN_DIGEST + 1)
            await fake.until(lambda: len(_posts(fake)) >= expected, seconds=900)
            _tell(fake, cpu(process.pid))
            process.terminate()
            assert await ended(process) == 0


def _posts(fake: FakeSlack) -> list[float]:
    return [c.at for c in fake.world.calls if c.method == "chat.postMessage" and c.outcome == "ok"]


def _tell(fake: FakeSlack, spent: float) -> None:
    times = _posts(fake)
    posts, took = len(times), times[-1] - times[0]
    refused = len(fake.calls("chat.postMessage", "ratelimited"))
    bound = (posts - 1) * 60 / POSTS_PER_MINUTE
    least = max(0.0, (posts - BURST) * 60 / POSTS_PER_MINUTE)
    first = [fake.posts(f"C{number:04d}")[0].ts for number in range(CHANNELS)]
    print(f"{posts} messages in {CHANNELS} channels in {took:.1f} s; {refused} times 429")
    print(f"Slack's bound at {POSTS_PER_MINUTE} a minute: {bound:.1f} s, ratio {took / bound:.3f}", end="; ")
    print(f"with a burst of {BURST} to begin with {least:.1f} s, ratio {took / least:.3f}")
    behind = max(float(ts) for ts in first) - times[0]
    print(f"every channel had its first message within {behind:.0f} s")
    print(f"{1000 * spent / posts:.1f} ms of CPU a message in the worker's process")


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
