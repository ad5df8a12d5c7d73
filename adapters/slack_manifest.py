"""The app manifest: what a workspace is asked to allow, each scope with its reason, checked by Slack's rules.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from adapters.slack_events import ASK
from adapters.slack_text import Json

SCOPES: Mapping[str, str] = {
    "app_mentions:read": "hear messages that name the bot",
    "assistant:write": "show “Reading the paper…” below a thread",
    "channels:history": "hear replies in the bot's threads, and find a post whose answer was lost",
    "channels:read": "check that the bot is in a channel before it posts there",
    "chat:write": "post digests and answers",
    "commands": "the slash command and the message shortcut",
    "files:read": "read a PDF that is dropped into a thread, a direct message or beside a mention",
    "files:write": "hand over BibTeX, RIS and CSV files",
    "groups:history": "the same as channels:history, in private channels",
    "groups:read": "the same as channels:read, in private channels",
    "im:history": "hear direct messages to the bot",
    "im:write": "open a direct message: for a person's own papers, and where an answer is for one person",
    "links:read": "see links to papers that are pasted",
    "links:write": "show a card under such a link",
    "metadata.message:read": "find a post whose answer was lost, by its delivery key",
    "users:read": "know whether somebody administers the workspace",
}
"""Least scopes and what each is for."""

NEEDED = frozenset(("chat:write", "commands", "channels:history", "channels:read"))
"""Without these the bot cannot do its job; the others cost a feature each."""

EVENTS = (
    "app_home_opened",
    "app_mention",
    "app_uninstalled",
    "channel_archive",
    "channel_deleted",
    "channel_left",
    "channel_unarchive",
    "group_archive",
    "group_deleted",
    "group_left",
    "group_unarchive",
    "link_shared",
    "member_joined_channel",
    "message.channels",
    "message.groups",
    "message.im",
    "tokens_revoked",
)
DOMAINS = ("arxiv.org", "biorxiv.org", "medrxiv.org", "huggingface.co", "doi.org")
PROMPTS = (
    ("What can you do?", "help"),
    ("What is trending?", "trending week"),
    ("What do I follow?", "topics"),
)


def manifest(*, name: str = "Paperboy", command: str = "/paper", url: str = "") -> Json:
    """The manifest. Without ``url`` for Socket Mode; with it (``https://papers.example.org``) for HTTP, where
    other workspaces can install it too."""
    events_url = f"{url.rstrip('/')}/slack/events" if url else ""
    settings: Json = {
        "event_subscriptions": {"bot_events": list(EVENTS)} | _at(events_url),
        "interactivity": {"is_enabled": True} | _at(events_url),
        "org_deploy_enabled": False,
        "socket_mode_enabled": not url,
        "token_rotation_enabled": False,
    }
    oauth: Json = {"scopes": {"bot": sorted(SCOPES)}}
    if url:
        oauth["redirect_urls"] = [f"{url.rstrip('/')}/slack/oauth_redirect"]
    return {
        "display_information": _display(name),
        "features": _features(name, command, events_url),
        "oauth_config": oauth,
        "settings": settings,
    }


def dump(told: Mapping[str, Any]) -> str:
    """The manifest as text, to paste under "From a manifest"."""
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def _at(url: str) -> Json:
    return {"request_url": url} if url else {}


def _display(name: str) -> Json:
    return {
        "name": name[:35],
        "description": "Brings your channel the papers it follows, every morning.",
        "long_description": (
            "Finds the day's new papers on arXiv, bioRxiv, medRxiv and other sources, picks those that fit "
            "the topics a channel follows, and posts one digest a day with a summary of each paper in its "
            "thread. Ask it about a paper and it answers with quotes from the paper."
        ),
        "background_color": "#2c3e50",
    }


def _features(name: str, command: str, url: str) -> Json:
    return {
        "agent_view": {
            "agent_description": "Finds papers on your topics and answers questions about them with quotes.",
            "suggested_prompts": [{"title": title, "message": message} for title, message in PROMPTS],
        },
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": False,
        },
        "bot_user": {"display_name": name[:80], "always_online": True},
        "shortcuts": [
            {
                "name": "Ask about this paper",
                "type": "message",
                "callback_id": ASK,
                "description": "Ask a question about the paper in this message",
            }
        ],
        "slash_commands": [
            {
                "command": command,
                "description": "Papers: search, show, ask, follow. Begin with help.",
                "usage_hint": "help",
                "should_escape": True,
            }
            | ({"url": url} if url else {})
        ],
        "unfurl_domains": list(DOMAINS),
    }


def faults(told: Mapping[str, Any]) -> list[str]:
    """What Slack would refuse in a manifest, one sentence each; empty when it takes it."""
    return list(_faults(told))


def _faults(told: Mapping[str, Any]) -> Iterator[str]:
    display, features = told.get("display_information", {}), told.get("features", {})
    settings, oauth = told.get("settings", {}), told.get("oauth_config", {})
    yield from _length("display_information.name", display.get("name", ""), 1, 35)
    yield from _length("display_information.description", display.get("description", ""), 0, 140)
    if "long_description" in display:
        yield from _length("display_information.long_description", display["long_description"], 174, 4_000)
    if not re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", display.get("background_color", "#000")):
        yield "display_information.background_color is no colour such as #2c3e50."
    yield from _feature_faults(features)
    yield from _setting_faults(settings, features)
    bot = set(oauth.get("scopes", {}).get("bot", ()))
    yield from (f"oauth_config.scopes.bot lacks {scope}." for scope in sorted(_needed(told) - bot))
    if len(told.get("oauth_config", {}).get("redirect_urls", ())) > 1_000:
        yield "oauth_config.redirect_urls has more than 1,000 entries."


def _length(where: str, text: str, least: int, most: int) -> Iterator[str]:
    if not least <= len(text) <= most:
        yield f"{where} has {len(text)} characters; Slack takes {least} to {most}."


def _feature_faults(features: Mapping[str, Any]) -> Iterator[str]:
    yield from _length("bot_user.display_name", features.get("bot_user", {}).get("display_name", ""), 1, 80)
    for command in features.get("slash_commands", ()):
        if not re.fullmatch(r"/[^\sA-Z]{1,31}", command.get("command", "")):
            yield f"slash_commands: {command.get('command')!r} is no name of 2 to 32 small characters with /."
        yield from _length("slash_commands.description", command.get("description", ""), 1, 2_000)
        yield from _length("slash_commands.usage_hint", command.get("usage_hint", ""), 0, 1_000)
    for item in features.get("shortcuts", ()):
        yield from _length("shortcuts.name", item.get("name", ""), 1, 24)
        yield from _length("shortcuts.callback_id", item.get("callback_id", ""), 1, 255)
        yield from _length("shortcuts.description", item.get("description", ""), 1, 150)
    if len(features.get("shortcuts", ())) > 10:
        yield "shortcuts has more than 10 entries."
    if len(features.get("unfurl_domains", ())) > 5:
        yield "unfurl_domains has more than 5 entries."
    agent = features.get("agent_view", {})
    yield from _length("agent_view.agent_description", agent.get("agent_description", "x"), 1, 300)
    if len(agent.get("suggested_prompts", ())) > 4:
        yield "agent_view.suggested_prompts has more than 4 entries."
    if "agent_view" in features and "assistant_view" in features:
        yield "agent_view and assistant_view exclude each other."


def _setting_faults(settings: Mapping[str, Any], features: Mapping[str, Any]) -> Iterator[str]:
    events = settings.get("event_subscriptions", {})
    if len(events.get("bot_events", ())) > 100:
        yield "event_subscriptions.bot_events has more than 100 entries."
    if settings.get("socket_mode_enabled"):
        return
    needing = {
        "settings.event_subscriptions": events,
        "settings.interactivity": settings.get("interactivity", {}),
    }
    for where, part in needing.items():
        if not str(part.get("request_url", "")).startswith("https://"):
            yield f"{where}.request_url must be an https:// address without Socket Mode."
    for command in features.get("slash_commands", ()):
        if not str(command.get("url", "")).startswith("https://"):
            yield "slash_commands.url must be an https:// address without Socket Mode."


_EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "link_shared": "links:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "channel_archive": "channels:read",
    "channel_deleted": "channels:read",
    "channel_left": "channels:read",
    "channel_unarchive": "channels:read",
    "group_archive": "groups:read",
    "group_deleted": "groups:read",
    "group_left": "groups:read",
    "group_unarchive": "groups:read",
    "member_joined_channel": "channels:read",
}


def _needed(told: Mapping[str, Any]) -> set[str]:
    """The scopes that the manifest's own events and features need."""
    events = told.get("settings", {}).get("event_subscriptions", {}).get("bot_events", ())
    features = told.get("features", {})
    needed = {_EVENT_SCOPES[event] for event in events if event in _EVENT_SCOPES}
    needed |= {"commands"} if features.get("slash_commands") or features.get("shortcuts") else set()
    needed |= {"links:write"} if features.get("unfurl_domains") else set()
    return needed | ({"assistant:write"} if "agent_view" in features else set())
