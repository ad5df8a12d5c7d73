"""The command table as Discord's application commands, and what people choose there as typed text; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from adapters.discord_text import Json, shorten
from bot.domain import CommandInfo, Option

CHAT_INPUT, MESSAGE_MENU = 1, 3
SUBCOMMAND, STRING = 1, 3
EVERYWHERE: Json = {"integration_types": [0, 1], "contexts": [0, 1, 2]}
"""Installed in a server or by one person; used in servers, in direct messages with the bot, and elsewhere."""

MENU = "Ask about this paper"
LONGEST = 2_000
"""Characters of a message in which a paper is looked for."""


def name_of(command: str) -> str:
    """The name under which Discord lists "/paper"."""
    return command.lstrip("/").lower()


def definitions(infos: Iterable[CommandInfo], command: str) -> list[Json]:
    """One command with a subcommand a verb, and the context menu of messages. Verbs that are pressed rather
    than typed are not listed.

    Discord takes 25 subcommands, 25 options each, names of 32 and descriptions of 100 characters.
    """
    verbs = [_verb(info) for info in infos if not info.pressed]
    group = {"type": CHAT_INPUT, "name": name_of(command), "description": "Papers: find, read, follow them."}
    return [
        {**group, "options": verbs, **EVERYWHERE},
        {"type": MESSAGE_MENU, "name": MENU, **EVERYWHERE},
    ]


def _verb(info: CommandInfo) -> Json:
    options = sorted(info.options, key=lambda option: not option.required)
    described = shorten(info.summary, 100)
    return {
        "type": SUBCOMMAND,
        "name": info.name,
        "description": described,
        "options": [_option(one) for one in options],
    }


def _option(option: Option) -> Json:
    made: Json = {"type": STRING, "name": option.name, "description": shorten(option.summary, 100)}
    made["required"] = option.required
    if option.choices:
        made["choices"] = [{"name": choice, "value": choice} for choice in option.choices[:25]]
    elif option.suggest:
        made["autocomplete"] = True
    return made


def same(ours: Sequence[Json], theirs: Sequence[Json]) -> bool:
    """Whether Discord has these commands already, whatever it adds of its own."""
    return sorted(map(_essence, ours), key=repr) == sorted(map(_essence, theirs), key=repr)


def _essence(one: Json) -> list[Any]:
    return [
        one.get("type", 1),
        one["name"],
        one.get("description") or "",
        bool(one.get("required")),
        bool(one.get("autocomplete")),
        sorted(one.get("integration_types") or []),
        sorted(one.get("contexts") or []),
        [[choice["name"], choice["value"]] for choice in one.get("choices") or []],
        [_essence(option) for option in one.get("options") or []],
    ]


def typed(data: Json, infos: Iterable[CommandInfo]) -> str:
    """A chosen command as somebody would have typed it: "topic splatting not: survey since:7d"."""
    if not data.get("options"):
        return ""
    verb: Json = data["options"][0]
    given = {option["name"]: _tidy(option.get("value")) for option in verb.get("options") or []}
    table = {info.name: info for info in infos}
    known = table[verb["name"]].options if verb["name"] in table else ()
    leads = {option.name: option.lead for option in known}
    order = [*(option.name for option in known), *given]
    parts = [verb["name"]]
    for lead_comes in (False, True):
        for name in dict.fromkeys(order):
            lead = leads.get(name, "")
            if given.get(name) and bool(lead) == lead_comes:
                parts.append(_led(lead, given[name]))
    return " ".join(parts)


def _tidy(value: object) -> str:
    return " ".join(str(value or "").split())


def _led(lead: str, value: str) -> str:
    """The value behind its lead; of several words in quotes, except where all that follows belongs to it."""
    if not lead:
        return value
    if lead == "not:":
        return f"{lead} {value}"
    quotes = '"' if " " in value else ""
    return f"{lead}{quotes}{value.replace(chr(34), '') if quotes else value}{quotes}"


def verb_of(text: str) -> str:
    """The command's name in a typed line."""
    return text.split(" ", 1)[0].lower()


def focused(data: Json) -> tuple[str, str]:
    """The option that is being typed, and what it holds so far."""
    for option in data["options"][0].get("options") or []:
        if option.get("focused"):
            return option["name"], str(option.get("value") or "")
    return "", ""


def about(message: Json) -> str:
    """The words and addresses of a message that somebody points at, for the core to find the paper in."""
    return "\n".join(_texts(message)).strip()[:LONGEST]


def _texts(message: Json) -> Iterable[str]:
    yield message.get("content") or ""
    for one in message.get("components") or []:
        yield from _texts(one)
    for forwarded in message.get("message_snapshots") or []:
        yield from _texts(forwarded["message"])
    for embed in message.get("embeds") or []:
        yield from (embed.get("url") or "", embed.get("title") or "", embed.get("description") or "")
