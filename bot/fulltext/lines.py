"""The lines of a PDF's pages, made whole, freed of furniture and put into reading order. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text on one baseline. Points, with the origin at the bottom left of the page.

    ``joined``: the line ends in a hyphen that parts a word, which the next line continues.
    """

    page: int
    text: str
    x0: float
    x1: float
    y: float
    size: float
    bold: bool = False
    joined: bool = False
    cell: bool = False
    """It shares its baseline with another line of its column: a table."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page's size in points and its lines in the order of the file."""

    width: float
    height: float
    lines: tuple[Line, ...]


def reading_order(sheets: Sequence[Sheet]) -> list[list[Line]]:
    """The lines of every page as they are read: no page numbers, running heads or stamps."""
    whole = [replace(sheet, lines=tuple(stitch(sheet.lines))) for sheet in sheets]
    kept = _without_furniture(whole)
    return [in_order(sheet, lines) for sheet, lines in zip(whole, kept, strict=True)]


# --- lines -----------------------------------------------------------------------------------------


def stitch(lines: Sequence[Line]) -> list[Line]:
    """The lines with fragments put together: PDFium breaks a line before and after a raised or lowered
    sign, such as an exponent or the mark of a footnote."""
    stitched: list[Line] = []
    for line in lines:
        if stitched and _same_line(stitched[-1], line):
            stitched[-1] = _together(stitched[-1], line)
        else:
            stitched.append(line)
    return stitched


def _same_line(before: Line, line: Line) -> bool:
    size = max(before.size, line.size)
    raised = line.y - before.y
    gap = line.x0 - before.x1
    return not before.joined and -0.5 * size < raised < 0.75 * size and -0.35 * size < gap < 1.1 * size


def _together(before: Line, line: Line) -> Line:
    main = before if len(before.text) >= len(line.text) else line
    space = "" if line.x0 - before.x1 < 0.12 * main.size or line.text[0] in ",.;:)" else " "
    return Line(
        before.page,
        f"{before.text}{space}{line.text}",
        before.x0,
        max(before.x1, line.x1),
        main.y,
        main.size,
        before.bold and line.bold,
        line.joined,
    )


# --- furniture -------------------------------------------------------------------------------------

_STAMP = re.compile(r"^arXiv:\d{4}\.\d{4,5}(?:v\d+)?\s|^arXiv:[a-z-]+/\d{7}|^(?:bio|med)Rxiv preprint ", re.I)
_PAGE_NUMBER = re.compile(
    r"^(?:page\s*)?[-–—]?\s*(?:\d{1,5}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d+)?\s*[-–—]?$", re.I
)
_DIGITS = re.compile(r"\d+")


def _without_furniture(sheets: Sequence[Sheet]) -> list[list[Line]]:
    edges = Counter(
        _shape(line) for sheet in sheets for line in {_shape(x): x for x in _edge(sheet)}.values()
    )  # fmt: skip
    repeated = {shape for shape, count in edges.items() if count >= max(2, min(3, len(sheets) // 3))}
    return [[line for line in sheet.lines if not _furniture(line, sheet, repeated)] for sheet in sheets]


def _shape(line: Line) -> str:
    return _DIGITS.sub("#", line.text.casefold()).strip()


def _edge(sheet: Sheet) -> list[Line]:
    return [line for line in sheet.lines if _at_edge(line, sheet)]


def _at_edge(line: Line, sheet: Sheet) -> bool:
    return not 0.085 * sheet.height < line.y < 0.9 * sheet.height


def _furniture(line: Line, sheet: Sheet, repeated: set[str]) -> bool:
    if _STAMP.match(line.text):
        return True
    if not _at_edge(line, sheet):
        return line.text.isdigit() and len(line.text) == 3 and line.x0 < 0.1 * sheet.width
    return bool(_PAGE_NUMBER.match(line.text)) or _shape(line) in repeated


# --- order -----------------------------------------------------------------------------------------


def in_order(sheet: Sheet, lines: Sequence[Line]) -> list[Line]:
    """The lines of a page as they are read: columns one after the other, from the top.

    The order of the file is kept where it already reads so, since it knows floats and footnotes best.
    """
    sides = [_side(line, sheet.width) for line in lines]
    flowing = [side for side, line in zip(sides, lines, strict=True) if len(line.text) > 15 and side]
    if len(flowing) > 8 and len(flowing) > 0.6 * sum(len(line.text) > 15 for line in lines):
        lines = _with_cells(lines, sides)
        turns = sum(a != b for a, b in pairwise(flowing))
        return list(lines) if turns <= 6 else _by_columns(lines, sides)
    lines = _with_cells(lines, [""] * len(lines))
    climbs = sum(b.y > a.y + 2 * a.size for a, b in pairwise(lines))
    return list(lines) if climbs <= max(4, len(lines) // 5) else sorted(lines, key=_from_top)


def _with_cells(lines: Sequence[Line], columns: Sequence[str]) -> list[Line]:
    """The lines, marked where another one stands beside them in the same column, well apart: a table."""
    rows: dict[tuple[str, int], list[Line]] = {}
    for line, column in zip(lines, columns, strict=True):
        rows.setdefault((column, round(line.y / 2)), []).append(line)
    cells = {id(line) for row in rows.values() if _apart(row) for line in row}
    return [replace(line, cell=True) if id(line) in cells else line for line in lines]


def _apart(row: list[Line]) -> bool:
    row = sorted(row, key=lambda line: line.x0)
    gaps = [b.x0 - a.x1 for a, b in pairwise(row)]
    return bool(gaps) and min(gaps) > 0.9 * row[0].size and not any(len(line.text) > 45 for line in row)


def _side(line: Line, width: float) -> Literal["left", "right", ""]:
    middle, slack = width / 2, width * 0.02
    if line.x1 < middle + slack:
        return "left"
    return "right" if line.x0 > middle - slack else ""


def _from_top(line: Line) -> tuple[float, float]:
    return -round(line.y / 3), line.x0


def _by_columns(lines: Sequence[Line], sides: Sequence[str]) -> list[Line]:
    """Bands between lines of full width; in each band the left column, then the right."""
    spanning = sorted((x for x, side in zip(lines, sides, strict=True) if not side), key=_from_top)
    rest = [(side, x) for x, side in zip(lines, sides, strict=True) if side]
    ordered: list[Line] = []
    for bar in [*spanning, None]:
        band = [(side, x) for side, x in rest if bar is None or x.y > bar.y]
        rest = [pair for pair in rest if pair not in band]
        for column in ("left", "right"):
            ordered += sorted((x for side, x in band if side == column), key=_from_top)
        ordered += [bar] if bar else []
    return ordered


# --- words -----------------------------------------------------------------------------------------

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


def vocabulary_of(lines: Iterable[Line]) -> Counter[str]:
    """How often each word stands whole in a line; of "state-of-the-art" also its neighbours in pairs."""
    seen: Counter[str] = Counter()
    parted = False
    for line in lines:
        words = [word.casefold() for word in _WORD.findall(line.text)]
        ends_parted = line.joined or line.text.endswith("-")
        for word in words[parted : len(words) - ends_parted]:
            seen[word] += 1
            parts = word.split("-")
            seen.update(map("-".join, pairwise(parts)) if len(parts) > 2 else ())
        parted = ends_parted
    return seen


_OPEN_ADDRESS = re.compile(r"https?://(?:\S*/)?$")
"""An address that goes on in the next line."""


def join(lines: Sequence[Line], vocabulary: Counter[str]) -> str:
    """The lines as one text; a word parted at a line's end is made whole, with its hyphen where the paper
    writes it so elsewhere."""
    text = ""
    for line in lines:
        text = line.text if not text else _attach(text, line.text, vocabulary)
        text += "\ufffe" if line.joined else ""
    return text.rstrip("\ufffe")


def _attach(text: str, following: str, vocabulary: Counter[str]) -> str:
    if _OPEN_ADDRESS.search(text):
        return text + following
    if text.endswith("\ufffe"):
        text = text[:-1]
    elif not re.search(r"[^\W\d_]-$", text):
        return f"{text} {following}"
    else:
        text = text[:-1]
    first, last = re.search(r"[^\W\d_]+$", text), re.match(r"[^\W\d_]+", following)
    if not first or not last:
        return f"{text}-{following}"
    return text + ("-" if _hyphenated(first.group(), last.group(), vocabulary) else "") + following


def _hyphenated(first: str, last: str, vocabulary: Counter[str]) -> bool:
    whole, parts = (first + last).casefold(), f"{first}-{last}".casefold()
    if vocabulary[whole] or vocabulary[parts]:
        return vocabulary[parts] > vocabulary[whole]
    if last[:1].isupper():
        return True
    both = min(len(first), len(last)) >= 3 and vocabulary[last.casefold()] > 0
    return both and vocabulary[first.casefold()] > 1
