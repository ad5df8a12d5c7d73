"""``fetch`` and ``digest``."""

from __future__ import annotations

import argparse
import sys

from bot.app import App, Screen, assembled
from bot.byhand import told
from bot.cli.library import EMBEDDING
from bot.cli.output import row, say, warn
from bot.config import load
from bot.domain import ChannelId, platform_of
from bot.errors import PaperboyError, UsageError
from bot.library import Fetched
from bot.render import plain
from bot.worker import Delivered


async def fetch(arguments: argparse.Namespace) -> int:
    """Fetch every source once; 1 if one of them failed."""
    async with assembled(load(arguments.config), connect=False) as app:
        results = await app.library.fetch()
        await app.embedding.once(within=EMBEDDING)
    for result in results:
        if arguments.json:
            row(_fields(result))
        else:
            _tell(result)
    if not results:
        warn("paperboy: no source is enabled; see [sources] in the configuration.")
    return 1 if any(result.harvest.state == "failed" for result in results) else 0


def _fields(result: Fetched) -> dict[str, object]:
    harvest, counts = result.harvest, result.counts
    return {
        "source": harvest.source,
        "seen": counts.seen,
        "new": counts.new,
        "replaced": counts.replaced,
        "rejected": counts.rejected,
        "state": harvest.state,
        "detail": harvest.detail,
    }


def _tell(result: Fetched) -> None:
    harvest, counts = result.harvest, result.counts
    say(
        f"{harvest.source}: {harvest.state}; {counts.seen} seen, {counts.new} new, "
        f"{counts.replaced} replaced, {counts.rejected} rejected. {harvest.detail}".rstrip()
    )
    for item in harvest.unusable[:10]:
        warn(f"  {item.where}: {item.reason}")


async def digest(arguments: argparse.Namespace) -> int:
    """Compose and deliver; a second run for the same day delivers nothing. 1 if a channel failed."""
    delivers = not arguments.dry_run
    screen = Screen(sys.stderr) if arguments.json else None
    config = load(arguments.config)
    async with assembled(config, service=delivers, connect=delivers, screen=screen) as app:
        channels = await _channels(app, arguments.channel, delivers=delivers)
        if arguments.dry_run:
            return await _preview(app, channels, arguments)
        failed = False
        for channel in channels:
            done = await _delivered(app, channel, arguments)
            failed |= done.state == "failed"
            _report(done, as_json=arguments.json)
    return 1 if failed else 0


async def _channels(app: App, named: str | None, *, delivers: bool) -> list[ChannelId]:
    if named:
        channel = ChannelId(named)
        if await app.stores.channels.get(channel) is None:
            raise UsageError(f"nothing is set up for {named}; add a [[channels]] section for it.")
        return [channel]
    following = [
        c
        for c in await app.stores.channels.all()
        if c.topics and (not delivers or platform_of(c.id) in app.platforms)
    ]
    if not following:
        raise UsageError("no channel is set up; add a [[channels]] section to the configuration.")
    usable = [c.id for c in following if not c.paused]
    if not usable:
        reasons = "; ".join(f"{c.id}: {c.paused.rstrip('.')}" for c in following)
        raise UsageError(f"every channel is paused ({reasons}).")
    return usable


async def _delivered(app: App, channel: ChannelId, arguments: argparse.Namespace) -> Delivered:
    try:
        return await app.worker.deliver(channel, arguments.date)
    except UsageError:
        raise
    except PaperboyError as error:
        day = arguments.date or app.clock.now().date()
        return Delivered(channel, day, "failed", detail=str(error))


def _report(done: Delivered, *, as_json: bool) -> None:
    if as_json:
        posts = 0 if done.before else done.posts
        papers = [] if done.before else list(done.papers)
        state = done.state if done.state in ("delivered", "quiet", "skipped") else "failed"
        row(
            {
                "channel": done.channel,
                "date": done.day.isoformat(),
                "state": "skipped" if done.before else state,
                "posts": posts,
                "papers": papers,
            }
        )
    else:
        warn(f"{done.channel}: {told(done)}")
    if as_json and done.detail and done.state == "failed":
        warn(f"paperboy: {done.channel}: {done.detail}")


async def _preview(app: App, channels: list[ChannelId], arguments: argparse.Namespace) -> int:
    for channel in channels:
        made = await app.worker.preview(channel, arguments.date)
        if arguments.json:
            row(
                {
                    "channel": channel,
                    "date": made.digest.day.isoformat(),
                    "state": "delivered" if made.digest.picks else "quiet",
                    "posts": 0,
                    "papers": [pick.paper_id for pick in made.digest.picks],
                }
            )
            continue
        say(f"--- {channel}: this would be posted ---")
        for doc in made.docs:
            say(plain.render(doc, command=app.config.bot.command) + "\n")
    return 0
