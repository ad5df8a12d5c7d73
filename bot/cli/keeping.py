"""``backup`` and ``copy``: the database in a file, the database in another database."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.app import assembled
from bot.cli.output import row, say
from bot.config import load


async def backup(arguments: argparse.Namespace) -> int:
    """Write the whole database into one SQLite file."""
    file = Path(arguments.file)
    async with assembled(load(arguments.config), connect=False) as app:
        await app.stores.back_up(file)
    say(f"{file} holds everything. To restore it, stop the service and name it in [storage] url.")
    return 0


async def copy(arguments: argparse.Namespace) -> int:
    """Copy the whole database to another one; a copy that was cut off goes on."""
    # As a service, so that nothing else delivers from a SQLite file meanwhile.
    async with assembled(load(arguments.config), connect=False, service=True) as app:
        with _progress() as progress:
            copied = await app.stores.copy_to(arguments.to, progress=progress)
    for table in copied:
        if arguments.json:
            row({"table": table.table, "rows": table.rows, "checksum": f"{table.checksum:016x}"})
    if not arguments.json:
        rows = sum(table.rows for table in copied)
        say(f"{rows:,} rows in {len(copied)} tables are the same on both sides. Now change [storage] url.")
    return 0


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A bar a table on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _table, _done, _all: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True)) as bars:
        tasks: dict[str, int] = {}

        def show(table: str, done: int, total: int) -> None:
            if table not in tasks:
                tasks[table] = bars.add_task(table, total=total)
            bars.update(tasks[table], completed=done)  # type: ignore[arg-type]

        yield show
