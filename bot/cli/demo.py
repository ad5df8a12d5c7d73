"""``demo``: the main job on the embedded default, live or with the bundled sample edition."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bot.app import App, assembled
from bot.cli.output import say
from bot.config import Config, load, parse
from bot.demo.server import serving
from bot.domain import ChannelId

CHANNEL = "terminal:demo"
TOPICS = ["gaussian splatting | 3DGS", "video understanding", "retrieval-augmented generation"]


async def demo(arguments: argparse.Namespace) -> int:
    """Fetch today's papers, deliver the digest to this terminal, then take commands."""
    asked = load(arguments.config) if arguments.config else Config()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="paperboy-")))
        app = await stack.enter_async_context(_fetched(asked, folder))
        await app.worker.deliver(ChannelId(CHANNEL))
        if sys.stdin.isatty():
            say(f"Now it is your turn: {app.config.bot.command} help lists the commands; any other line")
            say("is a question about the papers above; Ctrl-D ends.")
        listener = app.platforms["terminal"].listener
        await listener.run(app.conversation)
    return 0


@asynccontextmanager
async def _fetched(asked: Config, folder: Path) -> AsyncIterator[App]:
    """The program with today's papers from arXiv, or with the sample edition where that does not answer."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(assembled(_demo_config(asked, folder / "live.db")))
        say("Fetching today's papers from arXiv…")
        results = await app.library.fetch() if await _has_network(asked) else []
        if any(result.counts.new for result in results):
            say(f"{sum(result.counts.new for result in results):,} new papers.\n")
            yield app
            return
        state = results[0].harvest if results else None
        await stack.aclose()
        why = "announces nothing today" if state and state.state == "quiet" else "could not be reached"
        say(f"arXiv {why}, so this is the bundled sample edition: invented papers.\n")
        async with _sampled(asked, folder) as sampled:
            yield sampled


@asynccontextmanager
async def _sampled(asked: Config, folder: Path) -> AsyncIterator[App]:
    from bot.clock import clock

    with serving(clock().now().date()) as base:
        urls = {
            "feed_url": f"{base}/atom",
            "api_url": f"{base}/api",
            "html_url": f"{base}/html",
            "pdf_url": f"{base}/pdf",
            "min_interval": 0.0,
        }
        async with assembled(_demo_config(asked, folder / "sample.db", urls)) as app:
            await app.library.fetch()
            yield app


async def _has_network(asked: Config) -> bool:
    """Whether the name of arXiv's host can be resolved at all: without a network nobody should wait."""
    host = urlsplit(asked.sources.arxiv.feed_url).hostname or ""
    try:
        await asyncio.get_running_loop().getaddrinfo(host, 443)
    except OSError:
        return False
    return True


def _demo_config(asked: Config, database: Path, urls: dict[str, object] | None = None) -> Config:
    arxiv = asked.sources.arxiv.model_dump() | (urls or {})
    channel = {"channel": CHANNEL, "topics": TOPICS, "limit": 5}
    return parse(
        {
            "bot": {"command": asked.bot.command},
            "storage": {"url": f"sqlite:///{database}"},
            "sources": {"arxiv": arxiv},
            "channels": [channel],
        }
    )
