"""What Slack refuses in blocks and views, as a list of complaints in Slack's manner.

Limits: https://docs.slack.dev/reference/block-kit, checked against slack_sdk 3.47's models.
Only what our renderer may produce is known here; any other block or field is a complaint, as with Slack.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MESSAGE_CHARACTERS = (
    11_000  # Slack says msg_blocks_too_long between 11,000 and 13,000; the fake takes the lower
)
TEXT_CHARACTERS = 40_000
CONTROL = re.compile(r"<([^<>]*)>")
PINGS = re.compile(r"<(!channel|!here|!everyone|!subteam\^\w+|@[UW]\w+)(\|[^<>]*)?>")
LINK = re.compile(r"(https?://|mailto:|slack://)[^|\s]+(\|[^|]*)?\Z")
KNOWN_CONTROL = re.compile(r"(#C\w+|!date\^\d+\^[^|]+\|.*|[@!].*)\Z", re.DOTALL)


def pings(text: str) -> list[str]:
    """Everyone whom this mrkdwn would wake."""
    return [found[0] for found in PINGS.findall(text)]


def unescaped(text: str) -> list[str]:
    """Pieces of mrkdwn that Slack would misread: a bare angle bracket or an ampersand that is no entity."""
    bad = [m[0] for m in CONTROL.finditer(text) if not (LINK.match(m[1]) or KNOWN_CONTROL.match(m[1]))]
    rest = CONTROL.sub("", text)
    bad += re.findall(r"[<>]", rest)
    bad += re.findall(r"&(?!amp;|lt;|gt;)", text)
    return bad


def mrkdwn_texts(node: Any) -> Iterator[str]:
    """Every piece of mrkdwn or markdown in blocks, where control sequences would work."""
    if isinstance(node, list):
        for item in node:
            yield from mrkdwn_texts(item)
    elif isinstance(node, dict):
        if node.get("type") in {"mrkdwn", "markdown"} and isinstance(node.get("text"), str):
            yield node["text"]
        for value in node.values():
            yield from mrkdwn_texts(value)


def all_texts(node: Any) -> Iterator[str]:
    """Every string a person reads in blocks, in order."""
    if isinstance(node, list):
        for item in node:
            yield from all_texts(item)
    elif isinstance(node, dict):
        if isinstance(node.get("text"), str):
            yield node["text"]
        for key, value in node.items():
            if key not in {"value", "private_metadata", "url", "action_id", "block_id"}:
                yield from all_texts(value)


class Complaints(list[str]):
    """The complaints about one document, each with the JSON pointer Slack gives."""

    def need(self, holds: bool, what: str, at: str) -> None:
        if not holds:
            self.append(f"[ERROR] {what} [json-pointer:{at}]")

    def keys(self, node: Json, allowed: str, required: str, at: str) -> bool:
        names = set(allowed.split()) | set(required.split()) | {"type"}
        for extra in sorted(set(node) - names):
            self.need(False, f"no more properties allowed: {extra}", at)
        missing = [name for name in required.split() if name not in node]
        for name in missing:
            self.need(False, f"missing required field: {name}", at)
        return not missing


def text_object(out: Complaints, node: Any, most: int, at: str, kinds: str = "plain_text") -> None:
    if not isinstance(node, dict) or node.get("type") not in kinds.split():
        out.need(False, f"text must be one of {kinds}", at)
        return
    extra = "emoji" if node["type"] == "plain_text" else "verbatim"
    if not out.keys(node, extra, "text", at):
        return
    text = node["text"]
    out.need(isinstance(text, str) and len(text) >= 1, "must be more than 0 characters", at)
    out.need(len(str(text)) <= most, f"must be less than {most + 1} characters", at)


def option(out: Complaints, node: Any, at: str) -> None:
    if out.keys(node, "description", "text value", at):
        text_object(out, node["text"], 75, f"{at}/text", "plain_text mrkdwn")
        out.need(1 <= len(node["value"]) <= 150, "option value must be 1-150 characters", at)
        if "description" in node:
            text_object(out, node["description"], 75, f"{at}/description", "plain_text mrkdwn")


def confirm(out: Complaints, node: Any, at: str) -> None:
    if out.keys(node, "style", "title text confirm deny", at):
        for name, most in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            text_object(out, node[name], most, f"{at}/{name}", "plain_text mrkdwn")


def element_button(out: Complaints, node: Json, at: str) -> None:
    if not out.keys(node, "url value style confirm accessibility_label action_id", "text", at):
        return
    text_object(out, node["text"], 75, f"{at}/text")
    out.need(len(node.get("value", "")) <= 2000, "value must be at most 2000 characters", at)
    out.need(len(node.get("url", "")) <= 3000, "url must be at most 3000 characters", at)
    out.need(node.get("style", "primary") in {"primary", "danger"}, "style", at)
    if "confirm" in node:
        confirm(out, node["confirm"], f"{at}/confirm")


def element_select(out: Complaints, node: Json, at: str) -> None:
    extra = "action_id placeholder initial_option initial_options max_selected_items focus_on_load confirm"
    grouped = "option_groups" in node and "options" not in node
    if grouped:
        out.need(1 <= len(node["option_groups"]) <= 100, "option_groups must be 1-100", at)
        for group in node["option_groups"]:
            text_object(out, group["label"], 75, f"{at}/option_groups")
            out.need(1 <= len(group["options"]) <= 100, "options must be 1-100", at)
        options = [item for group in node["option_groups"] for item in group["options"]]
        node = {k: v for k, v in node.items() if k != "option_groups"} | {"options": options}
    if not out.keys(node, extra, "options", at):
        return
    most = 10 if node["type"] in {"checkboxes", "radio_buttons"} else 100
    out.need(grouped or 1 <= len(node["options"]) <= most, f"options must be 1-{most}", at)
    for i, item in enumerate(node["options"]):
        option(out, item, f"{at}/options/{i}")
    if "placeholder" in node:
        text_object(out, node["placeholder"], 150, f"{at}/placeholder")
    chosen = [node["initial_option"]] if "initial_option" in node else node.get("initial_options", [])
    out.need("initial_options" not in node or bool(chosen), "initial_options must not be empty", at)
    for item in chosen:
        out.need(item in node["options"], "initial option is none of the options", at)


def element_input(out: Complaints, node: Json, at: str) -> None:
    extra = (
        "action_id placeholder initial_value multiline min_length max_length dispatch_action_config "
        "focus_on_load initial_time timezone initial_date is_decimal_allowed min_value max_value"
    )
    out.keys(node, extra, "", at)
    if "placeholder" in node:
        text_object(out, node["placeholder"], 150, f"{at}/placeholder")
    out.need(len(node.get("initial_value", "")) <= 3000, "initial_value too long", at)
    if node["type"] == "number_input":
        out.need("is_decimal_allowed" in node, "missing required field: is_decimal_allowed", at)
    if "initial_time" in node:
        out.need(bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", node["initial_time"])), "initial_time", at)


def element_feedback(out: Complaints, node: Json, at: str) -> None:
    if out.keys(node, "action_id", "positive_button negative_button", at):
        for side in ("positive_button", "negative_button"):
            if out.keys(node[side], "accessibility_label", "text value", f"{at}/{side}"):
                text_object(out, node[side]["text"], 75, f"{at}/{side}/text")
                out.need(len(node[side]["value"]) <= 2000, "value", f"{at}/{side}")


def element_image(out: Complaints, node: Json, at: str) -> None:
    if out.keys(node, "", "image_url alt_text", at):
        out.need(1 <= len(node["alt_text"]) <= 2000, "alt_text must be 1-2000 characters", at)
        out.need(re.match(r"https?://\S{1,2990}\Z", node["image_url"]) is not None, "invalid image_url", at)


Check = Callable[[Complaints, Json, str], None]
SELECTS = ("static_select", "multi_static_select", "checkboxes", "radio_buttons", "overflow")
INPUTS = (
    "plain_text_input",
    "timepicker",
    "datepicker",
    "number_input",
    "email_text_input",
    "url_text_input",
)
ELEMENTS: dict[str, Check] = {
    "button": element_button,
    "image": element_image,
    "feedback_buttons": element_feedback,
    **dict.fromkeys(SELECTS, element_select),
    **dict.fromkeys(INPUTS, element_input),
}


def element(out: Complaints, node: Any, allowed: set[str], at: str) -> None:
    kind = node.get("type") if isinstance(node, dict) else None
    if kind not in allowed or kind not in ELEMENTS:
        out.need(False, f"unsupported type: {kind}", at)
        return
    out.need(len(node.get("action_id", "")) <= 255, "action_id must be at most 255 characters", at)
    ELEMENTS[kind](out, node, at)


def block_section(out: Complaints, node: Json, at: str) -> None:
    out.keys(node, "block_id text fields accessory expand", "", at)
    out.need("text" in node or "fields" in node, "missing required field: text", at)
    if "text" in node:
        text_object(out, node["text"], 3000, f"{at}/text", "plain_text mrkdwn")
    fields = node.get("fields")
    if fields is not None:
        out.need(1 <= len(fields) <= 10, "fields must be 1-10", at)
        for i, field in enumerate(fields):
            text_object(out, field, 2000, f"{at}/fields/{i}", "plain_text mrkdwn")
    if "accessory" in node:
        element(out, node["accessory"], set(ELEMENTS), f"{at}/accessory")


def block_header(out: Complaints, node: Json, at: str) -> None:
    if out.keys(node, "block_id", "text", at):
        text_object(out, node["text"], 150, f"{at}/text")


def block_context(out: Complaints, node: Json, at: str) -> None:
    if not out.keys(node, "block_id", "elements", at):
        return
    out.need(1 <= len(node["elements"]) <= 10, "elements must be 1-10", at)
    for i, item in enumerate(node["elements"]):
        if item.get("type") == "image":
            element(out, item, {"image"}, f"{at}/elements/{i}")
        else:
            text_object(out, item, 2000, f"{at}/elements/{i}", "plain_text mrkdwn")


def block_actions(out: Complaints, node: Json, at: str) -> None:
    if not out.keys(node, "block_id", "elements", at):
        return
    most, allowed = 25, {"button", *SELECTS, "timepicker", "datepicker"}
    if node["type"] == "context_actions":
        most, allowed = 5, {"feedback_buttons"}
    out.need(1 <= len(node["elements"]) <= most, f"elements must be 1-{most}", at)
    for i, item in enumerate(node["elements"]):
        element(out, item, allowed, f"{at}/elements/{i}")
    ids = [item["action_id"] for item in node["elements"] if "action_id" in item]
    out.need(len(ids) == len(set(ids)), "action_id already exists in this block", at)


def block_input(out: Complaints, node: Json, at: str) -> None:
    if out.keys(node, "block_id hint optional dispatch_action", "label element", at):
        text_object(out, node["label"], 2000, f"{at}/label")
        element(out, node["element"], {*INPUTS, *SELECTS} - {"overflow"}, f"{at}/element")
        if "hint" in node:
            text_object(out, node["hint"], 2000, f"{at}/hint")


def block_divider(out: Complaints, node: Json, at: str) -> None:
    out.keys(node, "block_id", "", at)


def block_image(out: Complaints, node: Json, at: str) -> None:
    title = node.get("title")
    element_image(out, {k: v for k, v in node.items() if k not in {"title", "block_id"}}, at)
    if title is not None:
        text_object(out, title, 2000, f"{at}/title")


def block_markdown(out: Complaints, node: Json, at: str) -> None:
    if out.keys(node, "block_id", "text", at):
        out.need(1 <= len(node["text"]) <= 12_000, "text must be 1-12000 characters", at)


STYLES = {"bold", "italic", "strike", "code"}
RICH_PARTS = {"rich_text_section", "rich_text_list", "rich_text_quote", "rich_text_preformatted"}


def rich_inline(out: Complaints, node: Any, at: str) -> None:
    kind = node.get("type") if isinstance(node, dict) else None
    if kind not in {"text", "link"}:
        out.need(False, f"unsupported rich text element: {kind}", at)
        return
    out.keys(
        node, "style" if kind == "text" else "style text unsafe", "text" if kind == "text" else "url", at
    )
    out.need(len(node.get("text", "x")) >= 1, "must be more than 0 characters", at)
    out.need(set(node.get("style", {})) <= STYLES, "style", at)
    if kind == "link":
        out.need(re.match(r"(https?://|mailto:)\S{1,2990}\Z", node["url"]) is not None, "invalid url", at)


def rich_part(out: Complaints, node: Any, at: str, allowed: set[str]) -> None:
    kind = node.get("type") if isinstance(node, dict) else None
    if kind not in allowed:
        out.need(False, f"unsupported rich text part: {kind}", at)
        return
    extra = {"rich_text_list": "style indent offset border", "rich_text_section": ""}.get(str(kind), "border")
    if not out.keys(node, extra, "elements" + (" style" if kind == "rich_text_list" else ""), at):
        return
    out.need(bool(node["elements"]), "elements must not be empty", at)
    for i, item in enumerate(node["elements"]):
        if kind == "rich_text_list":
            rich_part(out, item, f"{at}/elements/{i}", {"rich_text_section"})
        else:
            rich_inline(out, item, f"{at}/elements/{i}")


def block_rich_text(out: Complaints, node: Json, at: str) -> None:
    if out.keys(node, "block_id", "elements", at):
        out.need(bool(node["elements"]), "elements must not be empty", at)
        for i, part in enumerate(node["elements"]):
            rich_part(out, part, f"{at}/elements/{i}", RICH_PARTS)


BLOCKS: dict[str, Check] = {
    "rich_text": block_rich_text,
    "section": block_section,
    "header": block_header,
    "context": block_context,
    "actions": block_actions,
    "context_actions": block_actions,
    "input": block_input,
    "divider": block_divider,
    "image": block_image,
    "markdown": block_markdown,
}
SURFACES = {
    "message": set(BLOCKS) - {"input"},
    "unfurl": set(BLOCKS) - {"input", "rich_text", "markdown", "context_actions", "header"},
    "modal": set(BLOCKS) - {"markdown", "context_actions"},
    "home": set(BLOCKS) - {"markdown", "context_actions"},
}


def check_blocks(blocks: Any, surface: str = "message") -> list[str]:
    """What Slack would say against these blocks on `message`, `modal` or `home`; empty when it takes them."""
    out = Complaints()
    most = VIEW_BLOCKS if surface in {"modal", "home"} else MESSAGE_BLOCKS
    if not isinstance(blocks, list):
        return ["[ERROR] blocks must be an array [json-pointer:/blocks]"]
    out.need(len(blocks) <= most, f"no more than {most} items allowed", "/blocks")
    for i, block in enumerate(blocks):
        at = f"/blocks/{i}"
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in SURFACES[surface]:
            out.need(False, f"unsupported block type: {kind}", at)
            continue
        out.need(len(block.get("block_id", "")) <= 255, "block_id must be at most 255 characters", at)
        BLOCKS[str(kind)](out, block, at)
    ids = [b["block_id"] for b in blocks if isinstance(b, dict) and b.get("block_id")]
    out.need(len(ids) == len(set(ids)), "block_id already exists", "/blocks")
    return list(out)


def length(blocks: list[Json]) -> int:
    """Characters of all blocks together, which Slack bounds besides each block's own limit."""
    return sum(len(text) for text in all_texts(blocks))


def check_view(view: Any) -> list[str]:
    """What Slack would say against this modal or App Home."""
    kind = view.get("type") if isinstance(view, dict) else None
    if kind not in {"modal", "home"}:
        return [f"[ERROR] unsupported view type: {kind} [json-pointer:/view]"]
    out = Complaints()
    allowed = "callback_id private_metadata external_id clear_on_close notify_on_close"
    if kind == "modal":
        allowed += " title submit close submit_disabled"
    out.keys(view, allowed, "blocks" + (" title" if kind == "modal" else ""), "/view")
    for name in {"title", "submit", "close"} & set(view):
        text_object(out, view[name], 24, f"/view/{name}")
    out.need(len(view.get("private_metadata", "")) <= 3000, "private_metadata too long", "/view")
    out.need(len(view.get("callback_id", "")) <= 255, "callback_id too long", "/view")
    blocks = view.get("blocks", [])
    has_input = any(isinstance(b, dict) and b.get("type") == "input" for b in blocks)
    out.need(kind == "home" or not has_input or "submit" in view, "submit is required with inputs", "/view")
    return [*out, *check_blocks(blocks, kind)]
