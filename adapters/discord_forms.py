"""Forms as Discord's modals, and what was filled in; pure.

A modal has a title of 45 characters and five rows; a form with more fields comes in parts, each behind a
button of its own. The limits: https://docs.discord.com/developers/components/using-modal-components.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from adapters.discord_text import Json, shorten
from bot import doc as d
from bot.render.clean import visible

SELECT, INPUT, TEXT, LABEL = 3, 4, 10, 18
ROWS = 5
VALUE = 4000
LONGEST = 96
"""Characters of a command that leave room in a custom id, which has 100, for the part that is asked for."""

ASK = "~ask~"
QUESTION = d.Form("Ask", ASK, (d.Input("question", "Your question", lines=3, required=True),))
"""What the Ask button opens where the bot may not read messages; its answer is as good as a reply."""

_PART = re.compile(r"~([0-9])(!?)~(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opening:
    """What a custom id asks for: a command, a part of its form where it opens one, and whether as it was
    filled in before."""

    command: str
    part: int | None = None
    again: bool = False

    @property
    def id(self) -> str:
        """The custom id."""
        return f"~{self.part}{'!' * self.again}~{self.command}"


NOTHING = Opening("")
"""A custom id that asks for no form."""


def form_in(doc: d.Doc) -> d.Form | None:
    """The form of a document, if it has one."""
    return next((block for block in doc if isinstance(block, d.Form)), None)


def parts(form: d.Form) -> int:
    """In how many modals the form must come."""
    return max(1, -(-len(form.fields) // ROWS))


def openers(form: d.Form) -> tuple[d.Button, ...]:
    """The buttons that open the form, one a part; none where its command leaves no room to say which."""
    count = parts(form)
    if len(form.command) > LONGEST:
        return ()
    titles = [f"{form.title} ({part + 1} of {count})" if count > 1 else form.title for part in range(count)]
    return tuple(
        d.Button(title, Opening(form.command, part).id, "primary") for part, title in enumerate(titles)
    )


def contents(form: d.Form) -> list[str]:
    """What each part of a form asks for, where there are several."""
    labels = [field.label.partition(",")[0] for field in form.fields]
    count = parts(form)
    shown = [" · ".join(labels[part * ROWS : (part + 1) * ROWS]) for part in range(count)]
    return [f"{part} of {count}: {words}" for part, words in enumerate(shown, 1)] if count > 1 else []


def opening(custom_id: str) -> Opening:
    """What a custom id asks for."""
    match = _PART.fullmatch(custom_id)
    return Opening(match[3], int(match[1]), bool(match[2])) if match else Opening(custom_id)


def modal(form: d.Form, part: int = 0, entered: Mapping[str, str] | None = None) -> Json:
    """The form, or a part of it, as a modal; ``entered`` holds what was typed before and comes back."""
    fields = form.fields[part * ROWS : (part + 1) * ROWS]
    long = [field for field in fields if isinstance(field, d.Input) and len(field.value) > VALUE]
    rows = [_label(_entered(field, entered or {})) for field in fields if field not in long]
    rows += [{"type": TEXT, "content": visible(d.left_out(field, form))} for field in long]
    count = parts(form)
    title = form.title if count == 1 else f"{shorten(form.title, 36)} ({part + 1} of {count})"
    nothing: list[Json] = [{"type": TEXT, "content": visible(form.typed) or "…"}]
    id = form.command if count == 1 else Opening(form.command, part).id
    return {"title": shorten(title, 45) or "…", "custom_id": id, "components": rows or nothing}


def _entered(field: d.Input | d.Select, entered: Mapping[str, str]) -> d.Input | d.Select:
    if field.name not in entered:
        return field
    if isinstance(field, d.Input):
        return replace(field, value=entered[field.name])
    return replace(field, value=tuple(filter(None, entered[field.name].split(","))))


def _label(field: d.Input | d.Select) -> Json:
    inner = _input(field) if isinstance(field, d.Input) else _select(field)
    out: Json = {"type": LABEL, "label": shorten(field.label, 45) or field.name, "component": inner}
    return out | ({"description": shorten(field.hint, 100)} if field.hint else {})


def _input(field: d.Input) -> Json:
    style = 2 if field.lines > 1 else 1
    out: Json = {"type": INPUT, "custom_id": field.name, "style": style, "required": field.required}
    return out | {"max_length": VALUE} | ({"value": visible(field.value)[:VALUE]} if field.value else {})


def _select(field: d.Select) -> Json:
    """A choice; where it has more than Discord's 25 options, a field to type in."""
    if not 0 < len(field.choices) <= 25:
        return _input(d.Input(field.name, field.label, ",".join(field.value)))
    options = [_choice(choice, field.value) for choice in field.choices]
    most = len(options) if field.many else 1
    required = bool(field.value)
    return {
        "type": SELECT,
        "custom_id": field.name,
        "options": options,
        "min_values": 1 if required else 0,
        "max_values": most,
        "required": required,
    }


def _choice(choice: d.Choice, chosen: tuple[str, ...]) -> Json:
    made: Json = {"label": shorten(choice.label, 100) or "…", "value": choice.value[:100]}
    return made | ({"default": True} if choice.value in chosen else {})


def values(data: Json) -> dict[str, str]:
    """The answers of a modal by field; several choices joined by ","."""
    return dict(_answers(data.get("components") or []))


def _answers(rows: list[Json]) -> Iterator[tuple[str, str]]:
    for row in rows:
        inner = row.get("component")
        for one in [inner] if inner else row.get("components") or []:
            if "values" in one:
                yield one["custom_id"], ",".join(one["values"] or [])
            elif "custom_id" in one:
                yield one["custom_id"], str(one.get("value") or "")
