"""Help, status and the sentences for what went wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.doc import (
    Block,
    Bullets,
    Button,
    Buttons,
    Divider,
    Doc,
    Fields,
    Span,
    bold,
    code,
    heading,
    paragraph,
    person,
    text,
)
from bot.domain import Channel, CommandInfo, FeedHealth, Finding, Paper
from bot.views.channels import next_time
from bot.views.lists import lines
from bot.views.papers import authors

STATES = {"ok": "ok", "quiet": "quiet, nothing announced", "stale": "stale", "failed": "failing"}


def help_page(infos: Iterable[CommandInfo], command: str, name: str) -> Doc:
    """All commands, a line each."""
    rows = [text(code(called(info.usage, command)), f" — {info.summary}") for info in infos]
    return (
        heading(f"What {name} can do"),
        Bullets(tuple(rows)),
        paragraph(
            "Reply in a thread that I began to ask about its papers; elsewhere, mention me. "
            "A PDF dropped there is read too.",
            small=True,
        ),
    )


def help_for(name: str, info: CommandInfo, command: str) -> Doc:
    """One command, its arguments and an example."""
    blocks: list[Block] = [
        paragraph(bold(f"{command} {name}"), f" — {info.summary}"),
        paragraph("Usage: ", code(called(info.usage, command))),
        paragraph("Example: ", code(called(info.example, command))),
    ]
    if info.options:
        blocks.append(Fields(tuple((o.lead.rstrip(":") or o.name, text(o.summary)) for o in info.options)))
    if info.admin:
        blocks.append(paragraph(_reserved(info), small=True))
    return tuple(blocks)


def _reserved(info: CommandInfo) -> str:
    """Who can use it, or the forms of it that change something."""
    who = "those who may change this channel" if info.admin == "channel" else "admins"
    if not info.reserved:
        return f"Only for {who}."
    *first, last = info.reserved
    return f"{', '.join(first)} and {last}: only for {who}."


def home(
    channel: Channel, kept: Sequence[Paper], infos: Iterable[CommandInfo], command: str, name: str
) -> Doc:
    """A person's page: what comes to them by direct message, the papers they keep, what the bot can do."""
    if kept:
        mine: Doc = (heading("Your list"), lines((paper, authors(paper.authors, 1)) for paper in kept))
    else:
        mine = (heading("Your list"), paragraph("It is empty. The Save button of a paper puts it here."))
    return (*_own(channel), Divider(), *mine, Divider(), *help_page(infos, command, name))


def _own(channel: Channel) -> Doc:
    """What a person's direct messages follow, with the way to change it."""
    if channel.topics:
        shown: Doc = (
            Bullets(tuple(text(str(topic)) for topic in channel.topics)),
            paragraph(next_time(channel), small=True),
        )
    else:
        shown = (paragraph("Nothing yet. Choose topics, and papers on them come to you every day."),)
    label = "Change it" if channel.topics else "Choose topics"
    return (heading("By direct message"), *shown, Buttons((Button(label, "me settings", "primary"),)))


def called(words: str, command: str) -> str:
    """A usage or an example with the command's name as it is configured."""
    return words.replace("/paper", command, 1)


def status(
    channel: Channel,
    *,
    version: str,
    papers: int,
    feeds: Sequence[FeedHealth],
    digest: Sequence[str],
    model: Sequence[Finding],
    now: datetime,
) -> Doc:
    """Whether everything works, and since when what does not."""
    rows = [
        ("Library", text("1 paper" if papers == 1 else f"{papers:,} papers")),
        ("This channel", text(_follows(channel))),
        *(("Digest", text(line)) for line in digest),
        *((finding.name, text(finding.detail)) for finding in model),
    ]
    rows_ = [text(bold(feed.source), ": ", feed_line(feed)) for feed in feeds]
    blocks: list[Block] = [heading(f"Status, {now:%Y-%m-%d %H:%M} UTC"), Fields(tuple(rows))]
    if rows_:
        blocks += [paragraph(bold("Sources")), Bullets(tuple(rows_))]
    else:
        blocks.append(paragraph("No source was fetched yet."))
    blocks.append(paragraph(f"Version {version}", small=True))
    return tuple(blocks)


def _follows(channel: Channel) -> str:
    if not channel.topics:
        return "follows nothing, so no digest comes."
    topics = "1 topic" if len(channel.topics) == 1 else f"{len(channel.topics)} topics"
    return f"follows {topics}. {next_time(channel)}"


def feed_line(feed: FeedHealth) -> str:
    """A source's state, since when, and its last counts."""
    words = STATES[feed.state]
    if feed.failing_since and feed.state in ("failed", "stale"):
        words += f" since {feed.failing_since:%Y-%m-%d %H:%M}"
    if feed.good_at and feed.state in ("failed", "stale"):
        words += f", last good {feed.good_at:%Y-%m-%d %H:%M}"
    if "/" in feed.source:
        return words
    words += (
        f"; last fetch: {feed.seen} seen, {feed.new} new, {feed.replaced} replaced, {feed.rejected} rejected"
    )
    return f"{words}. {feed.detail}".strip() if feed.detail else words


def trouble(message: str, people: Sequence[str] = ()) -> Doc:
    """What went wrong and what to do, a line each; ``people`` are the ids of those whom it names."""
    first, *rest = message.splitlines() or ["Something went wrong."]
    return (paragraph(_naming(first, people)), *(_hint(line) for line in rest))


def _naming(words: str, people: Sequence[str]) -> list[str | Span]:
    """The words with each id that stands in them as the person it names."""
    known = {span.text: span for span in map(person, people)}
    if not known:
        return [words]
    parts = re.split(rf"\b({'|'.join(map(re.escape, known))})\b", words)
    return [known.get(part, part) for part in parts]


def _hint(line: str) -> Block:
    name, colon, value = line.partition(": ")
    return paragraph(f"{name}: ", code(value)) if colon and name in ("Usage", "Example") else paragraph(line)
