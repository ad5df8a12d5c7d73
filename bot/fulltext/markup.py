"""What HTML and JATS have in common: parsing within bounds, text of an element, formulas as characters."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from bot.errors import TextUnavailable

LARGEST = 40_000_000
"""Bytes of markup that are looked at."""
DEEPEST = 200
_FENCED = {"mfrac": "/", "msub": "_", "msup": "^", "munder": "_", "mover": "^"}
Skip = Callable[[etree._Element], bool]


def parse(data: bytes, parser: etree.XMLParser | etree.HTMLParser) -> etree._Element:
    """The root element. Raises TextUnavailable where there is none."""
    if len(data) > LARGEST:
        raise TextUnavailable("The text is larger than a paper can be; the abstract is used.")
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise TextUnavailable("The text is damaged and cannot be read; the abstract is used.") from error
    if root is None:
        raise TextUnavailable("The file holds no text; the abstract is used.")
    return root


def name(element: etree._Element) -> str:
    """The local name of an element in lower case; "" for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def text(element: etree._Element, skip: Skip) -> str:
    """The words of an element, formulas as characters, what ``skip`` names left out."""
    return "".join(_words(element, skip, 0))


def _words(element: etree._Element, skip: Skip, depth: int) -> Iterator[str]:
    kind = name(element)
    if not kind or depth > DEEPEST or skip(element):
        return
    if kind == "math":
        yield f" {formula(element)} "
        return
    note = "ltx_note" in (element.get("class") or "")
    yield " " if note or kind in ("br", "td", "th", "tr", "li", "p", "list-item", "break") else ""
    yield element.text or ""
    for child in element:
        yield from _words(child, skip, depth + 1)
        yield child.tail or ""
    yield " " if note else ""


def formula(element: etree._Element, depth: int = 0) -> str:
    """MathML in a line of characters: ``d_k``, ``10^-3``, ``a/b``, ``√(n)``."""
    kind = name(element)
    if not kind or kind.startswith("annotation") or depth > DEEPEST:
        return ""
    parts = [formula(child, depth + 1) for child in element]
    if not parts:
        return "".join((element.text or "").split()).replace("\u2062", "").replace("\u2061", "")
    if kind in _FENCED and len(parts) >= 2:
        return _fence(parts[0]) + _FENCED[kind] + _fence(parts[1])
    if kind == "msubsup" and len(parts) >= 3:
        return f"{parts[0]}_{_fence(parts[1])}^{_fence(parts[2])}"
    if kind == "msqrt":
        return f"√({''.join(parts)})"
    return "".join(f" {part} " if part in _SPACED else part for part in parts).strip()


_SPACED = frozenset(["=", "<", ">", "≤", "≥", "≈", "∈", "→", "+", "←", "≠", "∼", "≪", "≫"])  # fmt: skip


def _fence(part: str) -> str:
    return part if len(part) < 2 or part.isalnum() or part[:1] in "-−" else f"({part})"
