"""The doctor's look at Slack: tokens, scopes, clock, channels; one finding each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from adapters.slack_manifest import NEEDED, SCOPES
from adapters.slack_names import native
from adapters.slack_web import AppGone, Clients, Identity, TokenRefused, ask, identify, web_client
from bot.domain import ChannelId, Finding, workspace_in
from bot.errors import ChannelGone, DeliveryError, PlatformError
from bot.ports import Clock

MOST_SKEW = 60.0
"""Seconds; Slack signs with its time and refuses, as we do, what is five minutes off."""


async def examine(
    clients: Clients,
    channels: Sequence[ChannelId],
    clock: Clock,
    *,
    app_token: str,
    api_url: str,
    socket: bool,
) -> list[Finding]:
    """Every finding; the channels are left out where no bot token serves."""
    found = [await _app_token(app_token, api_url, clients.proxy)] if socket else []
    teams = await clients.workspaces()
    if not teams:
        found.append(Finding("slack workspaces", True, "none has installed the app yet"))
    serving = [team for team in teams if await _workspace(clients, team, clock, found)]
    return found + [await _channel(clients, serving, channel) for channel in channels if serving]


async def _workspace(clients: Clients, team: str, clock: Clock, found: list[Finding]) -> bool:
    """Add the findings of one workspace, as Slack tells them now; whether its token serves."""
    try:
        identity = await identify(await clients.client(team), clock)
    except DeliveryError as error:
        which = f"workspace {team}: " if team else ""
        found.append(Finding("slack bot token", False, f"{which}{error}"))
        return False
    name = identity.team_name or identity.team
    found.append(Finding("slack bot token", True, f"the bot is {identity.user} in {name}"))
    found.extend((_scopes(identity), _clock(identity)))
    return True


async def open_socket(app_token: str, api_url: str, proxy: str) -> str:
    """A fresh address for Socket Mode. Raises PlatformError for a token that does not serve, else
    DeliveryError."""
    if not app_token.startswith("xapp-"):
        raise PlatformError(
            "Slack's Socket Mode needs an app-level token (xapp-…) with the scope connections:write; make "
            "one under Basic Information, App-Level Tokens."
        )
    client = web_client(None, api_url, proxy)
    try:
        answer = await ask(lambda: client.apps_connections_open(app_token=app_token))
    except DeliveryError as error:
        if refused := app_sentence(error):
            raise PlatformError(refused) from error
        raise
    return str(answer["url"])


def app_sentence(error: DeliveryError) -> str:
    """What to do about the app token; empty where it is not at fault."""
    if not isinstance(error, TokenRefused | AppGone):
        return ""
    return (
        "Slack refuses the app-level token; make a new one (xapp-…, scope connections:write) under Basic "
        "Information, App-Level Tokens."
    )


async def _app_token(app_token: str, api_url: str, proxy: str) -> Finding:
    try:
        await open_socket(app_token, api_url, proxy)
    except (PlatformError, DeliveryError) as error:
        return Finding("slack app token", False, str(error))
    return Finding("slack app token", True, "Socket Mode can be opened")


def missing_scopes(identity: Identity) -> list[str]:
    """The scopes the app lacks; none where Slack did not say what it has."""
    return sorted(set(SCOPES) - identity.scopes) if identity.scopes else []


def _scopes(identity: Identity) -> Finding:
    missing = missing_scopes(identity)
    if not missing:
        return Finding("slack scopes", True, f"all {len(SCOPES)} are there")
    reasons = "; ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
    return Finding("slack scopes", False, f"add under OAuth & Permissions, then reinstall the app: {reasons}")


def lacking(identity: Identity) -> str:
    """A sentence where a scope is missing without which the bot cannot work; else empty."""
    missing = [scope for scope in missing_scopes(identity) if scope in NEEDED]
    if not missing:
        return ""
    return (
        f"The Slack app lacks the scopes {', '.join(missing)}; add them under OAuth & Permissions and "
        "reinstall the app."
    )


def _clock(identity: Identity) -> Finding:
    if identity.skew is None:
        return Finding("slack clock", True, "Slack did not say its time")
    off = abs(identity.skew)
    if off <= MOST_SKEW:
        return Finding("slack clock", True, f"within {off:.0f} s of Slack's")
    way = "behind" if identity.skew > 0 else "ahead of"
    return Finding(
        "slack clock", False, f"this machine is {off:.0f} s {way} Slack; set its clock (chrony, ntp)"
    )


async def _channel(clients: Clients, teams: Sequence[str], channel: ChannelId) -> Finding:
    name = str(channel)
    for team in [team for team in teams if workspace_in(channel) in ("", team)]:
        client = await clients.client(team)
        try:
            if native(channel).startswith("D"):  # conversations.info would need one more scope for these
                await ask(partial(client.conversations_history, channel=native(channel), limit=1))
                return Finding(name, True, "direct messages")
            answer = await ask(partial(client.conversations_info, channel=native(channel)))
        except ChannelGone:
            continue
        except DeliveryError as error:
            return Finding(name, False, str(error))
        return _membership(name, answer["channel"])
    return Finding(name, False, "Slack knows no such channel, or it is private and the bot is not in it")


def _membership(name: str, told: Mapping[str, Any]) -> Finding:
    label = f"#{told['name']}" if told.get("name") else "a direct message"
    if told.get("is_archived"):
        return Finding(name, False, f"{label} is archived; unarchive it or remove it from the configuration")
    if not (told.get("is_member") or told.get("is_im")):
        return Finding(name, False, f"the bot is not in {label}; write /invite @Paperboy there")
    return Finding(name, True, f"the bot is in {label}")
