"""Questions about papers: find the passages, let the model answer from them, remember the thread."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from bot.domain import Answer, Basis, ChannelId, FullText, Outcome, Paper, Passage, Question, Turn
from bot.errors import ModelError
from bot.ports import Answerer, Words
from bot.reading import Reader

PASSAGES = 8
LONGEST = 1_000
FULL_TEXTS = 3
"""For more papers than this at once, only their abstracts are read."""

_BACK = re.compile(
    r"\b(it|its|they|their|them|that|this|those|these|he|she|and|why|how so|more|what about|how about)\b",
    re.IGNORECASE,
)


class Retrieve(Protocol):
    """Finds the passages that may answer a question, best first."""

    def __call__(self, question: str, passages: Sequence[Passage], *, limit: int) -> list[Passage]:
        """At most ``limit`` passages."""
        ...


class Desk:
    """Answers questions with the configured model, and with the embedded one where that fails."""

    def __init__(
        self, *, reader: Reader, retrieve: Retrieve, embedded: Answerer, model: Answerer | None
    ) -> None:
        self._reader = reader
        self._retrieve = retrieve
        self._embedded = embedded
        self._model = model

    async def ask(
        self,
        papers: Sequence[Paper],
        question: str,
        *,
        turns: Sequence[Turn] = (),
        language: str = "en",
        channel: ChannelId | None = None,
        words: Words | None = None,
    ) -> Answer:
        """The answer to a question about ``papers``. Never raises for what a model or paper does."""
        asked = " ".join(question.split())[:LONGEST]
        passages, basis, read = await self._passages(papers)
        found = self._retrieve(standing_alone(asked, turns), passages, limit=PASSAGES)
        whole = Question(asked, tuple(papers), tuple(found), tuple(turns), language, channel)
        note = ""
        if self._model is not None:
            try:
                return _told(await self._model.answer(whole, words=words), basis, read)
            except ModelError as error:
                note = f"{error.excuse}; these are the paper's own words."
        answer = await self._embedded.answer(whole, words=words)
        return _told(answer, basis, note, read)

    async def _passages(self, papers: Sequence[Paper]) -> tuple[list[Passage], Basis, str]:
        """What is read of the papers, whether that is more than abstracts, and a sentence where it is not
        their whole text."""
        if len(papers) > FULL_TEXTS:
            note = (
                f"Of these {len(papers)} papers only the abstracts were read; name one to have its text read."
            )
            return [passage for paper in papers for passage in abstract_passages(paper)], "abstract", note
        texts = [await self._reader.text(paper) for paper in papers]
        basis: Basis = "abstract" if all(text.basis == "abstract" for text in texts) else "full text"
        return [passage for text in texts for passage in text.passages], basis, _unread(texts)


def _unread(texts: Sequence[FullText]) -> str:
    """That only an abstract was read, and why, so that silence is not taken for the whole paper's."""
    short = [text for text in texts if text.basis == "abstract"]
    if not short:
        return ""
    if len(texts) == 1:
        return short[0].note or "Only the abstract was read; the full text could not be had."
    if len(short) == len(texts):
        return "Of these papers only the abstracts were read."
    return f"Of {len(short)} of these {len(texts)} papers only the abstract was read."


def abstract_passages(paper: Paper) -> list[Passage]:
    """A paper's title and abstract as passages."""
    return [
        Passage(paper.id, 0, paper.title, "Title", kind="abstract"),
        *([Passage(paper.id, 1, paper.abstract, "Abstract", kind="abstract")] if paper.abstract else []),
    ]


def standing_alone(question: str, turns: Sequence[Turn]) -> str:
    """The question with the words of the one before it, where it leans on that ("and on which data?")."""
    earlier = [turn.text for turn in turns if turn.speaker == "person"]
    if earlier and (len(question.split()) < 4 or _BACK.match(question)):
        return f"{question} {earlier[-1]}"
    return question


def _told(answer: Answer, basis: Basis, *notes: str) -> Answer:
    """The answer with what it rests on, unless the question was none about the papers."""
    if answer.outcome == Outcome.OFF_TOPIC:
        return answer
    return replace(answer, basis=basis, note=" ".join(note for note in (answer.note, *notes) if note))
