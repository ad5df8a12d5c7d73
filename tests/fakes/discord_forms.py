"""What Discord refuses of modals, application commands and autocomplete, as pure functions."""

from __future__ import annotations

import re

from tests.fakes import discord_judge
from tests.fakes.discord_rules import (
    CHECKBOXES,
    IN_LABEL,
    INPUT,
    LABEL,
    RADIO,
    SELECTS,
    TEXT,
    Json,
    Refused,
    check_custom_id,
    check_ids,
    check_options,
    check_select,
    invalid,
    text,
    walk,
)

COMMAND_NAME = re.compile(r"[-_'\w]{1,32}\Z")

# Modals


def check_modal(modal: Json) -> None:
    text(modal.get("title"), "title", least=1, most=45)
    text(modal.get("custom_id"), "custom_id", least=1, most=100)
    rows = modal.get("components") or []
    if not 1 <= len(rows) <= 5:
        raise invalid("components", "Must be between 1 and 5 in length.")
    check_ids(list(walk(rows)))
    seen: set[str] = set()
    for at, row in enumerate(rows):
        _check_modal_row(row, f"components.{at}", seen)
    if against := discord_judge.of_modal(modal):
        raise invalid("components", against)


def _check_modal_row(row: Json, where: str, seen: set[str]) -> None:
    if row.get("type") == TEXT:
        text(row.get("content"), f"{where}.content", least=1, most=4000)
        return
    if row.get("type") != LABEL:
        raise invalid(f"{where}.type", f"{row.get('type')} cannot stand in a modal.")
    text(row.get("label"), f"{where}.label", least=1, most=45)
    text(row.get("description") or "", f"{where}.description", most=100)
    inner = row.get("component") or {}
    if inner.get("type") not in IN_LABEL:
        raise invalid(f"{where}.component.type", f"{inner.get('type')} cannot stand in a label.")
    if inner["type"] == INPUT:
        _check_input(inner, f"{where}.component", seen)
    elif inner["type"] in SELECTS:
        check_select(inner, f"{where}.component", seen, modal=True)
    else:
        check_custom_id(inner, f"{where}.component", seen)
        if inner["type"] in (RADIO, CHECKBOXES):
            check_options(inner, f"{where}.component", least=2 if inner["type"] == RADIO else 1, most=10)


def _check_input(one: Json, where: str, seen: set[str]) -> None:
    check_custom_id(one, where, seen)
    if one.get("label"):
        raise invalid(f"{where}.label", "Inside a label the text input has none of its own.")
    if one.get("style") not in (1, 2):
        raise invalid(f"{where}.style", "Must be 1 or 2.")
    most = one.get("max_length") or 4000
    if not 0 <= (one.get("min_length") or 0) <= most <= 4000:
        raise invalid(f"{where}.max_length", "min_length and max_length do not fit.")
    text(one.get("value") or "", f"{where}.value", most=most)
    text(one.get("placeholder") or "", f"{where}.placeholder", most=100)


# Application commands


def check_commands(commands: list[Json]) -> None:
    if sum(one.get("type", 1) == 1 for one in commands) > 100:
        raise Refused(400, 30032, "Maximum number of application commands reached (100)")
    if len({(one.get("type", 1), one["name"]) for one in commands}) != len(commands):
        raise Refused(400, 50035, "Application command names must be unique", "name")
    for at, one in enumerate(commands):
        _check_command(one, f"{at}")
    if against := discord_judge.of_commands(commands):
        raise invalid("", against)


def _check_command(one: Json, where: str) -> None:
    if one.get("type", 1) != 1:
        text(one.get("name"), f"{where}.name", least=1, most=32)
        if one.get("description"):
            raise invalid(f"{where}.description", "Context menu commands have no description.")
        return
    _check_name(one, where)
    if _letters(one) > 8000:
        raise invalid(where, "Command exceeds maximum size (8000)")
    _check_command_options(one.get("options") or [], f"{where}.options", depth=0)


def _check_name(one: Json, where: str) -> None:
    name = one.get("name") or ""
    if not COMMAND_NAME.match(name) or name != name.lower():
        raise invalid(f"{where}.name", f"{name!r} is no name of a command or option.")
    text(one.get("description"), f"{where}.description", least=1, most=100)


def _letters(one: Json) -> int:
    own = len(one.get("name") or "") + len(one.get("description") or "") + len(str(one.get("value") or ""))
    return own + sum(_letters(inner) for key in ("options", "choices") for inner in one.get(key) or [])


def _check_command_options(options: list[Json], where: str, *, depth: int) -> None:
    if len(options) > 25:
        raise invalid(where, "Must be 25 or fewer in length.")
    if len({option.get("name") for option in options}) != len(options):
        raise invalid(where, "Option names must be unique.")
    if len({option["type"] in (1, 2) for option in options}) > 1:
        raise invalid(where, "Sub-commands and other options cannot stand side by side.")
    optional = False
    for at, option in enumerate(options):
        inner = f"{where}.{at}"
        _check_name(option, inner)
        if option["type"] in (1, 2):
            if depth >= 2 or (option["type"] == 2 and depth >= 1):
                raise invalid(inner, "Nested too deep.")
            _check_command_options(option.get("options") or [], f"{inner}.options", depth=depth + 1)
            continue
        if option.get("required") and optional:
            raise invalid(inner, "Required options must be placed before non-required options")
        optional = optional or not option.get("required")
        check_choices(option.get("choices") or [], f"{inner}.choices")
        if option.get("choices") and option.get("autocomplete"):
            raise invalid(inner, "Choices and autocomplete exclude one another.")


def check_choices(choices: list[Json], where: str = "choices") -> None:
    if len(choices) > 25:
        raise invalid(where, "Must be 25 or fewer in length.")
    for at, choice in enumerate(choices):
        text(choice.get("name"), f"{where}.{at}.name", least=1, most=100)
        text(str(choice.get("value")), f"{where}.{at}.value", least=1, most=100)
