"""The command ``source``: which feeds are read, for admins."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.call import Call, misuse
from bot.commands.core import Core
from bot.domain import Reply, Request, native_id, platform_of
from bot.errors import Refused
from bot.ports import Responder
from bot.views import sources as views


async def source(core: Core, call: Call, way: Responder) -> None:
    """List the sources; add a feed, which is tried at once; remove one."""
    what, rest = call.first()
    match what.lower():
        case "" | "list":
            await _list(core, way)
        case "add":
            await _add(core, call, rest, way)
        case "remove":
            await _remove(core, call, rest, way)
        case _:
            raise misuse(call.info, f"“{what[:40]}” is not one of add, remove and list.")


async def _list(core: Core, way: Responder) -> None:
    doc = views.listed(core.sources.configured, await core.sources.all(), await core.feeds.health())
    await way.send(Reply(doc, private=True))


async def _add(core: Core, call: Call, rest: str, way: Responder) -> None:
    url, _, name = rest.partition(" ")
    if not url:
        raise misuse(call.info, "The feed's address is missing.")
    await way.working("Trying the feed…")
    added, issue = await core.sources.try_(url.strip("<>"), name)
    await core.sources.add(replace(added, by=call.request.user))
    await way.send(Reply(views.added(added, issue, core.manners.command), private=True))


async def _remove(core: Core, call: Call, name: str, way: Responder) -> None:
    if not name:
        raise misuse(call.info, "The source's name is missing.")
    gone = await core.sources.remove(name)
    await way.send(Reply(views.removed(gone), private=True))


def permit(core: Core, request: Request) -> None:
    """Raises Refused unless the person may change the sources.

    They serve every channel: the bot's own admins decide, where the configuration names some for this
    platform; else whoever manages the channel. In a direct message everybody is their own admin, so that does
    not count, except at the terminal, which belongs to whoever runs the program.
    """
    platform = platform_of(request.channel)
    ours = core.manners.admins_on(platform)
    if request.user in ours or platform == "terminal":
        return
    if ours or request.direct or not request.is_admin:
        names = ", ".join(map(native_id, ours))
        who = f"{core.manners.name}'s admins ({names})" if ours else "an admin, in a channel,"
        raise Refused(f"Only {who} can change the sources: they serve every channel.", people=ours)
