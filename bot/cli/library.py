"""``import``, ``search`` and ``match``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bot.app import App, assembled
from bot.cli.output import decision, paper, row, say, warn
from bot.config import load
from bot.domain import Counts, Topic, TopicFound, Unusable
from bot.errors import UsageError
from bot.views.lists import below_line
from bot.views.papers import byline

REASONS_SHOWN = 10
DEFAULT_DAYS = 7
EMBEDDING = timedelta(seconds=10)
"""How long an import goes on to make its papers searchable by meaning; the service does the rest."""


async def import_files(arguments: argparse.Namespace) -> int:
    """Load files of papers; bad lines are told with their number, good ones kept."""
    async with assembled(load(arguments.config), connect=False) as app:
        taken = 0
        for name in arguments.files:
            path = Path(name)
            with _progress(path) as progress:
                counts, unusable = await app.library.import_file(path, progress=progress)
            _tell(path, counts, unusable, as_json=arguments.json)
            taken += counts.seen - counts.rejected
        with _counting(await app.embedding.left()) as counted:
            await app.embedding.once(within=EMBEDDING, progress=counted)
        await _tell_left(app)
    if not taken:
        warn(
            "paperboy: there was no paper to take in; each line must be a JSON object with an id and a title."
        )
    return 0 if taken else 1


async def _tell_left(app: App) -> None:
    """Say so where search cannot go by meaning everywhere yet."""
    left = await app.embedding.left()
    if left:
        warn(
            f"{left:,} of {await app.papers.count():,} papers are found by their words alone so far; "
            "`paperboy run` makes them searchable by meaning in the background."
        )


@contextmanager
def _counting(papers: int) -> Iterator[Callable[[int], None]]:
    """A bar for so many papers on a terminal, silence elsewhere."""
    if not sys.stderr.isatty() or not papers:
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("searchable by meaning", total=papers)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _progress(path: Path) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, silence elsewhere."""
    if not sys.stderr.isatty() or not path.is_file():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(path.name, total=path.stat().st_size)
        yield lambda position: bar.update(task, completed=position)


def _tell(path: Path, counts: Counts, unusable: list[Unusable], *, as_json: bool) -> None:
    if as_json:
        row(
            {
                "file": str(path),
                "seen": counts.seen,
                "new": counts.new,
                "replaced": counts.replaced,
                "known": counts.known,
                "rejected": counts.rejected,
                "reasons": [f"{item.where}: {item.reason}" for item in unusable[:REASONS_SHOWN]],
            }
        )
    else:
        say(
            f"{path}: {counts.seen:,} {'line' if counts.seen == 1 else 'lines'}: "
            f"{counts.new:,} new {'paper' if counts.new == 1 else 'papers'}, {counts.replaced:,} replaced, "
            f"{counts.known:,} known, {counts.rejected:,} rejected."
        )
    for item in unusable[:REASONS_SHOWN]:
        warn(f"  {item.where}: {item.reason}")
    if len(unusable) > REASONS_SHOWN:
        warn(f"  and {len(unusable) - REASONS_SHOWN:,} more lines like these")


async def search(arguments: argparse.Namespace) -> int:
    """Search the library."""
    query = " ".join(arguments.query).strip()
    if not query:
        raise UsageError("say what to look for, such as `paperboy search gaussian splatting`.")
    async with assembled(load(arguments.config), connect=False) as app:
        searched = await app.finder.search(query, limit=arguments.limit)
        if searched.instead:
            warn(f"The library does not know {query!r}; these are for {searched.instead!r}.")
        for rank, item in enumerate(searched.found, 1):
            if arguments.json:
                row(paper(item.paper) | {"rank": rank, "score": round(item.score, 4)})
            else:
                say(f"{rank:>3}. {item.paper.title}\n     {byline(item.paper)}\n     {item.paper.url}")
        if not searched.found and not arguments.json:
            say(f"Nothing among {await app.papers.count():,} papers fits {query!r}.")
        await _tell_left(app)
    return 0


async def match(arguments: argparse.Namespace) -> int:
    """Which papers fit each topic, best first, and the best few below the line."""
    async with assembled(load(arguments.config), connect=False) as app:
        since = arguments.since or app.clock.now().date() - timedelta(days=DEFAULT_DAYS)
        for topic in await _topics(app, arguments.topic):
            found = await app.finder.topic(topic, since=since)
            if arguments.json:
                _rows(found)
            else:
                _lines(topic, found)
    return 0


async def _topics(app: App, named: list[str] | None) -> list[Topic]:
    if named:
        topics = [Topic.parse(words) for words in named]
    else:
        topics = [topic for channel in await app.stores.channels.all() for topic in channel.topics]
    topics = list({topic.key: topic for topic in topics if topic.phrases}.values())
    if not topics:
        raise UsageError("there is no topic: name one with --topic, or give a channel topics.")
    return topics


def _rows(found: TopicFound) -> None:
    best = sorted(found.matched, key=lambda pair: -pair[1].score)
    for item, made in [*best, *found.below]:
        row(paper(item) | decision(made))


def _lines(topic: Topic, found: TopicFound) -> None:
    say(f"{topic}: {len(found.matched)} of {found.looked_at:,} papers belong to it")
    for item, made in sorted(found.matched, key=lambda pair: -pair[1].score):
        say(f"  {made.score:.2f}  {item.title} ({item.id})\n        {made.why}")
    if found.below:
        say("  closest below the line:")
    for item, made in found.below:
        say(f"  {made.score:.2f}  {item.title} ({item.id})\n        {below_line(made)}")
    if found.looked_at and not found.matched and not found.below:
        say("  nothing comes near it")
    if not found.looked_at:
        say("  the library has no papers to look through")
