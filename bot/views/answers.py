"""Answers as people see them: what the paper says, in its words, with the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.doc import (
    Block,
    Bullets,
    Button,
    Buttons,
    Divider,
    Doc,
    Fields,
    Quote,
    Span,
    Text,
    bold,
    heading,
    link,
    paragraph,
    text,
)
from bot.domain import Answer, Brief, Evidence, Outcome, Paper, PaperId, Part, Statement, Summary
from bot.views.lists import lines
from bot.views.papers import PART_NAMES, buttons, footer, place, short_id, title

COMPARED = (
    Part.TASK,
    Part.CORE_IDEA,
    Part.PIPELINE,
    Part.ARCHITECTURE,
    Part.DATASETS,
    Part.BASELINES,
    Part.RESULTS,
    Part.LIMITATIONS,
)


def answer(found: Answer, papers: Sequence[Paper]) -> Doc:
    """An answer with its quotes, or what came closest when the paper does not say."""
    by_id = {paper.id: paper for paper in papers}
    blocks: list[Block] = []
    if found.outcome == Outcome.OFF_TOPIC:
        blocks.append(paragraph(_off_topic(papers)))
    elif found.outcome == Outcome.NOT_IN_PAPER:
        blocks.append(paragraph(bold(f"{_whose(found, papers)} not say.")))
    elif found.outcome == Outcome.NEAR:
        blocks.append(
            paragraph(bold(f"{_whose(found, papers)} not say it in these words. The nearest places:"))
        )
    elif found.outcome == Outcome.UNSURE and (found.evidence or not found.text):
        blocks.append(paragraph(bold("I am not sure; this is what comes closest.")))
    if found.text:
        blocks.append(paragraph(found.text))
    blocks += [_quote(item, by_id) for item in found.evidence]
    if not found.evidence and found.nearest:
        if found.outcome != Outcome.NEAR:
            blocks.append(paragraph("The nearest passages:", small=True))
        blocks += [_quote(item, by_id) for item in found.nearest]
    if found.note:
        blocks.append(paragraph(found.note, small=True))
    if len(papers) == 1:
        blocks.append(buttons(papers[0], "summary", "evidence", "similar", "save"))
    if found.outcome != Outcome.OFF_TOPIC:
        helpful = (Button("Helpful", "rate good"), Button("Not helpful", "rate bad"))
        blocks.append(Buttons(helpful, verdict=True))
    return tuple(blocks)


def asked(question: str, papers: Sequence[Paper]) -> Block:
    """What was asked of which papers, for those who did not see the question."""
    shown = question if len(question) <= 200 else question[:199].rstrip() + "…"
    named = [part for paper in papers for part in (" — ", title(paper), f" — {short_id(paper.id)}")]
    return paragraph(f"“{shown}”", *named)


def about(paper: Paper) -> Block:
    """Which of a thread's papers an answer is about."""
    return paragraph("On ", link(paper.title, paper.url), f" — {short_id(paper.id)}")


def _whose(found: Answer, papers: Sequence[Paper]) -> str:
    """Who is silent: "The paper does", or no more than what was read of it ("These abstracts do")."""
    read = "abstract" if found.basis == "abstract" else "paper"
    return f"The {read} does" if len(papers) == 1 else f"These {read}s do"


def _off_topic(papers: Sequence[Paper]) -> str:
    what = "this paper" if len(papers) == 1 else "these papers"
    return f"I find nothing in {what} that bears on this question, and I answer from {what} alone."


def _quote(item: Evidence, papers: dict[PaperId, Paper]) -> Quote:
    where = place(item)
    paper = papers.get(item.paper_id)
    if len(papers) > 1 and paper:
        return Quote(text(item.quote), text(title(paper), f" — {where}" if where else ""))
    return Quote(text(item.quote), text(where))


def comparison(papers: Sequence[Paper], summaries: Sequence[Summary]) -> Doc:
    """Papers side by side: for each aspect what each of them says, with the place."""
    blocks: list[Block] = [heading("Side by side")]
    for number, paper in enumerate(papers, 1):
        blocks.append(paragraph(bold(f"{number}. "), *title(paper), f" — {short_id(paper.id)}"))
    for part in COMPARED:
        rows = [_cell(number, summary, part) for number, summary in enumerate(summaries, 1)]
        if any(said for _, said in rows):
            blocks.append(heading(PART_NAMES[part], level=2))
            blocks.append(Fields(tuple((name, text(said or "not found")) for name, said in rows)))
    for note in dict.fromkeys(footer(summary) for summary in summaries):
        blocks.append(paragraph(note, small=True))
    return tuple(blocks)


def _cell(number: int, summary: Summary, part: Part) -> tuple[str, str]:
    claims = [claim for claim in summary.claims if claim.part == part][:2]
    return f"Paper {number}", " ".join(f"{claim.text} ({place(claim.evidence)})" for claim in claims)


def brief(written: Brief, papers: Mapping[PaperId, Paper], span: int) -> Doc:
    """A literature brief: each sentence with the papers that carry it."""
    numbers = {paper_id: number for number, paper_id in enumerate(papers, 1)}
    blocks: list[Block] = [heading(f"Brief over the last {span} days")]
    for section in written.sections:
        blocks.append(heading(section.topic, level=2))
        if section.statements:
            blocks.append(_statements(section.statements, papers, numbers))
        else:
            blocks.append(paragraph("No paper of these days belongs to it."))
    parts = (("What they share", written.shared), ("Open questions", written.open_questions))
    for name, statements in parts:
        if statements:
            blocks += [heading(name, level=2), _statements(statements, papers, numbers)]
    if papers:
        blocks += [Divider(), lines((paper, "") for paper in papers.values())]
    made = "The papers' own words." if written.model == "embedded" else f"Written by {written.model}."
    blocks.append(paragraph(f"{made} {written.note}".strip(), small=True))
    return tuple(blocks)


def _statements(
    statements: Sequence[Statement], papers: Mapping[PaperId, Paper], numbers: Mapping[PaperId, int]
) -> Bullets:
    return Bullets(tuple(_statement(said, papers, numbers) for said in statements))


def _statement(said: Statement, papers: Mapping[PaperId, Paper], numbers: Mapping[PaperId, int]) -> Text:
    marks: list[str | Span] = []
    for paper_id in said.papers:
        if paper_id in papers:
            marks += [" ", link(f"[{numbers[paper_id]}]", papers[paper_id].url)]
    return text(said.text, marks)


def which(papers: Sequence[Paper]) -> Doc:
    """Asks which paper is meant."""
    row = [
        Button(f"{number}. {_shortened(paper.title or paper.id)}", f"ask {short_id(paper.id)}")
        for number, paper in enumerate(papers[:5], 1)
        if len(paper.id) <= 80
    ]
    return (paragraph("Which of these papers do you mean?"), Buttons(tuple(row)))


def _shortened(words: str, limit: int = 60) -> str:
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"
