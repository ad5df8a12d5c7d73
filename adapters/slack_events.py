"""What Slack sends as requests of the core; pure but for the memories of what came already."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.slack_forms import Origin, values
from adapters.slack_names import channel_id, user_id
from adapters.slack_text import unescape
from bot.domain import Request

ASK = "paperboy.ask"
"""The callback of the message shortcut "Ask about this paper"."""

SPOKEN = frozenset((None, "file_share", "thread_broadcast"))
"""Subtypes of messages that a person wrote; edits, joins and bots' messages are others."""

PREVIEW_PAUSE = 30 * 60
MANY_LINKS = 3

Event = Mapping[str, Any]
_LINK = re.compile(r"<((?:https?|mailto)[^|>]+)(?:\|[^>]*)?>")
_ADDRESSES = ("url", "title_link", "from_url")
"""Where blocks and attachments hold addresses."""
_NAMED = re.compile(r"<([#@!])([^|>]+)(?:\|([^>]*))?>")


@dataclass(frozen=True, slots=True)
class Person:
    """What Slack tells of somebody."""

    name: str = ""
    is_admin: bool = False
    locale: str = ""


def words(text: str, bot: str) -> str:
    """What a person typed: without the mention of the bot, addresses and names in the clear."""
    text = re.sub(rf"<@{re.escape(bot)}(?:\|[^>]*)?>", " ", text)
    text = _NAMED.sub(lambda m: f"{'' if m[1] == '!' else m[1]}{m[3] or m[2]}", _LINK.sub(r"\1", text))
    return unescape(" ".join(text.split(" "))).strip()


def mentions(event: Event, bot: str) -> bool:
    """Whether a message names the bot."""
    return event.get("type") == "app_mention" or f"<@{bot}" in str(event.get("text", ""))


def is_for_us(event: Event, bot: str) -> bool:
    """Whether a message may be meant for the bot: a person's, in a thread, a direct message, or naming it.

    Whether the bot began the thread is known to the core, which stays silent elsewhere.
    """
    if event.get("subtype") not in SPOKEN or event.get("bot_id") or not event.get("user"):
        return False
    if event["user"] == bot or event.get("hidden"):
        return False
    return bool(event.get("thread_ts") or event.get("channel_type") == "im" or mentions(event, bot))


def is_foreign(message: Event, bot: str) -> bool:
    """Whether a message stands in a thread that somebody else than the bot began."""
    root = message.get("parent_user_id")
    if root is None and message.get("ts") == message.get("thread_ts"):
        root = message.get("user")
    return bool(message.get("thread_ts")) and root not in (None, bot)


def spoken(event: Event, *, bot: str, person: Person, team: str, command: str) -> Request:
    """A message as a request; one that begins with the command's name is a command."""
    text = words(str(event.get("text", "")), bot)
    typed = re.match(rf"{re.escape(command)}(?=\s|$)", text, re.IGNORECASE)
    return Request(
        channel=channel_id(event["channel"]),
        user=user_id(event["user"]),
        text=text[typed.end() :].strip() if typed else text,
        kind="command" if typed else "reply",
        thread=event.get("thread_ts"),
        message=str(event["ts"]),
        mentioned=mentions(event, bot),
        direct=event.get("channel_type") == "im" or str(event["channel"]).startswith("D"),
        user_name=person.name,
        is_admin=person.is_admin,
        locale=person.locale,
        workspace=team,
        foreign=is_foreign(event, bot),
    )


def typed(body: Event, person: Person) -> Request:
    """A slash command as a request."""
    return Request(
        channel=channel_id(body["channel_id"]),
        user=user_id(body["user_id"]),
        text=words(str(body.get("text", "")), "none"),
        message=str(body.get("trigger_id", "")),
        direct=str(body["channel_id"]).startswith("D"),
        user_name=person.name or str(body.get("user_name", "")),
        is_admin=person.is_admin,
        locale=person.locale,
        workspace=str(body.get("team_id", "")),
    )


def pressed(body: Event, person: Person, home: str) -> Request | None:
    """A pressed button as the command it holds; None where it holds none (a link button).

    The answer belongs into the thread of the message. ``home`` is where buttons of the App Home act: the
    person's direct messages.
    """
    command = command_of(body)
    if not command:
        return None
    container = body.get("container", {})
    channel = str(container.get("channel_id") or (body.get("channel") or {}).get("id") or home)
    thread = container.get("thread_ts") or (body.get("message") or {}).get("thread_ts")
    if thread is None and not container.get("is_ephemeral"):
        thread = container.get("message_ts")
    return Request(
        channel=channel_id(channel),
        user=user_id(body["user"]["id"]),
        text=command,
        thread=thread,
        message=str(body.get("trigger_id", "")),
        direct=channel.startswith("D"),
        user_name=person.name,
        is_admin=person.is_admin,
        locale=person.locale,
        workspace=team_of(body),
    )


def command_of(body: Event) -> str:
    """The command that a pressed button or a menu's entry holds; empty for none."""
    action = body["actions"][0]
    return str(action.get("value") or (action.get("selected_option") or {}).get("value") or "")


def submitted(body: Event, person: Person) -> Request:
    """A sent form as a request. Raises ValueError for a form that is not ours."""
    view = body["view"]
    origin = Origin.load(view.get("private_metadata", ""))
    return Request(
        channel=channel_id(origin.channel),
        user=user_id(body["user"]["id"]),
        text=origin.command,
        kind="form",
        thread=origin.thread,
        message=str(body.get("trigger_id", "")),
        values=values(view),
        direct=origin.channel.startswith("D"),
        user_name=person.name,
        is_admin=person.is_admin,
        locale=person.locale,
        workspace=origin.workspace or team_of(body),
        foreign=origin.foreign,
    )


def shortcut(body: Event, person: Person, bot: str) -> Request:
    """ "Ask about this paper" on a message: its words and addresses, for the core to find the paper in."""
    message = body["message"]
    return Request(
        channel=channel_id(body["channel"]["id"]),
        user=user_id(body["user"]["id"]),
        text=" ".join(dict.fromkeys(said(message))),
        kind="about",
        thread=message.get("thread_ts") or message["ts"],
        message=str(body.get("trigger_id", "")),
        direct=str(body["channel"]["id"]).startswith("D"),
        user_name=person.name,
        is_admin=person.is_admin,
        locale=person.locale,
        workspace=team_of(body),
        foreign=is_foreign(message, bot),
    )


def said(message: Event) -> Iterator[str]:
    """The words of a message and the addresses in its blocks and attachments, in order."""
    yield words(str(message.get("text", "")), "none")
    stack: list[Any] = [message.get("attachments", ()), message.get("blocks", ())]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(reversed(node))
        elif isinstance(node, dict):
            yield from (str(node[key]) for key in _ADDRESSES if node.get(key))
            if isinstance(node.get("text"), str):
                yield from _LINK.findall(node["text"])
            stack.extend(value for value in reversed(node.values()) if isinstance(value, dict | list))


def below(body: Event) -> bool:
    """Whether the message that was pressed or chosen stands in a thread that has replies; True for none."""
    parts = [part for part in (body.get("container"), body.get("message")) if part]
    return not parts or any(part.get("thread_ts") for part in parts)


def team_of(body: Event) -> str:
    """The workspace an interaction comes from."""
    return str((body.get("team") or {}).get("id") or (body.get("user") or {}).get("team_id") or "")


class Recent:
    """Remembers the last ids, so that what Slack delivers twice is answered once."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._seen: OrderedDict[str, None] = OrderedDict()

    def first(self, *parts: str) -> bool:
        """True the first time that these come."""
        key = " ".join(parts)
        if key in self._seen:
            return False
        self._seen[key] = None
        if len(self._seen) > self._size:
            self._seen.popitem(last=False)
        return True


class Previews:
    """Holds link previews back: the same link within half an hour, or three links in one message.

    ``same`` gives for a link what it leads to: two that lead to the same are the same.
    """

    def __init__(self, now: Callable[[], float], same: Callable[[str], str] = str) -> None:
        self._now = now
        self._same = same
        self._shown: dict[tuple[str, str, str], float] = {}

    def wanted(self, event: Event, team: str = "") -> list[str]:
        """The links of a ``link_shared`` event that get a preview; it also comes while composing, unsent."""
        urls = [str(link["url"]) for link in event.get("links", ())]
        if len(urls) >= MANY_LINKS or event.get("source") == "composer":
            return []
        now = self._now()
        self._shown = {key: at for key, at in self._shown.items() if now - at < PREVIEW_PAUSE}
        firsts = {(team, event["channel"], self._same(url)): url for url in reversed(urls)}
        fresh = {key: url for key, url in reversed(firsts.items()) if key not in self._shown}
        self._shown |= dict.fromkeys(fresh, now)
        return list(fresh.values())
