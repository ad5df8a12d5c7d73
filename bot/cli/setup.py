"""``init``: a few questions, a configuration that works, and what the platforms want to be given."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bot import schedule_words
from bot.cli.output import say
from bot.config import DEFAULT_FILE, parse
from bot.errors import ConfigError, UsageError


async def init(arguments: argparse.Namespace) -> int:
    """Ask and write, or print the manifest or invite link alone."""
    if arguments.slack or arguments.discord:
        _print(arguments)
        return 0
    target = Path(arguments.config or DEFAULT_FILE)
    platform = _write(target, force=arguments.force)
    if platform == "slack":
        _manifest_beside(target)
    if platform == "discord":
        _invite(target)
    say(f"Wrote {target}. Next: `paperboy check`, then `paperboy run`.")
    return 0


def _write(target: Path, *, force: bool) -> str:
    if target.exists() and not force:
        raise UsageError(f"{target} is there already; --force overwrites it, --config names another file.")
    answers = _ask()
    text = written(**answers)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror}).") from None
    return answers["platform"]


def _manifest_beside(target: Path) -> None:
    from bot.config import load
    from bot.platforms import slack_manifest

    file = target.with_name("slack-manifest.json")
    try:
        file.write_text(slack_manifest(load(str(target))), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file}: cannot be written ({error.strerror}).") from None
    say(
        f"Wrote {file}. At api.slack.com/apps: Create New App, From a manifest; docs/slack.md has each click."
    )


def _invite(target: Path) -> None:
    from bot.config import load
    from bot.platforms import discord_invite

    try:
        say(f"Invite the bot to your server: {discord_invite(load(str(target)), os.environ)}")
    except ConfigError as error:
        say(f"{error} `paperboy init --discord` prints it then; docs/discord.md has each click.")


def _id(answer: str) -> str:
    """A channel's id, also out of a link to it or a mention of it."""
    return answer.strip("<#>").rstrip("/").rpartition("/")[2].partition("|")[0]


def _ask() -> dict[str, str]:
    say("A few questions; Enter takes the answer in brackets.")
    return {
        "platform": _question("Where shall papers be posted: slack, discord or terminal?", "terminal"),
        "channel": _id(_question("The channel's id (C… on Slack, a number on Discord)?", "main")),
        "topics": _question("Topics, with commas between?", "gaussian splatting, video understanding"),
        "categories": _question("arXiv categories, with commas between?", "cs.CV, cs.CL, cs.LG, cs.AI"),
        "at": _question("At what time?", "09:00"),
        "timezone": _question("In which time zone?", "UTC"),
    }


def _question(words: str, default: str) -> str:
    sys.stdout.write(f"{words} [{default}] ")
    sys.stdout.flush()
    answer = sys.stdin.readline().strip() or default
    if not sys.stdin.isatty():
        sys.stdout.write("\n")
    return answer


def written(*, platform: str, channel: str, topics: str, categories: str, at: str, timezone: str) -> str:
    """The configuration for the answers, times and zones as freely written as in the commands. Raises
    UsageError for what cannot be."""
    import tomllib

    at, timezone = f"{schedule_words.time_of_day(at):%H:%M}", schedule_words.zone(timezone)
    section = f"\n[{platform}]\n" if platform in ("slack", "discord") else ""
    text = f"""# Every key is explained in config.example.toml.
[bot]
timezone = {_quoted(timezone)}

[sources.arxiv]
categories = {_listed(categories)}
{section}
[[channels]]
channel = {_quoted(f"{platform}:{channel}")}
topics = {_listed(topics)}
at = {_quoted(at)}
"""
    parse(tomllib.loads(text))
    return text


def _quoted(words: str) -> str:
    return '"' + words.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _listed(words: str) -> str:
    return "[" + ", ".join(_quoted(part.strip()) for part in words.split(",") if part.strip()) + "]"


def _print(arguments: argparse.Namespace) -> None:
    from bot.config import load
    from bot.platforms import discord_invite, slack_manifest

    config = load(arguments.config)
    say(discord_invite(config, os.environ) if arguments.discord else slack_manifest(config).rstrip())
