"""Text for Slack: literal rich text, escaped mrkdwn, and cutting that loses no word; pure.

Rich text carries words as they are: nothing in it is markup, so a title such as ``<!channel>`` or
``*x*`` can neither ping nor change the looks. Only links in small print and the notification line are
mrkdwn, where ``& < >`` are escaped as https://docs.slack.dev/messaging/formatting-message-text asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from bot.doc import Span, Text
from bot.render.clean import visible

Json: TypeAlias = dict[str, Any]

_ADDRESS = re.compile(r"(https?://|mailto:)[^\s<>|]{1,2900}\Z")
_LOOKS = re.compile(r"[*_~`|]|:[\w+-]+:")
_MARKUP = re.compile(r"([\\`*_~\[\]#])")


def escape(words: str) -> str:
    """``words`` for mrkdwn: no control sequence (``<!channel>``) can begin in them."""
    return visible(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def escape_markdown(words: str) -> str:
    """``words`` for streamed Markdown: shown as they are, without looks and pings."""
    return _MARKUP.sub(r"\\\1", escape(words))


def unescape(words: str) -> str:
    """What a person typed, from what Slack sends."""
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def address(url: str | None) -> str | None:
    """The address if Slack would take it as a link, with unsafe characters encoded; else None."""
    if not url:
        return None
    url = visible(url).replace("|", "%7C").replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")
    return url if _ADDRESS.match(url) else None


def inline(text: Iterable[Span], *, strong: bool = False) -> list[Json]:
    """The elements of a rich text section; empty spans vanish, ``strong`` makes all of it bold."""
    return [_element(span, strong) for span in text if visible(span.text)]


def _element(span: Span, strong: bool) -> Json:
    wanted = {"bold": span.bold or strong, "italic": span.italic, "code": span.code}
    style = {name: True for name, on in wanted.items() if on}
    url = address(span.link)
    element: Json = {"type": "link", "url": url} if url else {"type": "text"}
    element["text"] = visible(span.text)
    return element | ({"style": style} if style else {})


def small(text: Sequence[Span]) -> list[Json]:
    """The elements of a context block: literal plain text, or mrkdwn where there are links.

    None where there are links and characters that mrkdwn would take for markup, since it cannot escape them.
    """
    words = "".join(visible(span.text) for span in text)
    if not any(address(span.link) for span in text):
        return [{"type": "plain_text", "text": words, "emoji": False}] if words.strip() else []
    if looks(words):
        return []
    shown = "".join(linked(span.text, span.link) for span in text)
    return [{"type": "mrkdwn", "text": shown, "verbatim": True}]


def linked(words: str, url: str | None) -> str:
    """Words as mrkdwn, leading to ``url`` where that is an address."""
    place = address(url)
    return f"<{place}|{escape(words) or place}>" if place else escape(words)


def looks(words: str) -> bool:
    """Whether mrkdwn would take something in the words for markup, which it cannot escape."""
    return _LOOKS.search(words) is not None


def cut(text: Text, limit: int) -> list[Text]:
    """``text`` in pieces of at most ``limit`` characters, cut between words where there is a gap.

    Joined, the pieces give every character but the space at each cut.
    """
    pieces: list[Text] = []
    rest = text
    while _length(rest) > limit:
        head, rest = _divide(rest, _gap(rest, limit))
        pieces.append(head)
    return [*pieces, rest] if rest or not pieces else pieces


def _length(text: Text) -> int:
    return sum(len(span.text) for span in text)


def _gap(text: Text, limit: int) -> int:
    """Where to cut: behind the last gap between words within ``limit``, else hard at ``limit``."""
    words = "".join(span.text for span in text)[: limit + 1]
    found = max(words.rfind(" "), words.rfind("\n"))
    return found if found > 0 else limit


def _divide(text: Text, at: int) -> tuple[Text, Text]:
    head, tail = list(_part(text, 0, at)), list(_part(text, at, _length(text)))
    if tail and tail[0].text[:1] in (" ", "\n"):
        tail[0] = replace(tail[0], text=tail[0].text[1:])
    return tuple(head), tuple(span for span in tail if span.text)


def _part(text: Text, start: int, end: int) -> Iterator[Span]:
    position = 0
    for span in text:
        words = span.text[max(0, start - position) : max(0, end - position)]
        if words:
            yield replace(span, text=words)
        position += len(span.text)
