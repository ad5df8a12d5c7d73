"""The embedded reader: no key, no network, no model server. It quotes, and never makes a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.domain import Answer, FullText, Paper, Part, Passage, Question, Summary
from bot.evidence import check
from bot.ports import Words

VERSION = "embedded-4"
"""Changes when the same text would give another summary."""


class EmbeddedSummarizer:
    """Summaries made of the paper's own sentences, in any language the paper's."""

    name = "embedded"
    prompt_version = VERSION

    async def summarize(self, paper: Paper, text: FullText, *, language: str = "en") -> Summary:
        """The gist and the claims that were found; parts that the paper does not tell are left out."""
        return await asyncio.to_thread(_summary, paper, text, language)


class EmbeddedAnswerer:
    """Answers made of the two or three sentences that say it best, or that the paper does not say."""

    name = "embedded"

    async def answer(self, question: Question, *, words: Words | None = None) -> Answer:
        """The quotes with their places; ``text`` stays empty, as nothing is written."""
        return await asyncio.to_thread(_answer, question)


def retrieve(question: str, passages: Sequence[Passage], *, limit: int = 8) -> list[Passage]:
    """The passages that may hold the answer, best first; as :func:`bot.llm.extract_answer.retrieve`."""
    from bot.llm.extract_answer import retrieve

    return retrieve(question, passages, limit=limit)


def is_off_topic(question: Question) -> bool:
    """Whether a question has nothing to do with its papers, so that no model need be asked."""
    from bot.llm.extract_answer import is_off_topic

    return is_off_topic(question)


def _summary(paper: Paper, text: FullText, language: str) -> Summary:
    from bot.llm.extract_choice import gist
    from bot.llm.extract_parts import claims

    passages = text.passages
    abstract = paper.abstract or " ".join(p.text for p in passages if p.kind == "abstract")
    held = check(claims(passages), passages).claims
    instead = (
        claim.text
        for part in (Part.CORE_IDEA, Part.TASK, Part.RESULTS)
        for claim in held
        if claim.part is part
    )
    told = gist(paper.title, abstract) or next(instead, "")
    return Summary(
        paper_id=paper.id,
        gist=told,
        claims=held,
        model=EmbeddedSummarizer.name,
        basis=text.basis,
        language=language,
        prompt_version=VERSION,
        note=text.note if text.basis == "abstract" else "",
    )


def _answer(question: Question) -> Answer:
    from bot.llm.extract_answer import answer

    return answer(question)
