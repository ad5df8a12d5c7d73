"""From the lines of a PDF's pages to paragraphs under headings.

Pure: lines in, blocks out. Front matter and references are left out; captions, tables and footnotes are
kept apart from the running text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from bot.fulltext.lines import Line, Sheet, join, reading_order, vocabulary_of
from bot.fulltext.sections import PATH, Role, role

Kind = Literal["abstract", "body", "caption", "table"]


@dataclass(slots=True)
class Block:
    """A paragraph, caption or table with its place."""

    text: str
    section: str
    page: int
    kind: Kind = "body"
    turns: tuple[tuple[int, int], ...] = ()
    """Where it goes on on another page: offset in the text, and that page."""


def blocks(sheets: Sequence[Sheet]) -> list[Block]:
    """The paragraphs of a document in reading order, references and furniture left out."""
    body = _body_size(sheets)
    kept = reading_order(sheets)
    vocabulary = vocabulary_of(line for lines in kept for line in lines)
    writer = _Writer(body, _leading(kept), vocabulary)
    for sheet, lines in zip(sheets, kept, strict=True):
        writer.page(lines, sheet.width)
    return writer.finish()


# --- headings --------------------------------------------------------------------------------------

_NUMBERED = re.compile(r"^(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})\.?\s+(?P<name>[A-Z].*)$")
_ROMAN = re.compile(r"^(?P<number>[IVX]{1,5})\.\s+(?P<name>[A-Z].*)$")
_LETTERED = re.compile(r"^(?P<number>[A-Z](?:\.\d{1,2}){0,2})[.:]?\s+(?P<name>[A-Z].*)$")
_KNOWN = re.compile(
    r"^(?:abstract|introduction|(?:related|prior|previous) works?|background|preliminaries|methodology|"
    r"(?:materials? and )?methods?|approach|experiments?|experimental (?:setup|results)|evaluation|"
    r"results?(?: and discussions?)?|discussions?(?: and conclusions?)?|analysis|ablation stud(?:y|ies)|"
    r"limitations?|conclusions?(?: and (?:future works?|discussions?|outlook))?|summary|future works?|"
    r"acknowledge?ments?|ethic(?:s|al) (?:statement|considerations?)|broader impacts?|author contributions?|"
    r"funding|references|bibliography|literature cited|works cited|appendix|appendices|"
    r"supplementary (?:materials?|information))[.:]?$",
    re.IGNORECASE,
)
_UNNUMBERED = re.compile(
    r"^(?:limitations?|ethic|acknowledg|references|bibliography|literature cited|works cited|conclusion|"
    r"append|supplement|author contrib|funding|broader impact|future work|discussion)",
    re.IGNORECASE,
)
"""Headings that go without a number in papers whose other headings have one."""
_ENTRY = re.compile(r"^\[\d{1,3}\]\s+[A-Z].{10,400}?\b(?:19|20)\d{2}\b")
"""An entry of a list of references that no heading announced."""
_MARK = re.compile(r"^(?:\d{1,2}|[∗*†‡§¶]+)\s?(?=[A-Z])")
"""The mark of a footnote, set against its first word."""
_REFERENCES = re.compile(r"^(?:references|bibliography|literature cited|works cited)\b", re.IGNORECASE)
_RESUMES = re.compile(r"^(?:appendi|supplement|methods?\b|limitations?\b|acknowledg)", re.IGNORECASE)
_IMPRINT = re.compile(
    r"^(?:proceedings of |permission to make digital|copyright (?:©|\(c\)|20)|©\s?(?:20|19)|under review|"
    r"accepted (?:at|by)|published (?:as|in) |preprint\b|correspondence to:|this work was (?:done|supported)|"
    r"\d{4} association for |creative commons|licensed under|licence|license|"
    r"[∗*†‡§\s\d]*(?:denotes )?(?:equal contribution|corresponding author|core contributor))",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"^(?:Fig(?:ure)?|FIG(?:URE)?|Table|TABLE|Tab|Algorithm|Listing)\.?\s*(?:[A-Z]?\d+[a-z]?|[IVX]+)(?:\s*[:.|–—]|\s+[A-Z])"
)
_SPACED_ABSTRACT = re.compile(r"^a b s t r a c t$", re.IGNORECASE)
_ABSTRACT_RUN_IN = re.compile(r"^abstract\s*[-—–:.]+\s*(?=\S)", re.IGNORECASE)
_SKIPPED_RUN_IN = re.compile(
    r"^(?:index terms|keywords?|key words(?: and phrases)?|ccs concepts|acm reference format|categories and "
    r"subject descriptors|general terms|msc\b)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Heading:
    text: str
    depth: int
    numbered: bool = False
    lettered: bool = False


def _heading(line: Line, body: float) -> _Heading | None:
    text = _SPACED_ABSTRACT.sub("Abstract", line.text.strip())
    if not 3 <= len(text) <= 110 or text.endswith((",", ";", "=")) or text.count(" ") > 14:
        return None
    stands_out = line.bold or line.size > body * 1.08 or (text.isupper() and sum(map(str.isalpha, text)) > 5)
    if _KNOWN.match(text) and (stands_out or text[0].isupper()):
        return _Heading(text.rstrip(".:"), 1)
    if not stands_out or text.endswith(".") or line.size < body * 0.9:
        return None
    for pattern in (_NUMBERED, _ROMAN, _LETTERED):
        if (match := pattern.match(text)) and _nameable(match["name"]):
            number = match["number"]
            return _Heading(text, 1 + number.count("."), True, pattern is _LETTERED)
    large = line.size > body * 1.12
    if text[0].isupper() and len(text) < 70 and (large or line.bold) and _nameable(text):
        return _Heading(text, 1 if large else 2)
    return None


def _nameable(name: str) -> bool:
    """Whether a line names a section: letters mostly, and no sentence of the running text."""
    letters = sum(char.isalpha() or char.isspace() for char in name)
    return letters > 0.75 * len(name) and not re.search(r"[.!?]\s+[A-Z]|@|[=≤≥∑]", name)


# --- paragraphs ------------------------------------------------------------------------------------


def _body_size(sheets: Sequence[Sheet]) -> float:
    sizes = Counter[float]()
    for sheet in sheets:
        for line in sheet.lines:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _leading(pages: Sequence[Sequence[Line]]) -> float:
    """The usual distance between two lines of a paragraph, in points."""
    drops = [
        before.y - line.y
        for lines in pages
        for before, line in pairwise(lines)
        if abs(before.size - line.size) < 0.3 and 0.7 < (before.y - line.y) / line.size < 3.5
    ]
    return sorted(drops)[len(drops) // 2] if drops else 12.0


_SENTENCE_END = re.compile(r"[a-z)]{2}[.!?](?=\s+[A-Z]|$)")
_ENDS = (".", "!", "?", ":", ".”", '."', ".)", ";")


@dataclass(slots=True)
class _Open:
    """Lines that are becoming a block."""

    kind: Kind
    section: str
    lines: list[Line] = field(default_factory=list)
    aside: bool = False
    """It stands beside the running text: a caption, a table, a footnote."""


class _Writer:
    """Takes lines in reading order and writes blocks."""

    def __init__(self, body: float, leading: float, vocabulary: Counter[str]) -> None:
        self._body = body
        self._leading = leading
        self._vocabulary = vocabulary
        self._path: list[str] = []
        self._done: list[_Open] = []
        self._text: _Open | None = None
        self._aside: _Open | None = None
        self._in_references = False
        self._headed: Line | None = None
        self._numbered = False
        self._may_be_abstract = True

    def page(self, lines: Sequence[Line], width: float) -> None:
        """Take the lines of the next page."""
        self._close_aside()
        previous: Line | None = None
        for line in lines:
            self._take(line, previous, width)
            previous = line
        self._headed = None

    def finish(self) -> list[Block]:
        """All blocks in order, front matter cut where an abstract or an introduction shows its end."""
        self._close_aside()
        self._close_text()
        written = [block for piece in self._done if (block := self._block(piece))]
        return _without_front_matter(written)

    def _take(self, line: Line, previous: Line | None, width: float) -> None:
        heading = _heading(line, self._body)
        if self._headed and self._continues_heading(line):
            self._path[-1] = f"{self._path[-1]} {line.text}"
            self._headed = line
        elif heading and self._opens(heading):
            self._open_section(heading, line)
        elif not self._in_references:
            self._headed = None
            self._write(line, previous, width)

    def _continues_heading(self, line: Line) -> bool:
        before = self._headed
        assert before is not None
        return (
            abs(line.size - before.size) < 0.3
            and line.bold == before.bold
            and (line.bold or line.size > self._body * 1.08)
            and 0 < before.y - line.y < 1.8 * line.size
            and not _NUMBERED.match(line.text)
            and not _KNOWN.match(before.text)
            and len(self._path[-1]) + len(line.text) < 120
        )

    def _opens(self, heading: _Heading) -> bool:
        if self._in_references:
            return heading.lettered or bool(_RESUMES.match(heading.text))
        if role(heading.text) is Role.ABSTRACT:
            return self._may_be_abstract
        known = heading.depth == 1 and not heading.numbered and _KNOWN.match(heading.text)
        return not (known and self._numbered) or bool(_UNNUMBERED.match(heading.text))

    def _open_section(self, heading: _Heading, line: Line) -> None:
        self._close_aside()
        self._close_text()
        self._in_references = bool(_REFERENCES.match(heading.text))
        self._numbered |= heading.numbered and not heading.lettered
        below = self._numbered and not heading.numbered and not _UNNUMBERED.match(heading.text)
        if (heading.numbered and not heading.lettered) or _KNOWN.match(heading.text):
            self._may_be_abstract = False
        depth = min(max(heading.depth, 2 if below else 1), len(self._path) + 1)
        self._path = [*self._path[: depth - 1], heading.text]
        self._headed = line

    @property
    def _section(self) -> str:
        return PATH.join(dict.fromkeys((self._path[0], self._path[-1]))) if self._path else ""

    def _write(self, line: Line, previous: Line | None, width: float) -> None:
        if self._may_be_abstract and (match := _ABSTRACT_RUN_IN.match(line.text)):
            self._open_section(_Heading("Abstract", 1), line)
            self._headed = None
            line = _cut(line, match.end())
        if _SKIPPED_RUN_IN.match(line.text):
            self._close_text()
        if self._is_aside(line):
            self._write_aside(line, previous)
        else:
            self._write_text(line, previous, width)

    def _is_aside(self, line: Line) -> bool:
        if _CAPTION.match(line.text) or line.cell:
            return True
        small = line.size < self._body * 0.94 and len(line.text) > 2
        return small and (self._section_role() is not Role.ABSTRACT or line.size < self._body * 0.85)

    def _section_role(self) -> Role:
        return role(self._path[-1]) if self._path else Role.OTHER

    def _write_aside(self, line: Line, previous: Line | None) -> None:
        kind: Kind = "caption" if _CAPTION.match(line.text) else "table" if line.cell else "body"
        apart = previous is None or not (self._follows(previous, line) or line.cell)
        apart = apart or (kind == "body" and bool(_MARK.match(line.text)))
        if self._text and self._text.lines[-1].text.endswith(_ENDS):
            self._close_text()
        if self._aside is None or (kind != "body" and kind != self._aside.kind) or kind == "caption" or apart:
            self._close_aside()
            self._aside = _Open(kind, self._section, aside=True)
        self._aside.lines.append(line)

    def _write_text(self, line: Line, previous: Line | None, width: float) -> None:
        if self._aside and self._continues_caption(self._aside, line, previous):
            self._aside.lines.append(line)
            return
        self._close_aside()
        if self._text and self._new_paragraph(self._text.lines[-1], line):
            self._close_text()
        if self._text is None:
            self._text = _Open("body", self._section)
        self._text.lines.append(line)

    def _continues_caption(self, aside: _Open, line: Line, previous: Line | None) -> bool:
        beside = aside.kind == "caption" and previous is aside.lines[-1]
        return bool(
            beside and previous and self._follows(previous, line) and abs(previous.size - line.size) < 0.2
        )

    def _new_paragraph(self, before: Line, line: Line) -> bool:
        if before.joined:
            return False
        ended = before.text.endswith(_ENDS)
        if not self._follows(before, line):
            return ended or not line.text[:1].islower()
        indented = line.x0 > before.x0 + 0.7 * line.size
        short = before.x1 < self._margin() - 2.5 * line.size
        return (ended and (indented or short)) or before.y - line.y > 1.4 * max(self._leading, line.size)

    def _follows(self, before: Line, line: Line) -> bool:
        """Whether a line stands right below another, or beside it, in the same column."""
        drop = before.y - line.y
        near = max(2.2 * max(line.size, before.size), 1.5 * self._leading)
        beside = line.x0 < before.x1 and before.x0 < max(line.x1, line.x0 + 1)
        return before.page == line.page and -0.6 * line.size < drop < near and beside

    def _margin(self) -> float:
        assert self._text is not None
        return max(line.x1 for line in self._text.lines[-6:])

    def _close_text(self) -> None:
        if self._text:
            self._done.append(self._text)
        self._text = None

    def _close_aside(self) -> None:
        if self._aside:
            self._done.append(self._aside)
        self._aside = None

    def _block(self, piece: _Open) -> Block | None:
        text, turns = self._text_of(piece.lines)
        if piece.aside and not turns:
            text = _MARK.sub("", text)
        innermost = piece.section.rpartition(PATH)[2]
        if (
            len(text) < 15
            or _ENTRY.match(text)
            or any(map(_SKIPPED_RUN_IN.match, (text, innermost)))
            or _IMPRINT.match(text)
        ):
            return None
        kind: Kind = "table" if piece.kind == "body" and _tabular(piece.lines) else piece.kind
        if kind == "body" and not piece.aside and role(piece.section) is Role.ABSTRACT:
            kind = "abstract"
        return Block(text, piece.section, piece.lines[0].page, kind, turns)

    def _text_of(self, lines: Sequence[Line]) -> tuple[str, tuple[tuple[int, int], ...]]:
        """The lines as one text, and where in it a page begins."""
        turns = []
        for number, (before, line) in enumerate(pairwise(lines), 1):
            if line.page != before.page:
                turns.append((len(join(lines[:number], self._vocabulary)), line.page))
        return join(lines, self._vocabulary), tuple(turns)


def _cut(line: Line, start: int) -> Line:
    return replace(line, text=line.text[start:])


def _tabular(lines: Sequence[Line]) -> bool:
    """Whether lines are cells of a table or labels of a figure rather than sentences."""
    text = " ".join(line.text for line in lines)
    tokens = text.split()
    wordy = sum(token.strip(".,;:()").isalpha() and len(token) > 1 for token in tokens)
    if wordy < 0.45 * len(tokens):
        return True
    return len(lines) > 3 and len(tokens) < 3.2 * len(lines)


def _without_front_matter(written: list[Block]) -> list[Block]:
    """Cut title, authors and addresses: what stands before the abstract, or before the introduction."""
    for wanted in (Role.ABSTRACT, Role.INTRODUCTION):
        for number, block in enumerate(written[:40]):
            if block.page <= 3 and block.section and role(block.section) is wanted:
                front = [b for b in written[:number] if b.kind == "caption" or wanted is Role.INTRODUCTION]
                return [*filter(None, map(_of_front_matter, front)), *written[number:]]
    return written


def _of_front_matter(block: Block) -> Block | None:
    """What is kept of it: captions, and a paragraph of prose, which is an abstract without a heading."""
    if block.kind == "caption":
        return block
    prose = block.kind == "body" and "@" not in block.text and len(_SENTENCE_END.findall(block.text)) >= 2
    return replace(block, section="Abstract", kind="abstract") if prose and len(block.text) >= 250 else None
