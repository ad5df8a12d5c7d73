"""What does the program cost when nothing happens?

    python -m benchmarks.idle [--engines sqlite,postgresql] [--channels 0,1000] [--seconds 60]

The real ``paperboy run`` with Slack and Discord connected (to the tests' servers, on loopback), the web
server on, and channels whose digests are not due: its CPU time from /proc, and PostgreSQL's transactions.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.channels import count, cpu
from bot.domain import ChannelId
from storage.channels import Channels
from storage.engine import Database, connect
from tests.fakes import postgres
from tests.fakes.discord import Discord
from tests.fakes.newsroom import channel
from tests.fakes.slack import FakeSlack

STEP = 10.0
"""Seconds: a start is over when less than a twentieth of one is spent in such a step."""


@contextmanager
def fresh(engine: str, folder: str) -> Iterator[str]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/paperboy.db"
        return
    with postgres.cluster() as server, postgres.database(server) as url:
        yield url


async def stock(store: Database, channels: int) -> None:
    """Channels whose digest comes in half a day."""
    at = (datetime.now(UTC) + timedelta(hours=12)).time().replace(second=0, microsecond=0)
    for number in range(channels):
        await Channels(store).save(channel(id=ChannelId(f"discord:{number + 1}"), at=at))


async def case(engine: str, channels: int, seconds: float) -> None:
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paperboy-idle-"))
        url = stack.enter_context(fresh(engine, folder))
        store = await connect(url)
        await stock(store, channels)
        async with Discord() as discord, FakeSlack() as slack:
            file = Path(folder) / "paperboy.toml"
            file.write_text(
                f'[storage]\nurl = "{url}"\n[server]\nlisten = "127.0.0.1:0"\n'
                "[sources.arxiv]\nenabled = false\n[sources.lookup]\nenabled = false\n"
                f'[discord]\napi_url = "{discord.api_url}"\n[slack]\napi_url = "{slack.api_url}"\n'
            )
            tokens = {
                "DISCORD_TOKEN": discord.token,
                "SLACK_BOT_TOKEN": slack.tokens.bot,
                "SLACK_APP_TOKEN": slack.tokens.app,
            }
            line = (sys.executable, "-m", "bot", "run", "--config", str(file))
            service = await asyncio.create_subprocess_exec(
                *line, env={**os.environ, **tokens}, stderr=asyncio.subprocess.DEVNULL
            )
            spent = -STEP
            while cpu(service.pid) - spent > STEP / 20:
                spent = cpu(service.pid)
                await asyncio.sleep(STEP)
            spent, made = cpu(service.pid), await count(store)
            await asyncio.sleep(seconds)
            each = (cpu(service.pid) - spent) / seconds * 1000
            told = f", {(await count(store) - made) / seconds:.2f} transactions" if made else ""
            print(f"{engine}, {channels} channels: {each:.2f} ms CPU{told} a second", flush=True)
            service.send_signal(signal.SIGTERM)
            assert await service.wait() == 0
        await store.close()


async def measure(arguments: argparse.Namespace) -> None:
    for engine in arguments.engines.split(","):
        for channels in map(int, arguments.channels.split(",")):
            await case(engine, channels, arguments.seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--channels", default="0,1000")
    parser.add_argument("--seconds", type=float, default=60.0)
    asyncio.run(measure(parser.parse_args()))


if __name__ == "__main__":
    main()
