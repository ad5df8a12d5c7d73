"""A model's word on the papers around the line: do they belong to the topic?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.domain import Decision, Paper, PaperId, Topic
from bot.errors import ModelError
from bot.evidence import clip, present
from bot.llm import prompts
from bot.llm.openai import ChatModel, Task, conversation
from bot.llm.schema import JudgementOut, VerdictOut

BATCH = 10
"""Papers a call: a title and the first 900 characters of an abstract each, about 2,500 tokens."""
_WHY = 140
_KEPT = 20_000
_TOKENS = 1_200
_LINE = 0.5


class OpenAIJudge:
    """Judges with a model on a server; what it said of a paper and topic is remembered while it runs.

    The score is .5 and half the model's confidence upwards for papers that belong, downwards for others;
    the line is .5.
    """

    def __init__(self, model: ChatModel) -> None:
        self.name = model.name
        self._model = model
        self._said: dict[tuple[str, PaperId, int], Decision] = {}

    async def judge(self, topic: Topic, papers: Sequence[Paper]) -> Sequence[Decision | None]:
        """A decision a paper, None where the model gave none. Raises ModelError where it gave none at all
        because it failed."""
        asked = [paper for paper in papers if self._key(topic, paper) not in self._said]
        batches = [asked[start : start + BATCH] for start in range(0, len(asked), BATCH)]
        results = await asyncio.gather(
            *(self._batch(topic, batch) for batch in batches), return_exceptions=True
        )
        faults = [result for result in results if isinstance(result, BaseException)]
        if faults and (len(faults) == len(results) or not all(isinstance(f, ModelError) for f in faults)):
            raise faults[0]
        return [self._said.get(self._key(topic, paper)) for paper in papers]

    def _key(self, topic: Topic, paper: Paper) -> tuple[str, PaperId, int]:
        return topic.key, paper.id, paper.version

    async def _batch(self, topic: Topic, papers: Sequence[Paper]) -> None:
        talk = conversation(prompts.judge_system(topic), prompts.judge_user(topic, papers))
        said = await self._model.ask(Task("judge", talk, _TOKENS), JudgementOut)
        for verdict in reversed(said.verdicts):
            if 0 < verdict.paper <= len(papers):
                paper = papers[verdict.paper - 1]
                self._said[self._key(topic, paper)] = self._decision(topic, paper, verdict)
        while len(self._said) > _KEPT:
            self._said.pop(next(iter(self._said)))

    def _decision(self, topic: Topic, paper: Paper, verdict: VerdictOut) -> Decision:
        sure = min(1.0, max(0.0, verdict.confidence)) / 2
        return Decision(
            paper_id=paper.id,
            topic=str(topic),
            score=_LINE + sure if verdict.relevant else _LINE - sure,
            threshold=_LINE,
            matched=verdict.relevant,
            why=clip(present(verdict.reason), _WHY) or f"read by {self.name}",
            method=f"judge {self.name} {prompts.PROMPTS}",
        )
