"""PDF files written by hand: pages of text at given places, with every trick that hides words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a place (points from the bottom left) in Helvetica or Helvetica-Bold.

    ``mode`` is PDF's text rendering mode (3 = invisible); ``grey`` 0 is black and 1 white.
    """

    words: str
    x: float = 72
    y: float = 700
    size: float = 10
    bold: bool = False
    mode: int = 0
    grey: float = 0.0


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    grey: float = 0.0


Mark = Text | Box


_NO_WIDTH = b"\x81"
"""The code, free in Windows-1252, that stands for a zero-width space."""
_UNICODE = (
    b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /W def /CMapType 2 def "
    b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <81> <200B> endbfchar endcmap end end"
)


def lines(words: str, *, x: float = 72, top: float = 700, size: float = 10, width: int = 90) -> list[Text]:
    """Words as lines of at most ``width`` characters, one below the other."""
    rows: list[str] = [""]
    for word in words.split():
        if len(rows[-1]) + len(word) >= width:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    return [Text(row, x, top - 1.2 * size * number, size) for number, row in enumerate(rows)]


def pdf(pages: Sequence[Sequence[Mark]], *, encrypted: bool = False) -> bytes:
    """A PDF 1.4 file with one page for every list of marks."""
    objects: list[bytes] = [b"", b""]
    fonts = []
    for face in ("Helvetica", "Helvetica-Bold"):
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(_UNICODE), _UNICODE))
        font = f"<< /Type /Font /Subtype /Type1 /BaseFont /{face} /Encoding /WinAnsiEncoding "
        objects.append(f"{font} /ToUnicode {len(objects)} 0 R >>".encode())
        fonts.append(len(objects))
    kids = []
    for marks in pages:
        content = _NO_WIDTH.join(
            part.encode("cp1252") for part in "\n".join(map(_mark, marks)).split("\u200b")
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        objects.append(
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {len(objects)} 0 R "
                f"/Resources << /Font << /F0 {fonts[0]} 0 R /F1 {fonts[1]} 0 R >> >> >>"
            ).encode()
        )
        kids.append(f"{len(objects)} 0 R")
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R >>"
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return _file(objects, encrypted)


def _mark(mark: Mark) -> str:
    if isinstance(mark, Box):
        return f"{mark.grey} g {mark.x} {mark.y} {mark.width} {mark.height} re f 0 g"
    words = mark.words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    font = f"/F{int(mark.bold)} {mark.size} Tf"
    return f"BT {mark.grey} g {mark.mode} Tr {font} 1 0 0 1 {mark.x} {mark.y} Tm ({words}) Tj ET"


def _file(objects: Sequence[bytes], encrypted: bool) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    lock = ""
    if encrypted:
        key = "00" * 32
        lock = f"/Encrypt << /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >> /ID [<00> <00>]"
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {lock} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
