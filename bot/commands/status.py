"""Help and status."""

from __future__ import annotations

from bot.commands.call import Call, unknown
from bot.commands.channels import channel_of
from bot.commands.core import Core
from bot.commands.people import RATED
from bot.commands.table import LISTED, OWN, TABLE
from bot.domain import Channel, Finding, Reply, Request
from bot.errors import UsageError
from bot.ports import Responder
from bot.views import status as views


async def help_(core: Core, call: Call, way: Responder) -> None:
    """All commands, or one."""
    name = call.words.lower().lstrip("/")
    known = {**TABLE, **{f"me {info.name}": info for info in OWN.values()}}
    if name and name not in known:
        raise UsageError(unknown(name, TABLE, core.manners.command))
    if name:
        doc = views.help_for(name, known[name], core.manners.command)
    else:
        doc = views.help_page(LISTED, core.manners.command, core.manners.name)
    await way.send(Reply(doc, private=True))


async def home(core: Core, request: Request, way: Responder) -> None:
    """The page a platform shows to one person: what comes to them, their list, and help."""
    channel = await core.channels.get(request.channel) or Channel(request.channel)
    kept = await core.papers.many((await core.channels.kept(request.user))[:10])
    await way.send(
        Reply(views.home(channel, kept, LISTED, core.manners.command, core.manners.name), private=True)
    )


async def _rated(core: Core) -> list[Finding]:
    counts = await core.marks.beginning(RATED)
    good, bad = counts.get(f"{RATED}good", "0"), counts.get(f"{RATED}bad", "0")
    return [Finding("answers", True, f"{good} rated helpful, {bad} not")] if counts else []


async def status(core: Core, call: Call, way: Responder) -> None:
    """Whether sources, digests and the model work."""
    doc = views.status(
        await channel_of(core, call),
        version=core.manners.version,
        papers=await core.papers.count(),
        feeds=await core.feeds.health(),
        digest=await core.digests.report(call.request.channel),
        model=[*await core.health(), *await _rated(core)],
        now=core.now(),
    )
    await way.send(Reply(doc, private=True))
