"""``me``: what comes to a person by direct message. Its commands are a channel's own, carried out on the
channel of the person's direct messages, which nobody else may change (docs/decisions/0140)."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

import structlog

from bot.commands import channels, papers
from bot.commands.call import Call, parse
from bot.commands.core import Core
from bot.commands.table import OWN
from bot.domain import Post, Reply, Request, platform_of
from bot.errors import Uncertain
from bot.ports import Responder
from bot.views import own as views

_log = structlog.get_logger("paperboy")


async def me(core: Core, call: Call, way: Responder) -> None:
    """Carry a command out on the person's own channel; alone, show what they get and how to change it."""
    request = call.request
    own = await core.channels.own(request.user)
    home = own.id if own else await core.home(request)
    asked = replace(request, channel=home, direct=True, away=False, text=call.words or "help")
    inner = parse(asked, OWN, command=f"{core.manners.command} me")
    if own is None and home != request.channel and _changes(inner):
        await _greet(core, request, inner)
    elif own is None and not inner.info.form:  # forms wait for nothing (docs/decisions/0110)
        await channels.adopt(core, request)
    await _RUNS[inner.info.name](core, inner, way)


def _changes(call: Call) -> bool:
    """Whether it sets something, where others only show it or open a form."""
    if call.request.kind == "form":
        return True
    return bool(call.words) and call.info.name in ("follow", "schedule", "limit")


async def _greet(core: Core, request: Request, call: Call) -> None:
    """Say once in the direct messages what comes there, before anything is kept: who cannot be written to
    is told now, not tomorrow morning. Raises DeliveryError.

    Zone and language begin as those of the channel where it was asked.
    """
    channel = await channels.channel_of(core, call)
    here = await core.channels.get(request.channel)
    if here:
        channel = replace(channel, timezone=here.timezone, language=here.language)
    key = hashlib.sha256(f"home|{channel.id}|{request.message}".encode()).hexdigest()[:24]
    post = Post(channel.id, views.greeting(core.manners.command), key, workspace=request.workspace)
    try:
        await core.posters[platform_of(channel.id)].post(post)
    except Uncertain as error:
        _log.warning("a greeting may not have arrived", channel=channel.id, error=error)
    await core.channels.save(channel)


async def _page(core: Core, call: Call, way: Responder) -> None:
    channel = await channels.channel_of(core, call)
    report = await core.digests.report(channel.id)
    doc = views.page(channel, report, OWN.values(), core.manners.command)
    await way.send(Reply(doc, private=True))


async def _limit(core: Core, call: Call, way: Responder) -> None:
    """The field of the settings' form, typed."""
    values = {"limit": call.need("The number of papers")}
    await channels.settings(
        core, replace(call, request=replace(call.request, kind="form", values=values)), way
    )


async def _stop(core: Core, call: Call, way: Responder) -> None:
    """Nothing comes any more; when and how it came is kept, should it begin again."""
    channel = await channels.channel_of(core, call)
    if channel.topics:
        await core.channels.save(replace(channel, topics=(), paused=""))
    await way.send(Reply(views.stopped(channel, core.manners.command), private=True))


_RUNS: Mapping[str, Callable[[Core, Call, Responder], Awaitable[None]]] = {
    "follow": channels.follow,
    "unfollow": channels.unfollow,
    "topics": channels.topics,
    "schedule": channels.schedule,
    "limit": _limit,
    "digest": channels.digest,
    "backtest": channels.backtest,
    "why": papers.why,
    "settings": channels.settings,
    "stop": _stop,
    "help": _page,
}
