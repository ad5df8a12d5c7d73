"""Passages: the paragraphs of a paper with section and page, as quotes, questions and summaries need them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

from bot.domain import FullText, Paper, PaperId, Passage
from bot.errors import TextUnavailable
from bot.fulltext.clean import tidy
from bot.fulltext.layout import Block
from bot.text import sentence_spans

LONGEST = 1500
"""Characters from which a paragraph is parted between two sentences."""
MOST = 3_000
"""Passages kept of one paper; a thesis of 300 pages has about 1,500."""
EXTRACTOR = "2026-11.3"
"""Changes when the same file would give other passages, so that kept texts can be told apart."""


def passages(paper_id: PaperId, blocks: Iterable[Block]) -> tuple[Passage, ...]:
    """The blocks as passages, numbered in reading order; a paragraph is parted where a page ends."""
    pieces = ((text, page, block) for block in blocks for text, page in _parts(block))
    return tuple(
        Passage(paper_id, number, text, block.section, page or None, block.kind)
        for number, (text, page, block) in zip(range(MOST), pieces, strict=False)
    )


def full_text(
    paper_id: PaperId,
    version: int,
    blocks: Iterable[Block],
    *,
    origin: Literal["html", "pdf", "jats"],
    pages: int | None = None,
    note: str = "",
    hidden: Iterable[str] = (),
) -> FullText:
    """The full text made of ``blocks``. Raises TextUnavailable where they hold too little to be a paper."""
    found = passages(paper_id, blocks)
    if sum(len(passage.text) for passage in found if passage.kind == "body") < 1000:
        raise TextUnavailable("The file holds hardly any text (a scan or pictures); the abstract is used.")
    shown = tuple(dict.fromkeys(words[:500] for words in hidden))[:50]
    return FullText(
        paper_id, version, found, "full text", origin, pages, note, hidden=shown, extractor=EXTRACTOR
    )


def abstract_only(paper: Paper, note: str = "") -> FullText:
    """The abstract as the only text of a paper; ``note`` says why there is no more."""
    found = passages(
        paper.id, [Block(tidy(paper.abstract), "Abstract", 0, "abstract")] if paper.abstract else []
    )
    return FullText(paper.id, paper.version, found, "abstract", note=note, extractor=EXTRACTOR)


def with_abstract(paper: Paper, text: FullText) -> FullText:
    """``text`` with the paper's abstract before it, where it holds none of its own."""
    if not paper.abstract or any(passage.kind == "abstract" for passage in text.passages):
        return text
    first = abstract_only(paper).passages
    later = (replace(p, number=number) for number, p in enumerate(text.passages, len(first)))
    return replace(text, passages=(*first, *later))


def _parts(block: Block) -> Iterator[tuple[str, int]]:
    """Text and page of every piece: parted after the sentence that runs over a page's end, and where long."""
    begin, page = 0, block.page
    turns = list(block.turns)
    for start, end in sentence_spans(block.text):
        turned = [turn for turn in turns if turn[0] <= start]
        if start > begin and (turned or end - begin > LONGEST):
            yield block.text[begin:start].strip(), page
            begin = start
        if turned:
            page, turns = turned[-1][1], turns[len(turned) :]
    if rest := block.text[begin:].strip():
        yield from ((rest[at : at + 3 * LONGEST], page) for at in range(0, len(rest), 3 * LONGEST))
