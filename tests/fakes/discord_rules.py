"""What Discord refuses, as pure functions over the JSON of a request.

The limits are those of Discord's reference (components, messages, application commands, modals); where the
reference is silent the stricter reading is taken, so that what passes here passes there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tests.fakes import discord_judge

Json = dict[str, Any]

V2 = 1 << 15
EPHEMERAL = 1 << 6
SUPPRESS_EMBEDS = 1 << 2
ROW, BUTTON, SELECT, INPUT, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR = (
    1,
    2,
    3,
    4,
    9,
    10,
    11,
    12,
    13,
    14,
)
CONTAINER, LABEL, UPLOAD, RADIO, CHECKBOXES, CHECKBOX = 17, 18, 19, 21, 22, 23
SELECTS = {3, 5, 6, 7, 8}
TOP_LEVEL = {ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR, CONTAINER}
IN_CONTAINER = TOP_LEVEL - {CONTAINER}
IN_LABEL = {INPUT, *SELECTS, UPLOAD, RADIO, CHECKBOXES, CHECKBOX}
URL = re.compile(r"(https?|attachment|discord)://\S+\Z")


class Refused(Exception):
    """An answer of Discord that is not a success."""

    def __init__(self, status: int, code: int, message: str, where: str = "") -> None:
        super().__init__(f"{status} {code} {where}: {message}")
        self.status, self.code, self.message, self.where = status, code, message, where

    def body(self) -> Json:
        if not self.where:
            return {"message": self.message, "code": self.code}
        detail = {"_errors": [{"code": "BASE_TYPE_BAD", "message": self.message}]}
        for part in reversed(self.where.split(".")):
            detail = {part: detail}  # type: ignore[dict-item]
        return {"message": "Invalid Form Body", "code": self.code, "errors": detail}


def invalid(where: str, message: str) -> Refused:
    return Refused(400, 50035, message, where)


def text(value: Any, where: str, *, least: int = 0, most: int) -> str:
    if not isinstance(value, str):
        raise invalid(where, "Must be a string.")
    if not least <= len(value) <= most:
        raise invalid(where, f"Must be between {least} and {most} in length; it is {len(value)}.")
    if least and not value.strip():
        raise invalid(where, "This field is required")
    return value


def walk(components: list[Json]) -> Iterator[Json]:
    """Every component, outer before inner, in the order of the wire."""
    for one in components:
        yield one
        yield from walk(one.get("components") or [])
        for key in ("accessory", "component"):
            if isinstance(one.get(key), dict):
                yield from walk([one[key]])


# Messages


def check_message(payload: Json, *, editing: Json | None = None, files: bool = False) -> None:
    """A message that is posted, or that would stand after an edit of `editing`."""
    flags = int(payload.get("flags") or 0) | (int(editing.get("flags", 0)) if editing else 0)
    _check_nonce(payload.get("nonce"))
    _check_mentions(payload.get("allowed_mentions"))
    if flags & V2:
        for key in ("content", "embeds", "sticker_ids", "poll"):
            if payload.get(key):
                raise invalid(
                    key, f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
                )
        components = payload.get("components")
        if components is None and editing:
            return
        check_layout(components or [])
        if against := discord_judge.of_layout(components or [], flags):
            raise invalid("components", against)
        return
    if payload.get("content") is not None:
        text(payload["content"], "content", most=2000)
    check_embeds(payload.get("embeds") or [])
    check_rows(payload.get("components") or [])
    merged = {**(editing or {}), **payload}
    if not files and not any(
        merged.get(key) for key in ("content", "embeds", "components", "sticker_ids", "poll")
    ):
        raise Refused(400, 50006, "Cannot send an empty message")


def _check_nonce(nonce: Any) -> None:
    if nonce is not None and len(str(nonce)) > 25:
        raise invalid("nonce", "Must be 25 or fewer in length.")


def _check_mentions(allowed: Any) -> None:
    if allowed is None:
        return
    for kind in ("users", "roles"):
        if allowed.get(kind) and kind in (allowed.get("parse") or []):
            raise invalid(
                "allowed_mentions", f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            )


def check_embeds(embeds: list[Json]) -> None:
    if len(embeds) > 10:
        raise invalid("embeds", "Must be 10 or fewer in length.")
    total = 0
    for at, embed in enumerate(embeds):
        where = f"embeds.{at}"
        total += len(text(embed.get("title") or "", f"{where}.title", most=256))
        total += len(text(embed.get("description") or "", f"{where}.description", most=4096))
        total += len(text((embed.get("footer") or {}).get("text") or "", f"{where}.footer.text", most=2048))
        total += len(text((embed.get("author") or {}).get("name") or "", f"{where}.author.name", most=256))
        if len(embed.get("fields") or []) > 25:
            raise invalid(f"{where}.fields", "Must be 25 or fewer in length.")
        for number, field in enumerate(embed.get("fields") or []):
            total += len(text(field.get("name"), f"{where}.fields.{number}.name", least=1, most=256))
            total += len(text(field.get("value"), f"{where}.fields.{number}.value", least=1, most=1024))
        if embed.get("url") and not URL.match(embed["url"]):
            raise invalid(f"{where}.url", "Not a well formed URL.")
    if total > 6000:
        raise invalid("embeds", "Embed size exceeds maximum size of 6000")


def check_rows(components: list[Json]) -> None:
    if len(components) > 5:
        raise invalid("components", "Must be 5 or fewer in length.")
    seen: set[str] = set()
    for at, row in enumerate(components):
        if row.get("type") != ROW:
            raise invalid(
                f"components.{at}", f'Value of field "type" must be one of (1,), not {row.get("type")}.'
            )
        _check_row(row, f"components.{at}", seen)


def check_layout(components: list[Json]) -> None:
    """Components V2: 40 components with the nested ones, 4000 characters of text over all."""
    if not components:
        raise Refused(400, 50006, "Cannot send an empty message")
    everything = list(walk(components))
    if len(everything) > 40:
        raise invalid("components", f"Must be 40 or fewer in total; there are {len(everything)}.")
    check_ids(everything)
    total = sum(len(one.get("content") or "") for one in everything if one.get("type") == TEXT)
    if total > 4000:
        raise invalid(
            "components", f"The text of all components must not exceed 4000 characters; it is {total}."
        )
    seen: set[str] = set()
    for at, one in enumerate(components):
        if one.get("type") not in TOP_LEVEL:
            raise invalid(f"components.{at}.type", f"{one.get('type')} cannot stand at top level.")
        _check_piece(one, f"components.{at}", seen)


def check_ids(everything: list[Json]) -> None:
    ids = [one["id"] for one in everything if one.get("id")]
    if any(not isinstance(one, int) or not 0 <= one < 1 << 31 for one in ids):
        raise invalid("components", "id is no 32-bit integer.")
    if len(set(ids)) != len(ids):
        raise invalid("components", "Component ids must be unique within the message.")


def _check_piece(one: Json, where: str, seen: set[str]) -> None:
    match one.get("type"):
        case 1:
            _check_row(one, where, seen)
        case 9:
            _check_section(one, where, seen)
        case 10:
            text(one.get("content"), f"{where}.content", least=1, most=4000)
        case 12:
            _check_gallery(one, where)
        case 13:
            _check_media(one.get("file"), f"{where}.file")
        case 14:
            if one.get("spacing", 1) not in (1, 2):
                raise invalid(f"{where}.spacing", "Must be 1 or 2.")
        case 17:
            _check_container(one, where, seen)
        case other:
            raise invalid(f"{where}.type", f"{other} is no component of a message.")


def _check_container(one: Json, where: str, seen: set[str]) -> None:
    if not one.get("components"):
        raise invalid(f"{where}.components", "This field is required")
    colour = one.get("accent_color")
    if colour is not None and not 0 <= colour <= 0xFFFFFF:
        raise invalid(f"{where}.accent_color", "Must be a colour.")
    for at, child in enumerate(one["components"]):
        if child.get("type") not in IN_CONTAINER:
            raise invalid(
                f"{where}.components.{at}.type", f"{child.get('type')} cannot stand in a container."
            )
        _check_piece(child, f"{where}.components.{at}", seen)


def _check_section(one: Json, where: str, seen: set[str]) -> None:
    texts = one.get("components") or []
    if not 1 <= len(texts) <= 3 or any(child.get("type") != TEXT for child in texts):
        raise invalid(f"{where}.components", "A section holds one to three text displays.")
    for at, child in enumerate(texts):
        _check_piece(child, f"{where}.components.{at}", seen)
    accessory = one.get("accessory") or {}
    if accessory.get("type") == BUTTON:
        _check_button(accessory, f"{where}.accessory", seen)
    elif accessory.get("type") == THUMBNAIL:
        _check_media(accessory.get("media"), f"{where}.accessory.media")
        text(accessory.get("description") or "", f"{where}.accessory.description", most=1024)
    else:
        raise invalid(f"{where}.accessory", "This field is required: a button or a thumbnail.")


def _check_gallery(one: Json, where: str) -> None:
    items = one.get("items") or []
    if not 1 <= len(items) <= 10:
        raise invalid(f"{where}.items", "Must be between 1 and 10 in length.")
    for at, item in enumerate(items):
        _check_media(item.get("media"), f"{where}.items.{at}.media")
        text(item.get("description") or "", f"{where}.items.{at}.description", most=1024)


def _check_media(media: Any, where: str) -> None:
    if not isinstance(media, dict) or not URL.match(str(media.get("url", ""))):
        raise invalid(f"{where}.url", "Not a well formed URL.")
    if len(media["url"]) > 2048:
        raise invalid(f"{where}.url", "Must be 2048 or fewer in length.")


def _check_row(row: Json, where: str, seen: set[str]) -> None:
    children = row.get("components") or []
    kinds = {child.get("type") for child in children}
    if not (kinds == {BUTTON} and len(children) <= 5) and not (kinds <= SELECTS and len(children) == 1):
        raise invalid(f"{where}.components", "A row holds one to five buttons or a single select.")
    for at, child in enumerate(children):
        inner = f"{where}.components.{at}"
        if child["type"] == BUTTON:
            _check_button(child, inner, seen)
        else:
            check_select(child, inner, seen)


def check_custom_id(one: Json, where: str, seen: set[str]) -> None:
    custom_id = text(one.get("custom_id"), f"{where}.custom_id", least=1, most=100)
    if custom_id in seen:
        raise invalid(f"{where}.custom_id", "Component custom id cannot be duplicated")
    seen.add(custom_id)


def _check_button(one: Json, where: str, seen: set[str]) -> None:
    if not one.get("label") and not one.get("emoji"):
        raise invalid(f"{where}.label", "A button needs a label or an emoji.")
    text(one.get("label") or "", f"{where}.label", most=80)
    if one.get("style") == 5:
        if not URL.match(text(one.get("url"), f"{where}.url", least=1, most=512)) or one.get("custom_id"):
            raise invalid(f"{where}.url", "A link button has a well formed URL and no custom id.")
        return
    if one.get("style") not in (1, 2, 3, 4) or one.get("url"):
        raise invalid(f"{where}.style", "Must be a button style, and only link buttons have a URL.")
    check_custom_id(one, where, seen)


def check_select(one: Json, where: str, seen: set[str], *, modal: bool = False) -> None:
    check_custom_id(one, where, seen)
    text(one.get("placeholder") or "", f"{where}.placeholder", most=150)
    if modal and "disabled" in one and one["disabled"]:
        raise invalid(f"{where}.disabled", "A modal has no disabled components.")
    least, most = one.get("min_values", 1), one.get("max_values", 1)
    if not (0 <= least <= most and 1 <= most <= 25):
        raise invalid(f"{where}.min_values", "min_values and max_values do not fit.")
    if modal and least == 0 and one.get("required", True):
        raise invalid(f"{where}.min_values", "A required select needs min_values of at least 1.")
    if one["type"] == SELECT:
        check_options(one, where, least=1, most=25)
        if most > len(one["options"]):
            raise invalid(f"{where}.max_values", "More values than options.")
        if sum(bool(option.get("default")) for option in one["options"]) > most:
            raise invalid(f"{where}.options", "More defaults than max_values.")


def check_options(one: Json, where: str, *, least: int, most: int) -> None:
    options = one.get("options") or []
    if not least <= len(options) <= most:
        raise invalid(f"{where}.options", f"Must be between {least} and {most} in length.")
    for at, option in enumerate(options):
        text(option.get("label"), f"{where}.options.{at}.label", least=1, most=100)
        text(option.get("value"), f"{where}.options.{at}.value", least=1, most=100)
        text(option.get("description") or "", f"{where}.options.{at}.description", most=100)
    if len({option["value"] for option in options}) != len(options):
        raise invalid(f"{where}.options", "The values of options must be unique.")
