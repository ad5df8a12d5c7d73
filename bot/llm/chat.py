"""Summaries and answers by a model on a server; what it returns passes the evidence lock or is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.domain import Answer, Evidence, FullText, Outcome, Paper, Part, Passage, Question, Summary
from bot.errors import BudgetSpent, ModelLied
from bot.evidence import QUOTE, Lock, clip, fold
from bot.llm import amounts, prompts
from bot.llm.excerpt import choose, chunks, cost, readable
from bot.llm.openai import ChatModel, Message, Task, conversation
from bot.llm.schema import (
    AnswerOut,
    SummaryOut,
    answer_so_far,
    outcome_so_far,
    prose,
    quotes_so_far,
)
from bot.llm.truth import Held, Truth, carried, quotes_found
from bot.ports import Clock, Words

_SHARE = 0.6
_SMALL = 8_000
_FULL_TOKENS, _SHORT_TOKENS, _ANSWER_TOKENS = 4_000, 1_200, 1_000
_SHORT_ROOM = 4_000
_LOW, _LAST = 0.25, 0.05
_PASSAGES, _PASSAGE, _QUESTION_ROOM = 10, 1_800, 2_600
_NEAREST = 3


class OpenAISummarizer:
    """Summarizes with a model on a server.

    ``context_tokens`` is what the model can take in: a paper may fill 60 % of it, of a longer one the
    sections that matter most are read. While under a quarter of the day's money is left summaries are
    short, and the last twentieth is kept for questions.
    """

    def __init__(self, model: ChatModel, *, clock: Clock, context_tokens: int = 32_000) -> None:
        self.name = model.name
        self.prompt_version = f"{prompts.PROMPTS}.c{context_tokens}.t0"
        self._model = model
        self._clock = clock
        self._context = context_tokens

    async def summarize(self, paper: Paper, text: FullText, *, language: str = "en") -> Summary:
        """The summary, every entry of it found in the paper.

        Raises ModelLied where too much of it is not, even when asked again; else as `ChatModel.ask`.
        """
        left = await self._model.server.budget.left()
        if left < _LAST:
            raise BudgetSpent("The rest of the day's money for the model is kept for questions.")
        short = left < _LOW
        passages = _with_abstract(paper, text.passages)
        truth = await asyncio.to_thread(Truth, paper, passages)
        if self._context < _SMALL and not short:
            held = await self._in_pieces(paper, passages, truth, language)
        else:
            room = min(int(self._context * _SHARE), _SHORT_ROOM if short else self._context)
            held = await self._read(paper, choose(passages, room), truth, language, short=short)
        return Summary(
            paper_id=paper.id,
            gist=held.gist,
            claims=held.claims,
            model=self.name,
            basis=text.basis,
            language=language,
            made_at=self._clock.now(),
            prompt_version=self.prompt_version,
            note="Short, because the day's money for the model runs low." if short else "",
        )

    async def _in_pieces(
        self, paper: Paper, passages: Sequence[Passage], truth: Truth, language: str
    ) -> Held:
        """For a small context: claims of each piece, merged here and not by the model."""
        room = max(400, int(self._context * _SHARE) - _SHORT_TOKENS)
        pieces = list(chunks(readable(passages), room))
        read = [self._read(paper, piece, truth, language, short=True) for piece in pieces]
        results = await asyncio.gather(*read, return_exceptions=True)
        if faults := [r for r in results if isinstance(r, BaseException) and not isinstance(r, ModelLied)]:
            raise faults[0]
        found = [result for result in results if isinstance(result, Held)]
        if not found:
            raise ModelLied(f"Nothing of what {self.name} says of the paper stands in it.")
        order = list(Part)
        claims = sorted((c for held in found for c in held.claims), key=lambda claim: order.index(claim.part))
        return Held(found[0].gist, fold(claims), ())

    async def _read(
        self, paper: Paper, passages: Sequence[Passage], truth: Truth, language: str, *, short: bool
    ) -> Held:
        system = prompts.summary_system(language, short=short)
        talk = conversation(system, prompts.summary_user(paper, passages))
        task = Task("summary", talk, _SHORT_TOKENS if short else _FULL_TOKENS, paper.id)
        said = await self._model.ask(task, SummaryOut)
        held = await asyncio.to_thread(truth.summary, said)
        if not held.honest:
            again = (
                Message("assistant", said.model_dump_json()),
                Message("user", prompts.mend_claims(held.lies)),
            )
            said = await self._model.ask(task.then(*again), SummaryOut)
            held = await asyncio.to_thread(truth.summary, said)
        if not held.honest:
            raise ModelLied(f"Too much of what {self.name} says of the paper does not stand in it.")
        return held


def _with_abstract(paper: Paper, passages: Sequence[Passage]) -> tuple[Passage, ...]:
    if not paper.abstract or any(passage.kind == "abstract" for passage in passages):
        return tuple(passages)
    return (Passage(paper.id, -1, paper.abstract, "Abstract", kind="abstract"), *passages)


# --- answers --------------------------------------------------------------------------------------


class OpenAIAnswerer:
    """Answers with a model on a server, from the passages it is handed.

    ``off_topic`` is asked first and spends nothing: what it says yes to is not put to the model. Nor is what
    the paper's record answers: who wrote it, and when.
    """

    def __init__(self, model: ChatModel, *, off_topic: Callable[[Question], bool] | None = None) -> None:
        self.name = model.name
        self._model = model
        self._off_topic = off_topic

    async def answer(self, question: Question, *, words: Words | None = None) -> Answer:
        """The answer with the quotes that carry it, else what came closest. Raises as `ChatModel.ask`.

        ``words`` first gets the checked quotes, since they are written first, and then the answer.
        """
        if self._off_topic and self._off_topic(question):
            return Answer(Outcome.OFF_TOPIC, "", model=self.name)
        if known := await asyncio.to_thread(_from_record, question):
            return known
        passages = _passages(question.passages)
        if not passages:
            return Answer(Outcome.NOT_IN_PAPER, "", model=self.name)
        lock = Lock(passages)
        talk = conversation(prompts.answer_system(question.language), prompts.answer_user(question, passages))
        about = question.papers[0].id if len(question.papers) == 1 else None
        task = Task("answer", talk, _ANSWER_TOKENS, about, question.channel)
        follow = _Draft(words, passages, lock) if words else None
        said = await self._model.ask(task, AnswerOut, follow=follow)
        found = self._checked(question, said, passages, lock)
        if found is None:
            again = Message("assistant", said.model_dump_json()), Message("user", prompts.mend_answer())
            said = await self._model.ask(task.then(*again), AnswerOut)
            found = self._checked(question, said, passages, lock)
        return found or self._silent(passages)

    def _checked(
        self, question: Question, said: AnswerOut, passages: Sequence[Passage], lock: Lock
    ) -> Answer | None:
        """The answer as far as its quotes carry it; None where nothing is left of it."""
        if said.outcome == "NOT_IN_PAPER":
            return self._silent(passages)
        evidence = quotes_found(said.quotes, passages, lock)
        text = carried(said.answer, evidence, passages, known=[paper.title for paper in question.papers])
        if not evidence or not text:
            return None
        amount = amounts.sought(question.text)
        measured = any(amounts.told(item.quote, amount) for item in evidence)
        outcome = Outcome.ANSWERED if said.outcome == "ANSWERED" and measured else Outcome.UNSURE
        return Answer(outcome, text, evidence, model=self.name)

    def _silent(self, passages: Sequence[Passage]) -> Answer:
        nearest = tuple(
            Evidence(p.paper_id, clip(p.text, QUOTE), p.section, p.page) for p in passages[:_NEAREST]
        )
        return Answer(Outcome.NOT_IN_PAPER, "", nearest=nearest, model=self.name)


def _from_record(question: Question) -> Answer | None:
    """The embedded reader's answer where it rests on the paper's record and not on its text."""
    from bot.llm.extract_answer import answer

    found = answer(question)
    return found if found.outcome == Outcome.ANSWERED and found.text and not found.evidence else None


def _passages(passages: Sequence[Passage]) -> list[Passage]:
    """The best passages that fit the room for a question, long ones cut."""
    chosen: list[Passage] = []
    used = 0
    for passage in passages[:_PASSAGES]:
        cut = replace(passage, text=clip(passage.text, _PASSAGE))
        if chosen and used + cost(cut) > _QUESTION_ROOM:
            continue
        chosen.append(cut)
        used += cost(cut)
    return chosen


class _Draft:
    """Shows an answer while it is written, but nothing before a quote of it was found in the passages."""

    def __init__(self, words: Words, passages: Sequence[Passage], lock: Lock) -> None:
        self._words = words
        self._passages = passages
        self._lock = lock
        self._evidence: tuple[Evidence, ...] | None = None
        self._shown = ""

    async def __call__(self, raw: str) -> None:
        if self._evidence is None and (quotes := quotes_so_far(raw)) is not None:
            self._evidence = quotes_found(quotes, self._passages, self._lock)
        if not self._evidence or outcome_so_far(raw) == "NOT_IN_PAPER":
            return
        text = str(prose(answer_so_far(raw))) or " ".join(f"“{item.quote}”" for item in self._evidence)
        if text != self._shown:
            self._shown = text
            await self._words(text)
