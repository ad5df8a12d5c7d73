"""Forms as Slack modals and back, and the App Home; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, assert_never

from adapters.slack_blocks import blocks
from adapters.slack_text import Json
from bot.doc import Choice, Doc, Form, Input, Select, left_out, text
from bot.doc import Paragraph as Words
from bot.render.clean import visible

FORM = "paperboy.form"
TITLE, LABEL, OPTION, HINT, VALUE, VIEW = 24, 2_000, 75, 2_000, 3_000, 100
GROUP, TICKS = 100, 10


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a form was asked for and what its answers are sent to; travels in the view's metadata."""

    command: str
    channel: str
    thread: str | None = None
    workspace: str = ""
    active: bool = True
    """Whether the thread has replies."""
    foreign: bool = False
    """Whether somebody else than the bot began it."""

    def dump(self) -> str:
        """The metadata of a view."""
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, metadata: str) -> Origin:
        """From the metadata of a view. Raises ValueError where it is not ours."""
        try:
            return cls(**json.loads(metadata))
        except (TypeError, ValueError) as error:
            raise ValueError("this form was not made by this program") from error


def form_in(doc: Doc) -> Form | None:
    """The document's form, if it has one."""
    return next((block for block in doc if isinstance(block, Form)), None)


def modal(doc: Doc, form: Form, origin: Origin, *, command: str = "/paper") -> Json:
    """The view that asks the form's questions, below the rest of the document."""
    long = [field for field in form.fields if isinstance(field, Input) and len(field.value) > VALUE]
    asked = [field for field in form.fields if field not in long]
    inputs = [_input(field) for field in asked if not isinstance(field, Select) or field.choices]
    doc = (*doc, *(Words(text(left_out(field, form).replace("/paper", command))) for field in long))
    above = blocks(doc, command=command, most=VIEW - len(inputs))
    return {
        "type": "modal",
        "callback_id": FORM,
        "title": _plain(form.title, TITLE),
        "submit": _plain(form.submit, TITLE),
        "close": _plain("Cancel", TITLE),
        "private_metadata": origin.dump(),
        "blocks": [*above, *inputs],
    }


def notice(title: str, words: str) -> Json:
    """A view that only says something."""
    shown = blocks((Words(text(words)),))
    return {"type": "modal", "title": _plain(title, TITLE), "close": _plain("Close", TITLE), "blocks": shown}


def home(doc: Doc, *, command: str = "/paper") -> Json:
    """The App Home tab."""
    return {"type": "home", "blocks": blocks(doc, command=command, most=VIEW)}


def values(view: Mapping[str, Any]) -> dict[str, str]:
    """What was entered, by the name of the field; a multiple choice joined by ","."""
    state = view.get("state", {}).get("values", {})
    return {name: _value(entry) for block in state.values() for name, entry in block.items()}


def errors(view: Mapping[str, Any], field: str, sentence: str) -> Json:
    """The answer that keeps the modal open and shows ``sentence`` at ``field`` (else at the first input)."""
    names = [block["block_id"] for block in view.get("blocks", ()) if block.get("type") == "input"]
    place = field if field in names else names[0] if names else ""
    return {"response_action": "errors", "errors": {place: sentence}}


def _value(entry: Mapping[str, Any]) -> str:
    if "selected_options" in entry:
        return ",".join(option["value"] for option in entry["selected_options"] or ())
    if "selected_option" in entry:
        return str((entry["selected_option"] or {}).get("value", ""))
    return str(entry.get("value") or "")


def _plain(words: str, limit: int) -> Json:
    words = visible(words).strip() or "…"
    shown = words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
    return {"type": "plain_text", "text": shown, "emoji": False}


def _input(field: Input | Select) -> Json:
    match field:
        case Input():
            element, optional = _box(field), not field.required
        case Select():
            element, optional = _choice(field), False
        case _:
            assert_never(field)
    hint = {"hint": _plain(field.hint, HINT)} if field.hint else {}
    block: Json = {"type": "input", "block_id": field.name, "label": _plain(field.label, LABEL)}
    return block | {"element": element, "optional": optional} | hint


def _box(field: Input) -> Json:
    element: Json = {"type": "plain_text_input", "action_id": field.name, "multiline": field.lines > 1}
    return element | ({"initial_value": field.value[:VALUE]} if field.value else {})


def _choice(field: Select) -> Json:
    options = [_option(choice) for choice in field.choices]
    chosen = [option for option in options if option["value"] in field.value]
    if field.many:
        kind = "checkboxes" if len(options) <= TICKS else "multi_static_select"
        initial: Json = {"initial_options": chosen} if chosen else {}
    else:
        kind = "static_select"
        initial = {"initial_option": chosen[0]} if chosen else {}
    return {"type": kind, "action_id": field.name, **_listed(options), **initial}


def _listed(options: list[Json]) -> Json:
    """Up to 100 options, or groups of 100 named by their first and last entry."""
    if len(options) <= GROUP:
        return {"options": options}
    groups = [options[start : start + GROUP] for start in range(0, len(options), GROUP)]
    return {"option_groups": [{"label": _span(group), "options": group} for group in groups]}


def _span(group: list[Json]) -> Json:
    first, last = (group[i]["text"]["text"][:35] for i in (0, -1))
    return _plain(f"{first} – {last}", OPTION)


def _option(choice: Choice) -> Json:
    return {"text": _plain(choice.label, OPTION), "value": choice.value}
