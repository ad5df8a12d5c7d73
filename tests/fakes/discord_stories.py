"""What people do on Discord, as the JSON of the interactions and messages that result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes.discord_interactions import words
from tests.fakes.discord_rules import (
    BUTTON,
    CHECKBOX,
    CHECKBOXES,
    EPHEMERAL,
    INPUT,
    LABEL,
    RADIO,
    SELECT,
    SELECTS,
    TEXT,
    Json,
    walk,
)

KINDS = {3: str, 4: int, 5: bool}


class NotOffered(AssertionError):
    """Discord's client would not let a person do this."""


@dataclass(frozen=True)
class Post:
    """A message as its readers see it."""

    json: Json
    tags: tuple[str, ...] = ()

    @property
    def id(self) -> int:
        return int(self.json["id"])

    @property
    def channel(self) -> int:
        return int(self.json["channel_id"])

    @property
    def text(self) -> str:
        return words(self.json)

    @property
    def author(self) -> str:
        return str(self.json["author"]["username"])

    @property
    def pings(self) -> list[str]:
        return list(self.json.get("_pings", []))

    @property
    def ephemeral(self) -> bool:
        return bool(self.json["flags"] & EPHEMERAL)

    @property
    def controls(self) -> list[Json]:
        return [one for one in walk(self.json["components"]) if one["type"] in (BUTTON, *SELECTS)]

    @property
    def buttons(self) -> list[str]:
        return [one.get("label", "") for one in self.controls if one["type"] == BUTTON]

    def control(self, name: str) -> Json:
        for one in self.controls:
            if name in (one.get("label"), one.get("custom_id"), one.get("placeholder")):
                if one.get("disabled") or not one.get("custom_id"):
                    raise NotOffered(f"{name!r} cannot be pressed")
                return one
        raise NotOffered(
            f"no {name!r} among {[c.get('label') or c.get('placeholder') for c in self.controls]}"
        )


def command_data(text: str, commands: list[Json], *, focus: str | None = None) -> Json:
    """`/paper topic splatting since:7d` as Discord's client would send it, by the registered commands.

    Words before the first `name:value` go to the options in their order, the last of them takes what is left.
    """
    name, _, rest = text.removeprefix("/").partition(" ")
    for command in commands:
        if command["name"] == name and command.get("type", 1) == 1:
            break
    else:
        raise NotOffered(f"/{name} is not registered")
    options = _options(command.get("options") or [], rest.strip(), text, focus)
    return {"id": command["id"], "name": name, "type": 1, "options": options}


def _options(offered: list[Json], rest: str, whole: str, focus: str | None) -> list[Json]:
    if offered and offered[0]["type"] in (1, 2):
        name, _, rest = rest.partition(" ")
        for one in offered:
            if one["name"] == name:
                inner = _options(one.get("options") or [], rest.strip(), whole, focus)
                return [{"name": name, "type": one["type"], "options": inner}]
        for group in (one for one in offered if one["type"] == 2):
            if name in {one["name"] for one in group["options"]}:  # where the client's search finds it
                inner = _options(group["options"], f"{name} {rest}", whole, focus)
                return [{"name": group["name"], "type": 2, "options": inner}]
        raise NotOffered(f"{whole!r}: no sub-command {name!r}")
    given = _fill(offered, rest)
    missing = [one["name"] for one in offered if one.get("required") and one["name"] not in given]
    if missing and focus is None:
        raise NotOffered(f"{whole!r}: {missing} required")
    if focus is not None:
        given.setdefault(focus, "")
    return [_option(one, given[one["name"]], focus) for one in offered if one["name"] in given]


def _fill(offered: list[Json], rest: str) -> dict[str, str]:
    names = [one["name"] for one in offered]
    given: dict[str, str] = {}
    plain: list[str] = []
    current = ""
    for word in rest.split():
        key, colon, value = word.partition(":")
        if colon and key in names:
            current, given[key] = key, value
        elif current:
            given[current] = f"{given[current]} {word}".strip()
        else:
            plain.append(word)
    free = [name for name in names if name not in given]
    for at, name in enumerate(free):
        if not plain:
            break
        last = at == len(free) - 1 or not offered[names.index(free[at + 1])].get("required")
        last = last and not offered[names.index(name)].get("choices")  # one word is chosen, not written
        given[name] = " ".join(plain) if last else plain[0]
        plain = [] if last else plain[1:]
    return given


def _option(one: Json, value: str, focus: str | None) -> Json:
    if one["name"] == focus:
        return {"name": one["name"], "type": one["type"], "value": value, "focused": True}
    values = [choice["value"] for choice in one.get("choices") or []]
    if values and value not in values:
        raise NotOffered(f"{one['name']}: {value!r} is none of {values}")
    return {"name": one["name"], "type": one["type"], "value": KINDS.get(one["type"], str)(value)}


def component_data(control: Json, values: list[str]) -> Json:
    kind = control["type"]
    data: Json = {"component_type": kind, "custom_id": control["custom_id"], "id": control["id"]}
    if kind in SELECTS:
        offered = [option["value"] for option in control.get("options") or []]
        if not set(values) <= set(offered) or not control.get("min_values", 1) <= len(values):
            raise NotOffered(f"{values} cannot be chosen from {offered}")
        data["values"] = values
    return data


def modal_data(modal: Json, answers: dict[str, Any]) -> Json:
    """A modal filled in: answers by label or custom id; what is not answered keeps its prefilled value."""
    rows, used = [], set()
    for at, row in enumerate(modal["components"], 1):
        if row["type"] == TEXT:
            rows.append({"type": TEXT, "id": row.get("id", at)})
            continue
        inner = row["component"]
        for key in (row["label"], inner["custom_id"]):
            if key in answers:
                used.add(key)
                filled = _filled(inner, answers[key])
                break
        else:
            filled = _filled(inner, None)
        rows.append({"type": LABEL, "id": row.get("id", at), "component": filled})
    if set(answers) - used:
        raise NotOffered(f"the modal asks for no {sorted(set(answers) - used)}")
    return {"custom_id": modal["custom_id"], "components": rows}


def _filled(inner: Json, answer: Any) -> Json:
    kind = inner["type"]
    out: Json = {"type": kind, "custom_id": inner["custom_id"], "id": inner.get("id", 1)}
    if kind == INPUT:
        return out | {"value": _input(inner, answer)}
    if kind == CHECKBOX:
        return out | {"value": bool(inner.get("default") if answer is None else answer)}
    offered = inner.get("options") or []
    chosen = [one["value"] for one in offered if one.get("default")] if answer is None else answer
    chosen = [chosen] if isinstance(chosen, str) else list(chosen)
    if kind in (SELECT, RADIO, CHECKBOXES) and not set(chosen) <= {one["value"] for one in offered}:
        raise NotOffered(f"{chosen} cannot be chosen")
    if inner.get("required", True) and not chosen:
        raise NotOffered(f"{inner['custom_id']} is required")
    return out | ({"value": chosen[0] if chosen else None} if kind == RADIO else {"values": chosen})


def _input(inner: Json, answer: Any) -> str:
    value = str(inner.get("value") or "") if answer is None else str(answer)
    if inner.get("required", True) and not value:
        raise NotOffered(f"{inner['custom_id']} is required")
    if value and not (inner.get("min_length") or 0) <= len(value) <= (inner.get("max_length") or 4000):
        raise NotOffered(f"{inner['custom_id']} has the wrong length")
    return value
