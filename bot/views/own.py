"""What comes to a person by direct message, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.doc import Block, Bullets, Button, Buttons, Doc, Fields, bold, code, heading, paragraph, text
from bot.domain import Channel, CommandInfo
from bot.views.channels import topics
from bot.views.status import called


def page(channel: Channel, report: Sequence[str], infos: Iterable[CommandInfo], command: str) -> Doc:
    """What the person follows, how its digests went, and every command that changes it."""
    blocks: list[Block] = [heading("Your own papers, by direct message"), *topics(channel)]
    if report:
        blocks.append(Fields(tuple(("Digest", text(line)) for line in report)))
    rows = [text(code(called(info.usage, command)), f" — {info.summary}") for info in infos]
    blocks += [paragraph(bold("Only you see this and can change it:")), Bullets(tuple(rows))]
    label = "Change it" if channel.topics else "Choose topics"
    buttons = [Button(label, "me settings", "primary")]
    if channel.topics:
        buttons.append(Button("Preview", "me digest preview"))
    return (*blocks, Buttons(tuple(buttons)))


def greeting(command: str) -> Doc:
    """The first thing in somebody's direct messages."""
    return (
        paragraph("Your own papers come here, on the topics that you choose; only you see them."),
        paragraph(code(f"{command} me"), " shows what you follow and how to change it.", small=True),
    )


def stopped(channel: Channel, command: str) -> Doc:
    """It is over; the way to begin again, with what was followed until now."""
    again = code(f"{command} me follow gaussian splatting")
    if not channel.topics:
        return (paragraph("You follow nothing, so nothing comes. Start with ", again, "."),)
    followed = ", ".join(map(str, channel.topics))
    commands = [(str(topic), f"me follow {topic}") for topic in channel.topics[:5]]
    buttons = tuple(Button(f"Follow {name}"[:75], words) for name, words in commands if len(words) <= 100)
    return (
        paragraph("Stopped: no more papers come to you. You followed ", bold(followed), "."),
        paragraph("To begin again: ", again, "."),
        *((Buttons(buttons),) if buttons else ()),
    )
