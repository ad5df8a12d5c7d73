"""What the service keeps in memory: `python -m benchmarks.memory DATABASE [--searches 50] [--topics 20]`.

A copy of DATABASE (a SQLite library with vectors, as `benchmarks.search speed` leaves it) is served by the
real `paperboy run` to a Slack on loopback, in a process of its own whose clock stands at the library's last
day. A person asks for the digest of a channel with some topics, then searches for words of random titles.
Printed: the memory of that process from the kernel's books (VmRSS, and VmHWM, its peak), of which RssAnon is
its own and RssFile are pages of files, the database's above all, that the kernel takes back when in need.
"""

import argparse
import asyncio
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.day import TOPICS
from tests.fakes.slack import CHANNEL, FakeSlack

SECONDS = 900.0


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.memory", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("database", type=Path)
    parser.add_argument("--searches", type=int, default=50)
    parser.add_argument("--topics", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(given, Path(folder)))


async def measure(given: argparse.Namespace, folder: Path) -> None:
    database = folder / "paperboy.db"
    _copy(given.database, database)
    titles, last = _read(database, given.searches)
    async with FakeSlack(limits=False) as slack:
        process = _service(folder, slack, last, TOPICS[: given.topics])
        try:
            await slack.connected(seconds=SECONDS)
            _tell("started", process.pid)
            await slack.types("/paper digest now")
            await slack.until(lambda: slack.posts(), seconds=SECONDS)
            _tell(f"after a digest for {given.topics} topics", process.pid)
            for query in titles:
                await _search(slack, query)
            _tell(f"after {len(titles)} searches", process.pid)
        finally:
            process.terminate()
            process.wait(60)


async def _search(slack: FakeSlack, query: str) -> None:
    there = len(_answers(slack))
    await slack.types(f"/paper search {query}")
    await slack.until(lambda: len(_answers(slack)) > there, seconds=SECONDS)


def _answers(slack: FakeSlack) -> list[object]:
    return [*slack.posts(), *slack.ephemerals()]


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as original, closing(sqlite3.connect(target)) as copy:
        original.backup(copy)


def _read(database: Path, count: int) -> tuple[list[str], str]:
    chance = random.Random(0)
    with closing(sqlite3.connect(database)) as connection:
        numbers = [row[0] for row in connection.execute("SELECT number FROM paper")]
        (last,) = connection.execute("SELECT max(day) FROM paper").fetchone()
        chosen = chance.sample(numbers, count)
        query = f"SELECT title FROM paper WHERE number IN ({', '.join(map(str, chosen))})"
        titles = [re.findall(r"\w+", row[0].lower()) for row in connection.execute(query)]
    return [" ".join(chance.sample(t, min(len(t), chance.randint(1, 6)))) for t in titles], str(last)


def _service(folder: Path, slack: FakeSlack, last: str, topics: Sequence[str]) -> subprocess.Popen[bytes]:
    config = folder / "paperboy.toml"
    named = ", ".join(f'"{topic}"' for topic in topics)
    config.write_text(
        f'[storage]\nurl = "sqlite:///{folder / "paperboy.db"}"\n[bot]\nchanges = "anyone"\n'
        f"[sources.arxiv]\nenabled = false\n[sources.lookup]\nenabled = false\n"
        f'[slack]\napi_url = "{slack.api_url}"\n[server]\nlisten = "127.0.0.1:0"\n'
        f'[[channels]]\nchannel = "slack:{CHANNEL}"\ntopics = [{named}]\nat = "23:59"\n'
    )
    around = os.environ | {
        "SLACK_BOT_TOKEN": slack.tokens.bot,
        "SLACK_APP_TOKEN": slack.tokens.app,
        "PAPERBOY_NOW": f"{last}T12:00:00+00:00",
    }
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "bot", "run", "--config", str(config)], env=around, stdout=log, stderr=log
        )


def _tell(when: str, process: int) -> None:
    lines = (line.split() for line in Path(f"/proc/{process}/status").read_text().splitlines())
    found = {parts[0][:-1]: int(parts[1]) / 1024 for parts in lines if parts[0].startswith(("Vm", "Rss"))}
    print(
        f"{when}: {found['VmRSS']:.0f} MB (own {found['RssAnon']:.0f}, files {found['RssFile']:.0f}), "
        f"at most {found['VmHWM']:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
