"""Link previews: the blocks of a message without rich text and headers, which ``chat.unfurl`` does not take.

Slack refused rich text there (``invalid_blocks``, java-slack-sdk issue 948); sections with plain text are as
literal, and only a line that is nothing but a safe link becomes mrkdwn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.slack_blocks import ordinary
from adapters.slack_text import Json, linked, looks

MOST = 2_950


def preview(blocks: Sequence[Json]) -> list[Json]:
    """The blocks as a preview."""
    return [shown for block in blocks for shown in _preview(block)]


def _preview(block: Json) -> Iterator[Json]:
    if block["type"] == "header":
        yield {"type": "section", "text": block["text"]}
        return
    if block["type"] != "rich_text":
        yield ordinary(block)
        return
    for part in block["elements"]:
        yield _section(part)


def _section(part: Json) -> Json:
    elements = [element for line in _lines(part) for element in line]
    words = "".join(element["text"] for element in elements)
    if any("url" in element for element in elements) and not looks(words):
        text = "".join(linked(element["text"], element.get("url")) for element in elements)
        if len(text) <= MOST:
            bold = all(element.get("style", {}).get("bold") for element in elements)
            return {"type": "section", "text": {"type": "mrkdwn", "text": f"*{text}*" if bold else text}}
    return {"type": "section", "text": {"type": "plain_text", "text": words[:3_000], "emoji": False}}


def _lines(part: Json) -> Iterator[list[Json]]:
    """The elements of a part; each entry of a list begins with a bullet or its number."""
    if part["type"] != "rich_text_list":
        yield part["elements"]
        return
    first = part.get("offset", 0) + 1
    for number, item in enumerate(part["elements"], first):
        mark = f"{number}. " if part["style"] == "ordered" else "• "
        line = "\n" if number > first else ""
        yield [{"type": "text", "text": line + mark}, *item["elements"]]
