"""The real program in several processes on one PostgreSQL: one holds Discord's gateway, two others work."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.discord import Channel, Discord
from tests.fakes.feed import Feed
from tests.fakes.web import Answer, Site

NOW = "2025-08-20T09:00:00+00:00"
pytestmark = pytest.mark.postgres


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as made:
        feed = Feed()
        feed.serve(made)
        feed.paper("Pruned Gaussian splatting", "We prune splats of indoor scenes. Mirrors remain hard.")
        feed.paper("Protein folding with less memory", "We fold proteins. Long chains remain hard.")
        made.on("/html/*", Answer(b"none", 404))
        made.on("/pdf/*", Answer(b"none", 404))
        yield made


@pytest.fixture
async def discord() -> AsyncIterator[Discord]:
    async with Discord() as made:
        yield made


def written(folder: Path, database: str, site: Site, discord: Discord, follows: Channel) -> Path:
    file = folder / "paperboy.toml"
    file.write_text(
        f'[bot]\nchanges = "anyone"\n[storage]\nurl = "{database}"\n[server]\nenabled = false\n'
        f"[sources.lookup]\nenabled = false\n[sources.arxiv]\nmin_interval = 0.0\n"
        f'feed_url = "{site.url}/atom"\napi_url = "{site.url}/api/query"\n'
        f'html_url = "{site.url}/html"\npdf_url = "{site.url}/pdf"\n'
        f'[discord]\napi_url = "{discord.api_url}"\n'
        f'[[channels]]\nchannel = "discord:{follows.id}"\ntopics = ["gaussian splatting"]\nat = "08:00"\n'
    )
    return file


@asynccontextmanager
async def role(only: str, config: Path, discord: Discord) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process of its own, ended as a service manager does it."""
    line = (sys.executable, "-m", "bot", "run", "--only", only, "--config", str(config))
    environ = {**os.environ, "DISCORD_TOKEN": discord.token, "PAPERBOY_NOW": NOW}
    process = await asyncio.create_subprocess_exec(*line, env=environ, stderr=asyncio.subprocess.DEVNULL)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_one_holds_the_gateway_and_two_others_bring_the_digests_once(
    tmp_path: Path, postgres_url: str, site: Site, discord: Discord
) -> None:
    papers, later = discord.channel("papers"), discord.channel("later")
    config = written(tmp_path, postgres_url, site, discord, papers)
    async with role("discord", config, discord):
        await discord.connected(seconds=60)
        helped = await discord.types("/paper help", channel=papers)
        assert helped.seen_by_asker_only
        assert discord.posts(papers) == []  # who holds the gateway does not work
        async with role("work", config, discord), role("work", config, discord):
            await discord.happens(lambda: cards(discord, papers) == 1, seconds=60)
            assert len(discord.gateway.live) == 1  # who works does not listen
            followed = await discord.types("/paper follow protein folding", channel=later)
            await followed.until(contains="protein folding", seconds=10)
            asked = await discord.types("/paper schedule 08:00", channel=later)
            await asked.until(contains="08:00", seconds=10)
            await discord.happens(lambda: _digest(discord, later), seconds=20)  # woken, not by the poll
        asked = await discord.types("/paper status", channel=papers)  # people are heard without a worker
        assert "last on" in asked.texts[0]
    assert len([p for p in discord.posts(papers) if "Pruned" in p.text]) == 1
    assert cards(discord, papers) == 1
    assert len([asked for asked in site.asked if asked.path.startswith("/atom")]) == 1


def cards(discord: Discord, channel: Channel) -> int:
    """How many cards stand under the channel's only post."""
    posts = discord.posts(channel)
    threads = discord.world.channels
    return len(discord.posts(threads[posts[0].id])) if len(posts) == 1 and posts[0].id in threads else 0


def _digest(discord: Discord, channel: Channel) -> bool:
    return any("Protein folding" in post.text and "new paper" in post.text for post in discord.posts(channel))
