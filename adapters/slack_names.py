"""Slack's ids as ours: ``slack:C0123``, and ``slack:T0456/C0123`` where many workspaces have the app, so that
whatever is kept by channel or person is kept by workspace; pure."""

from __future__ import annotations

from dataclasses import replace

from bot.domain import ChannelId, Request, UserId, native_id


def channel_id(native: str, team: str = "") -> ChannelId:
    """Our name of a Slack channel."""
    return ChannelId(_joined(native, team))


def user_id(native: str, team: str = "") -> UserId:
    """Our name of a Slack user."""
    return UserId(_joined(native, team))


def _joined(native: str, team: str) -> str:
    return f"slack:{team}/{native}" if team else f"slack:{native}"


def native(name: ChannelId | UserId) -> str:
    """The id as Slack writes it."""
    return native_id(name).rpartition("/")[2]


def kept_apart(request: Request) -> Request:
    """The request with its workspace in the names of channel and person."""
    team = request.workspace
    return replace(
        request,
        channel=channel_id(native(request.channel), team),
        user=user_id(native(request.user), team),
    )
