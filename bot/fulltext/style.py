"""What the inline style of an element makes of its words: whether a reader of the page sees them.

LaTeXML writes colours as ``color`` until 2025 and as ``--ltx-fg-color`` since (`brucemiller/LaTeXML#2613`),
and sizes as a percentage of the text's.
"""

from __future__ import annotations

import re

from lxml import etree

SMALLEST = 15.0
"""Percent of the text's size under which letters are not read: a point and a half."""
WHITE = 245
"""The least of red, green and blue from which a colour is not told from the page's, as for PDF."""

_AWAY = re.compile(
    r"display:none|visibility:hidden|(?:^|;)opacity:0*(?:\.0\d*)?(?:;|$)|"
    r"font-size:(?:0+(?:\.0+)?(?:px|pt|r?em|%)?|(?:0*|1)\.\d+(?:px|pt)|1(?:px|pt)|0*\.[01]\d*r?em)(?:;|!|$)"
)
_PERCENT = re.compile(r"font-size:(\d*\.?\d+)%")
_INK = re.compile(r"(?:^|;)(?:--ltx-fg-)?color:([^;!]+)")
_GROUND = re.compile(r"(?:^|;)(?:background(?:-color)?|--ltx-bg-color):(?!none|transparent|inherit)([^;!]+)")
_RGB = re.compile(r"rgba?\((\d+),(\d+),(\d+)(?:,([\d.]+)(%?))?\)")


def unseen(element: etree._Element) -> bool:
    """Whether an element is styled away; white is seen where what lies behind it is painted."""
    style = _style(element)
    if not style:
        return False
    percent = _PERCENT.search(style)
    if _AWAY.search(style) or (percent and float(percent[1]) < SMALLEST):
        return True
    ink = _INK.search(style)
    return bool(ink and _is_white(ink[1])) and not any(
        _painted(outer) for outer in (element, *element.iterancestors())
    )


def _style(element: etree._Element) -> str:
    return "".join((element.get("style") or "").lower().split())


def _painted(element: etree._Element) -> bool:
    """Whether an element has a ground of its own that is not white."""
    ground = _GROUND.search(_style(element))
    return bool(ground and not _is_white(ground[1]))


def _is_white(colour: str) -> bool:
    """Whether a colour cannot be told from a white page."""
    if colour in ("white", "snow", "ghostwhite", "transparent"):
        return True
    if colour.startswith("#"):
        digits = colour[1:]
        pairs = [d * 2 for d in digits[:3]] if len(digits) in (3, 4) else re.findall("..", digits[:6])
        return (
            len(pairs) == 3
            and all(re.fullmatch("[0-9a-f]{2}", pair) for pair in pairs)
            and (min(int(pair, 16) for pair in pairs) >= WHITE)
        )
    rgb = _RGB.fullmatch(colour)
    if not rgb:
        return False
    faint = rgb[4] is not None and float(rgb[4]) / (100 if rgb[5] else 1) < 0.05
    return faint or min(int(part) for part in rgb.groups()[:3]) >= WHITE
