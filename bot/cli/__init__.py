"""The verbs of the command line: arguments in, exit code out, one sentence for every fault."""

from __future__ import annotations

import argparse
import asyncio
import difflib
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from typing import Any, NoReturn

from bot.errors import PaperboyError, UsageError
from bot.masks import masked

Verb = Callable[[argparse.Namespace], Coroutine[Any, Any, int]]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see `{self.prog} --help`.")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Name what was typed, what comes nearest, or all there is. Raises UsageError."""
        known = list(action.choices or ())
        if not known or value in known:
            return
        near = difflib.get_close_matches(str(value), known, 1, 0.5)
        told = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}."
        kind = "verb" if action.dest == "verb" else f"value for {'/'.join(action.option_strings)}"
        raise UsageError(f"“{str(value)[:40]}” is no {kind}; {told} See `{self.prog} --help`.")


def run(argv: Sequence[str]) -> int:
    """Run a verb. Exit codes: 0 done, 1 the job failed, 2 wrong usage or configuration."""
    from bot import logs, traces

    try:
        arguments = parser().parse_args(argv)
        logs.quiet()
        return asyncio.run(_verb(arguments.verb)(arguments))
    except UsageError as error:
        return _told(str(error), 2)
    except PaperboyError as error:
        return _told(str(error), 1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _told(f"something went wrong on my side; please report this: {traces.brief(error)}", 1)


def _told(words: str, code: int) -> int:
    for line in words.splitlines():
        sys.stderr.write(f"paperboy: {masked(line)}\n")
    return code


def _verb(name: str) -> Verb:
    from bot.cli import daily, demo, doctor, keeping, library, service, setup

    verbs: dict[str, Verb] = {
        "run": service.run,
        "chat": service.chat,
        "fetch": daily.fetch,
        "digest": daily.digest,
        "search": library.search,
        "match": library.match,
        "import": library.import_files,
        "init": setup.init,
        "check": doctor.check,
        "demo": demo.demo,
        "backup": keeping.backup,
        "copy": keeping.copy,
    }
    return verbs[name]


def parser() -> argparse.ArgumentParser:
    """The command line's arguments."""
    top = _Parser(
        prog="paperboy",
        description="Daily papers for research groups, on Slack, Discord and the terminal.",
    )
    top.add_argument("--version", "-V", action="store_true", help="print the version and end")
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)

    def verb(name: str, help_: str, *, json: bool = False) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=help_, description=help_.capitalize() + ".")
        added.add_argument("--config", metavar="FILE", help="the configuration file (default: paperboy.toml)")
        if json:
            added.add_argument("--json", action="store_true", help="print one JSON object a line")
        return added

    serve = verb("run", "serve the configured platforms and the schedule until stopped")
    serve.add_argument("--only", choices=("slack", "discord", "work"), help="only this part of the work")
    verb("fetch", "fetch every source once into the library", json=True)
    digest = verb("digest", "compose and deliver digests now, once per channel and day", json=True)
    digest.add_argument("--channel", help="only this channel, such as slack:C0123 (default: all)")
    digest.add_argument("--date", type=_day, help="the digest's day (default: today)")
    digest.add_argument("--dry-run", action="store_true", help="print what would be posted, store nothing")
    chat = verb("chat", "talk to the bot in this terminal")
    chat.add_argument("--as", dest="person", default="you", metavar="NAME", help="your name")
    search = verb("search", "search the library", json=True)
    search.add_argument("query", nargs="+", help="words, a name, an id or a title")
    search.add_argument("--limit", type=_count, default=10, help="how many at most (default: 10)")
    match = verb("match", "show which papers fit a topic, and the best below the line", json=True)
    match.add_argument("--since", type=_day, help="only papers from this day on (default: 7 days ago)")
    match.add_argument("--topic", action="append", help="a topic (default: all that channels follow)")
    imported = verb("import", "load papers from files, one JSON object a line (.gz and .zst too)", json=True)
    imported.add_argument("files", nargs="+", metavar="FILE")
    setup = verb("init", "ask a few questions and write a configuration")
    setup.add_argument("--slack", action="store_true", help="print the Slack app manifest")
    setup.add_argument(
        "--discord", action="store_true", help="print the link that invites the bot to Discord"
    )
    setup.add_argument("--force", action="store_true", help="overwrite a configuration that is there")
    verb("check", "examine configuration, storage, sources, model and platforms", json=True)
    verb("demo", "deliver a first digest to this terminal, then take commands")
    kept = verb("backup", "write the whole database into one SQLite file, also while the service runs")
    kept.add_argument("file", metavar="FILE")
    copied = verb("copy", "copy the whole database to another one; stop the service first", json=True)
    copied.add_argument("--to", required=True, metavar="URL", help="such as postgresql://user@host/database")
    return top


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-05-20") from None


def _count(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to 1000")
    return int(text)
