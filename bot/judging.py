"""The decision with a language model's help: it reads only the papers around the line; never needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import structlog

from bot.domain import Decision, Paper, PaperId, Topic
from bot.errors import ModelError
from bot.ports import Decisions, Judge, Matcher

MOST = 30
"""Papers that are judged for a topic and day, at most: those nearest to the line."""
CLEARLY_OUT, CLEARLY_IN = 0.08, 0.92
"""Scores beyond which the matcher's word stands."""

_log = structlog.get_logger(__name__)


class JudgedMatcher:
    """A matcher whose doubtful papers are judged by a model, each once for a paper, topic and model."""

    def __init__(self, matcher: Matcher, judge: Judge, kept: Decisions) -> None:
        self._matcher = matcher
        self._judge = judge
        self._kept = kept

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        """One decision a paper; where the model fails, the matcher's own."""
        decisions = await self._matcher.decide(topic, papers)
        by_id = {paper.id: paper for paper in papers}
        doubtful = doubts(decisions)
        said = {d.paper_id: d for d in [await self._remembered(d) for d in doubtful] if d}
        asked = [by_id[d.paper_id] for d in doubtful if d.paper_id not in said]
        said |= await self._judged(topic, asked)
        return [_on_our_line(said[d.paper_id], d) if d.paper_id in said else d for d in decisions]

    async def _remembered(self, decision: Decision) -> Decision | None:
        ours = f"judge {self._judge.name} "
        for kept in await self._kept.of(decision.paper_id):
            if kept.topic == decision.topic and kept.method.startswith(ours):
                return kept
        return None

    async def _judged(self, topic: Topic, papers: Sequence[Paper]) -> dict[PaperId, Decision]:
        if not papers:
            return {}
        try:
            verdicts = await self._judge.judge(topic, papers)
        except ModelError as error:
            _log.warning("judge failed", papers=len(papers), error=error)
            return {}
        return {verdict.paper_id: verdict for verdict in verdicts if verdict is not None}


def doubts(decisions: Sequence[Decision]) -> list[Decision]:
    """The decisions nearest to the line. What an exclusion rules out scores 0 and is never doubted."""
    open_ = [d for d in decisions if CLEARLY_OUT <= d.score <= CLEARLY_IN]
    return sorted(open_, key=lambda d: (abs(d.score - d.threshold), d.paper_id))[:MOST]


def _on_our_line(verdict: Decision, before: Decision) -> Decision:
    """The verdict on the matcher's scale, so that the threshold means the same for every paper."""
    line, away = before.threshold, abs(verdict.score - verdict.threshold)
    share = min(1.0, away / max(verdict.threshold, 1e-9))
    score = line + (1 - line) * share if verdict.matched else line - line * share
    return replace(verdict, topic=before.topic, score=score, threshold=line)
