"""Discord under load: how soon people are acknowledged, and what 200 digests take against the rate limits.

    python -m benchmarks.discord            # all, against the server of tests/fakes on loopback

The real adapter and the real discord.py speak to it. Acknowledgements: commands come at a steady rate while a
part of them keeps the core busy; then twenty people use the whole program, each asking again as soon as the
answer before is there, while it imports 20,000 papers of the corpus in the same process (PAPERBOY_DATA, else
left out; no full texts are to be had). The time runs from the interaction to Discord's having the first
response, a modal or a message; an answer takes until it is sent whole.
Digests: 200 channels with a parent and five papers each, in real time, against Discord's buckets (five
messages in five seconds a channel, fifty requests a second over all); the bound is what these allow at best.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import logging
import os
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from adapters.discord import Discord
from adapters.discord_listening import ACK_AFTER
from benchmarks.data import data_root
from benchmarks.slack import corpus
from bot import doc as d
from bot.commands.table import INFOS
from bot.domain import ChannelId, CommandInfo, Post, Reply, Request
from bot.ports import Handler, Responder
from tests.fakes.discord import Channel
from tests.fakes.discord import Discord as Server
from tests.fakes.discord_lab import serving
from tests.fakes.web import Site

PAPERS = 5
PEOPLE = 20
LINES = (
    "search gaussian splatting",
    "schedule",
    "ask 2412.00001",
    "settings",
    "topics",
    "ask 2412.00001 which data do they use?",
    "status",
    "show 2412.00001",
)
"""What people type, forms among it; the papers are not there, or come with the import."""


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class BusyCore:
    """Answers at once, except that ``slow`` commands take three seconds."""

    commands: Sequence[CommandInfo] = INFOS

    async def handle(self, request: Request, responder: Responder) -> None:
        if "slow" in request.text:
            await asyncio.sleep(3)
        await responder.send(Reply((d.paragraph(f"You said: {request.text}"),)))

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[d.Choice]:
        return []

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        return None

    async def channel_back(self, channel: ChannelId) -> None:
        return None

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        return None

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        return None


@dataclass
class Answered:
    """The core, and how many requests of a channel wait for their answers."""

    core: Handler
    waiting: Counter[ChannelId] = field(default_factory=Counter)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def commands(self) -> Sequence[CommandInfo]:
        return self.core.commands

    async def handle(self, request: Request, responder: Responder) -> None:
        self.waiting[request.channel] += 1
        try:
            await self.core.handle(request, responder)
        finally:
            async with self.changed:
                self.waiting[request.channel] -= 1
                self.changed.notify_all()

    async def suggest(self, request: Request, option: str, typed: str) -> Sequence[d.Choice]:
        return await self.core.suggest(request, option, typed)

    async def channel_gone(self, channel: ChannelId, reason: str) -> None:
        await self.core.channel_gone(channel, reason)

    async def channel_back(self, channel: ChannelId) -> None:
        await self.core.channel_back(channel)

    async def workspace_gone(self, platform: str, workspace: str, reason: str) -> None:
        await self.core.workspace_gone(platform, workspace, reason)

    async def workspace_back(self, platform: str, workspace: str, reason: str) -> None:
        await self.core.workspace_back(platform, workspace, reason)

    async def answered(self, channel: Channel) -> None:
        """Until nobody waits for an answer there."""
        async with self.changed:
            await self.changed.wait_for(lambda: not self.waiting[ChannelId(f"discord:{channel.id}")])


async def acknowledgements(*, commands: int, rate: float) -> None:
    async with Server(now=time.time()) as server:
        channels = [server.channel(f"papers{n}") for n in range(50)]
        bot = Discord(server.token, clock=WallClock(), api_url=server.api_url, gateway_url=server.gateway_url)
        task = asyncio.create_task(bot.run(BusyCore()))
        await server.connected()
        asked = []
        for number in range(commands):
            line = "/paper topic slow" if number % 5 == 0 else "/paper topic x"
            asked.append(
                await server.types(line, channel=channels[number % 50], wait=False, user=f"u{number}")
            )
            await asyncio.sleep(1 / rate)
        await server.happens(lambda: all(one.acked_after is not None for one in asked), seconds=60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bot.close()
    for name, slow in (("quick", False), ("slow", True)):
        times = [one.acked_after or 0.0 for n, one in enumerate(asked) if (n % 5 == 0) == slow]
        print(f"acknowledged, {name}, at {rate:g}/s: {_quantiles(times)}  (Discord's window: 3000 ms)")


async def importing(data: Path, *, papers: int) -> None:
    """The whole program, twenty people and an import in one process; texts are not to be had."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as name, Site() as nothing:
        folder = Path(name)
        async with Server(now=time.time()) as server:
            server.manager("u0")
            file = folder / "paperboy.toml"
            file.write_text(
                f'[storage]\nurl = "sqlite:///{folder}/bench.db"\n[sources.arxiv]\nenabled = false\n'
                f'min_interval = 0.0\nhtml_url = "{nothing.url}"\npdf_url = "{nothing.url}"\n'
                f'api_url = "{nothing.url}"\n'
                f'[sources.lookup]\nenabled = false\n[discord]\napi_url = "{server.api_url}"\n'
            )
            os.environ["DISCORD_TOKEN"] = server.token
            async with serving(file, server, ack_after=ACK_AFTER) as (app, heard):
                heard.core = answered = Answered(heard.core)
                began, spent = time.monotonic(), time.process_time()
                work = asyncio.create_task(app.library.import_file(_first(corpus(data, folder), papers)))
                waits: dict[str, list[float]] = {line: [] for line in LINES}
                places = [server.channel(f"papers{n}") for n in range(PEOPLE)]
                await asyncio.gather(
                    *(_person(server, answered, p, f"u{n}", work, waits) for n, p in enumerate(places))
                )
                counts, _unusable = await work
                took, spent = time.monotonic() - began, time.process_time() - spent
    print(f"while {counts.seen} papers were imported ({took:.1f} s, {spent:.1f} s CPU), acknowledged:")
    everything = [wait for some in waits.values() for wait in some]
    for line, some in [*waits.items(), ("all", everything)]:
        if some:
            print(f"  {_quantiles(some)}  {line}")


def _first(file: Path, papers: int) -> Path:
    """The first papers of a file of at most 20,000."""
    some = file.with_name("some.jsonl")
    with file.open(encoding="utf-8") as lines, some.open("w", encoding="utf-8") as to:
        to.writelines(itertools.islice(lines, papers))
    return some


async def _person(
    server: Server,
    core: Answered,
    place: Channel,
    user: str,
    work: asyncio.Task[Any],
    waits: dict[str, list[float]],
) -> None:
    """One command after the other until the import is done."""
    server.manager(user)
    for line in itertools.cycle(LINES):
        if work.done():
            return
        asked = await server.types(f"/paper {line}", channel=place, user=user)
        waits[line].append(asked.acked_after or 0.0)
        await core.answered(place)


def _quantiles(waits: Sequence[float]) -> str:
    ordered = sorted(waits)
    p99 = ordered[max(0, int(len(ordered) * 0.99) - 1)]
    return (
        f"n={len(ordered):<5} p50 {statistics.median(ordered) * 1000:.0f} ms  p99 {p99 * 1000:.0f} ms  "
        f"max {ordered[-1] * 1000:.0f} ms"
    )


async def digests(*, channels: int, seconds: float) -> None:
    async with Server(now=time.time()) as server:
        server.rest.rates.speed = 1.0
        bot = Discord(server.token, clock=WallClock(), api_url=server.api_url)
        places = [server.channel(f"papers{n}") for n in range(channels)]
        began = time.perf_counter()
        await asyncio.gather(*(deliver(bot, place.id) for place in places))
        took = time.perf_counter() - began
        posts = sum(len(one.messages) for one in server.world.channels.values())
        threads = sum(one.is_thread for one in server.world.channels.values())
        requests, overruns = len(server.rest.calls), server.rest.rates.overruns
        await bot.close()
    bound = requests / 50
    print(
        f"digests: {channels} channels, {posts} posts in {threads} threads, {requests} requests  "
        f"{took:.1f} s (bound {bound:.1f} s, ratio {took / bound:.2f})  429s {overruns}"
    )
    if posts != channels * (PAPERS + 1) or threads != channels:
        raise SystemExit("posts are missing or doubled")
    if took > seconds:
        raise SystemExit(f"slower than {seconds} s")


async def deliver(bot: Discord, channel: int) -> None:
    place = ChannelId(f"discord:{channel}")
    parent = await bot.post(Post(place, (d.heading("Papers"),), f"{channel}.0", replies=PAPERS))
    for number in range(1, PAPERS + 1):
        await bot.post(Post(place, (d.heading(f"Paper {number}"),), f"{channel}.{number}", parent=parent))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--commands", type=int, default=500)
    parser.add_argument("--rate", type=float, default=50.0)
    parser.add_argument("--papers", type=int, default=20_000, help="imported meanwhile")
    parser.add_argument("--channels", type=int, default=200)
    parser.add_argument(
        "--within", type=float, default=120.0, help="fail if the digests take longer, seconds"
    )
    options = parser.parse_args()
    asyncio.run(acknowledgements(commands=options.commands, rate=options.rate))
    if (data_root() / "corpus").is_dir():
        asyncio.run(importing(data_root(), papers=options.papers))
    asyncio.run(digests(channels=options.channels, seconds=options.within))


if __name__ == "__main__":
    main()
