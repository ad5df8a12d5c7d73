"""The child process that opens a PDF: reads it from standard input, writes its blocks as JSON.

It runs with bounds on memory, CPU time and files that it sets on itself before the first byte is looked
at, without the parent's environment; whatever the file does, the parent only ever sees JSON or a failure.
"""

from __future__ import annotations

import ctypes
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import pypdfium2_raw as raw

from bot.fulltext.clean import smuggled, tidy
from bot.fulltext.layout import blocks
from bot.fulltext.lines import Line, Sheet

TINY = 1.5
"""Points of height under which nobody reads a letter."""
_BOLD = re.compile(r"bold|black|heavy|semibold|medi|cmbx|cmssbx|nimbus\w*-b|[-,]b$|\.b\+?$", re.IGNORECASE)
_HYPHEN = 0xFFFE
_HEAD_LINES = 80
_HEAD_CHARACTERS = 20_000

# Filled by PDFium again and again: this process has one thread, and making them costs more than the call.
_EDGES = tuple(ctypes.c_double() for _ in range(4))
_EDGE_POINTERS = tuple(map(ctypes.byref, _EDGES))
_PARTS = tuple(ctypes.c_uint() for _ in range(4))
_PART_POINTERS = tuple(map(ctypes.byref, _PARTS))
_MATRIX = raw.FS_MATRIX()
_MATRIX_POINTER = ctypes.byref(_MATRIX)
_NAME, _FLAGS = ctypes.create_string_buffer(96), ctypes.c_int()
_FLAGS_POINTER = ctypes.byref(_FLAGS)


@dataclass(slots=True)
class _Found:
    sheets: list[Sheet] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    first: str = ""
    """All characters of the first page, stamps and margins too."""
    thin: list[int] = field(default_factory=list)
    """Pages (from 1) that have far less text than their neighbours: scanned, or drawn as pictures."""


def main() -> int:
    """Read standard input, write one JSON object: what :func:`answer` gives."""
    memory, seconds, most_pages = (int(word) for word in sys.argv[1:4])
    _bound(memory, seconds)
    json.dump(answer(sys.stdin.buffer.read(), most_pages), sys.stdout)
    return 0


def _bound(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's clock still ends the process
        return
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    for kind, limit in wanted.items():
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):  # macOS refuses RLIMIT_AS; the other bounds hold
            continue


def answer(data: bytes, most_pages: int) -> dict[str, Any]:
    """What is written for a file: blocks, pages, head, hidden and thin, or error (locked, broken, long)."""
    raw.FPDF_InitLibraryWithConfig(raw.FPDF_LIBRARY_CONFIG(version=2))
    document = raw.FPDF_LoadMemDocument64(data, len(data), None)
    if not document:
        locked = (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY)
        return {"error": "locked" if raw.FPDF_GetLastError() in locked else "broken"}
    pages = raw.FPDF_GetPageCount(document)
    if pages > most_pages:
        return {"error": "long", "pages": pages}
    found = _read(document, pages)
    return {
        "pages": pages,
        "blocks": [asdict(block) for block in blocks(found.sheets)],
        "head": {
            "stated": _stated(document, b"Title"),
            "subject": _stated(document, b"Subject"),
            "text": found.first,
            "lines": [asdict(line) for line in found.sheets[0].lines[:_HEAD_LINES]] if pages else [],
        },
        "hidden": found.hidden,
        "thin": found.thin,
    }


def _stated(document: Any, name: bytes) -> str:
    """What the file says of itself under ``name``; empty where it says nothing."""
    size = raw.FPDF_GetMetaText(document, name, None, 0)
    if not 2 < size <= 4_000:
        return ""
    buffer = ctypes.create_string_buffer(size)
    raw.FPDF_GetMetaText(document, name, buffer, size)
    return " ".join(buffer.raw[: size - 2].decode("utf-16-le", "replace").split())


def _read(document: Any, pages: int) -> _Found:
    found = _Found()
    for number in range(pages):
        page = raw.FPDF_LoadPage(document, number)
        text = raw.FPDFText_LoadPage(page) if page else None
        if not text:
            found.sheets.append(Sheet(1.0, 1.0, ()))
            continue
        one = _Page(page, text, number + 1)
        sheet, hidden = one.read()
        found.first = found.first if number else one.characters(_HEAD_CHARACTERS)
        found.sheets.append(sheet)
        found.hidden += hidden
        raw.FPDFText_ClosePage(text)
        raw.FPDF_ClosePage(page)
    lengths = [sum(len(line.text) for line in sheet.lines) for sheet in found.sheets]
    typical = sorted(lengths)[len(lengths) // 2] if lengths else 0
    found.thin = [number for number, length in enumerate(lengths, 1) if length < 0.08 * typical]
    return found


def _box_of(page: Any) -> tuple[float, float, float, float]:
    """left, bottom, right, top of what is shown of a page."""
    box = raw.FS_RECTF()
    raw.FPDF_GetPageBoundingBox(page, ctypes.byref(box))
    return box.left, box.bottom, box.right, box.top


class _Page:
    """One page while it is being read."""

    def __init__(self, page: Any, text: Any, number: int) -> None:
        self._raw = page
        self._text = text
        self._number = number
        self._width, self._height = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
        self._left, self._bottom, self._right, self._top = _box_of(page)
        self._hidden: list[str] = []

    def read(self) -> tuple[Sheet, list[str]]:
        """The page's lines that a reader sees, and the texts that a reader does not see."""
        units = self._units()
        mask = self._unseen_chars(len(units))
        lines = [
            line for start, end, cut in _segments(units) for line in self._lines(units, start, end, cut, mask)
        ]
        return Sheet(self._width, self._height, tuple(lines)), self._hidden

    def characters(self, most: int) -> str:
        """All characters of the page in the order of the file, at most so many, lines as they stand."""
        return _decode([0x0A if unit == _HYPHEN else unit for unit in self._units()[:most]])

    def _units(self) -> list[int]:
        count = raw.FPDFText_CountChars(self._text)
        if count <= 0:
            return []
        buffer = (ctypes.c_ushort * (count + 1))()
        written = raw.FPDFText_GetText(self._text, 0, count, buffer)
        return list(buffer[: max(0, written - 1)])

    # --- what cannot be seen

    def _unseen_chars(self, count: int) -> bytearray:
        """A mark per character: 1 where its text object is drawn so that nobody sees it."""
        mask = bytearray(count)
        unseen = set(_Objects(self._raw, (self._left, self._bottom, self._right, self._top)).unseen())
        if not unseen:
            return mask
        for index in range(count):
            owner = raw.FPDFText_GetTextObject(self._text, index)
            if owner and ctypes.addressof(owner.contents) in unseen:
                mask[index] = 1
        return mask

    # --- lines

    def _lines(self, units: list[int], start: int, end: int, cut: bool, mask: bytearray) -> Iterator[Line]:
        if any(mask[start:end]):
            self._note(
                _decode([unit for unit, bad in zip(units[start:end], mask[start:end], strict=True) if bad])
            )
            shown = [index for index in range(start, end) if not mask[index]]
        else:
            shown = list(range(start, end))
        for piece in self._pieces(units, shown):
            text = _decode([units[index] for index in piece])
            self._hidden += smuggled(text)
            if (line := self._line(piece, tidy(text), cut and piece[-1] == end - 1)) is not None:
                yield line

    def _pieces(self, units: list[int], shown: list[int]) -> Iterator[list[int]]:
        """The characters of a line, parted where a gap is wide enough to lie between columns or cells."""
        begin = 0
        for place, index in enumerate(shown):
            if units[index] == 0x20 and 0 < place < len(shown) - 1:
                left, right = self._box(shown[place - 1]), self._box(shown[place + 1])
                if left and right and right[0] - left[1] > max(14.0, 1.6 * (left[3] - left[2])):
                    yield shown[begin:place]
                    begin = place + 1
        if shown[begin:]:
            yield shown[begin:]

    def _line(self, piece: list[int], text: str, cut: bool) -> Line | None:
        if not text or not piece:
            return None
        first, last = self._edge(piece), self._edge(piece[::-1])
        if first is None or last is None:
            return None
        if len(text) > 4 and abs(first[2] - last[2]) > 4 * abs(first[0] - last[1]):
            return None  # turned by 90 degrees: arXiv's stamp, labels of axes
        height = max(first[3] - first[2], last[3] - last[2])
        size = max(self._size(piece[at]) for at in (0, len(piece) // 2, -1))
        letters = sum(char.isalpha() for char in text)
        if (letters > 8 and min(height, size) < TINY * 0.7) or not self._on_page(first, last):
            self._note(text)
            return None
        bold = len(text) < 160 and self._bold(piece[0]) and self._bold(piece[-1])
        return Line(self._number, text, first[0], last[1], self._baseline(piece), size, bold, cut)

    def _baseline(self, piece: list[int]) -> float:
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(self._text, piece[len(piece) // 2], ctypes.byref(x), ctypes.byref(y))
        return y.value

    def _note(self, text: str) -> None:
        words = tidy(text)
        if sum(char.isalpha() for char in words) > 1:
            self._hidden.append(words)

    def _edge(self, piece: list[int]) -> tuple[float, float, float, float] | None:
        return next((box for index in piece[:6] if (box := self._box(index))), None)

    def _box(self, index: int) -> tuple[float, float, float, float] | None:
        """left, right, bottom, top; None for a character without extent."""
        if not raw.FPDFText_GetCharBox(self._text, index, *_EDGE_POINTERS):
            return None
        one, two, three, four = _EDGES
        left, right, bottom, top = one.value, two.value, three.value, four.value
        return (left, right, bottom, top) if right > left or top > bottom else None

    def _on_page(self, first: tuple[float, ...], last: tuple[float, ...]) -> bool:
        across = first[0] < self._right and last[1] > self._left
        return bool(across and first[2] < self._top and first[3] > self._bottom)

    def _size(self, index: int) -> float:
        """The font's size as drawn: the text matrix times the nominal size."""
        size = float(raw.FPDFText_GetFontSize(self._text, index))
        if raw.FPDFText_GetMatrix(self._text, index, _MATRIX_POINTER):
            size *= float((_MATRIX.c**2 + _MATRIX.d**2) ** 0.5) or 1.0
        return round(size, 1)

    def _bold(self, index: int) -> bool:
        raw.FPDFText_GetFontInfo(self._text, index, _NAME, 96, _FLAGS_POINTER)
        return bool(_BOLD.search(_NAME.value.decode("latin-1"))) or bool(_FLAGS.value & 1 << 18)


def _segments(units: list[int]) -> Iterator[tuple[int, int, bool]]:
    """Start, end and "ends in a parting hyphen" of every line."""
    begin = 0
    for index, unit in enumerate(units):
        if unit in (0x0D, 0x0A, _HYPHEN):
            if index > begin:
                yield begin, index, unit == _HYPHEN
            begin = index + 1
    if begin < len(units):
        yield begin, len(units), False


def _decode(units: list[int]) -> str:
    return b"".join(unit.to_bytes(2, "little") for unit in units).decode("utf-16-le", "replace")


class _Objects:
    """The things drawn on a page, asked for text that is drawn so that nobody sees it."""

    def __init__(self, page: Any, box: tuple[float, float, float, float]) -> None:
        self._page = page
        self._box = box
        self._painted: list[tuple[float, float, float, float]] = []
        self._scanned = False
        self._suspects: list[tuple[int, bool, tuple[float, float, float, float]]] = []

    def unseen(self) -> Iterator[int]:
        """Addresses of the text objects that nobody sees."""
        count = raw.FPDFPage_CountObjects(self._page)
        for index in range(count):
            self._look(raw.FPDFPage_GetObject(self._page, index), 0)
        for address, white, bounds in self._suspects:
            if white and any(_over(ground, bounds) for ground in self._painted):
                continue
            if not white and self._scanned:
                continue  # the invisible text of a scanned page is what its picture shows
            yield address

    def _look(self, thing: Any, depth: int) -> None:
        kind = raw.FPDFPageObj_GetType(thing)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            self._look_at_text(thing, depth)
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < 4:
            for index in range(raw.FPDFFormObj_CountObjects(thing)):
                self._look(raw.FPDFFormObj_GetObject(thing, index), depth + 1)
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            bounds = _bounds(thing)
            self._painted.append(bounds)
            self._scanned |= _area(bounds) > 0.7 * _area(self._box)
        elif kind in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING):
            colour = _colour(thing)
            if kind == raw.FPDF_PAGEOBJ_SHADING or (colour and colour[3] > 20 and min(colour[:3]) < 235):
                self._painted.append(_bounds(thing))

    def _look_at_text(self, thing: Any, depth: int) -> None:
        address = ctypes.addressof(thing.contents)
        mode = raw.FPDFTextObj_GetTextRenderMode(thing)
        colour = _colour(thing)
        if mode in (3, 7) or (mode == 0 and colour and colour[3] < 13):
            self._suspects.append((address, False, _bounds(thing)))
        elif mode == 0 and colour and min(colour[:3]) >= 245:
            self._suspects.append((address, True, _bounds(thing)))
        elif depth == 0 and _drawn_size(thing) < TINY:
            self._suspects.append((address, False, _bounds(thing)))


def _colour(thing: Any) -> tuple[int, int, int, int] | None:
    if not raw.FPDFPageObj_GetFillColor(thing, *_PART_POINTERS):
        return None
    red, green, blue, alpha = _PARTS
    return red.value, green.value, blue.value, alpha.value


def _bounds(thing: Any) -> tuple[float, float, float, float]:
    edges = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(thing, *map(ctypes.byref, edges))
    left, bottom, right, top = (edge.value for edge in edges)
    return left, bottom, right, top


def _drawn_size(thing: Any) -> float:
    size, matrix = ctypes.c_float(), raw.FS_MATRIX()
    raw.FPDFTextObj_GetFontSize(thing, ctypes.byref(size))
    raw.FPDFPageObj_GetMatrix(thing, ctypes.byref(matrix))
    return float(size.value * (matrix.c**2 + matrix.d**2) ** 0.5)


def _over(ground: tuple[float, float, float, float], bounds: tuple[float, float, float, float]) -> bool:
    """Whether the middle of ``bounds`` lies on ``ground``."""
    x, y = (bounds[0] + bounds[2]) / 2, (bounds[1] + bounds[3]) / 2
    return ground[0] - 1 <= x <= ground[2] + 1 and ground[1] - 1 <= y <= ground[3] + 1


def _area(box: tuple[float, float, float, float]) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


if __name__ == "__main__":
    sys.exit(main())
