from collections.abc import Sequence
from datetime import datetime

from bot.domain import Decision, Paper, PaperId, Topic
from bot.errors import ModelDown
from bot.judging import JudgedMatcher, doubts

TOPIC = Topic(("splatting",))


def _decision(number: int, score: float) -> Decision:
    return Decision(PaperId(f"arxiv:{number}"), "splatting", score, 0.4, score >= 0.4, "by words", "words 1")


class Words:
    def __init__(self, *scores: float) -> None:
        self.scores = scores

    async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
        return [_decision(number, score) for number, score in enumerate(self.scores)]


class Reader:
    name = "reader"

    def __init__(self, *, relevant: bool, broken: bool = False) -> None:
        self.relevant, self.broken = relevant, broken
        self.asked: list[PaperId] = []

    async def judge(self, topic: Topic, papers: Sequence[Paper]) -> Sequence[Decision | None]:
        if self.broken:
            raise ModelDown("away")
        self.asked += [paper.id for paper in papers]
        score = 0.9 if self.relevant else 0.1
        return [
            Decision(p.id, "splatting", score, 0.5, self.relevant, "it is about it", "judge reader 1")
            for p in papers
        ]


class Kept:
    def __init__(self, *decisions: Decision) -> None:
        self.decisions = decisions

    async def save(self, decisions: Sequence[Decision], *, now: datetime) -> None:
        raise AssertionError("the composer saves")

    async def of(self, paper_id: PaperId) -> list[Decision]:
        return [d for d in self.decisions if d.paper_id == paper_id]


def _papers(count: int) -> list[Paper]:
    return [Paper(PaperId(f"arxiv:{number}"), "A title") for number in range(count)]


async def test_only_the_papers_around_the_line_are_judged() -> None:
    judge = Reader(relevant=True)
    decided = await JudgedMatcher(Words(0.99, 0.35, 0.0), judge, Kept()).decide(TOPIC, _papers(3))
    assert judge.asked == ["arxiv:1"]
    assert [d.matched for d in decided] == [True, True, False]
    assert decided[1].why == "it is about it"
    assert decided[1].threshold == 0.4
    assert decided[1].score > 0.4


async def test_a_no_stays_below_the_line() -> None:
    judged = JudgedMatcher(Words(0.6), Reader(relevant=False), Kept())
    (decided,) = await judged.decide(TOPIC, _papers(1))
    assert not decided.matched
    assert 0 <= decided.score < 0.4


async def test_a_paper_is_judged_once_for_a_topic_and_model() -> None:
    before = Decision(PaperId("arxiv:0"), "splatting", 0.8, 0.4, True, "read before", "judge reader 1")
    judge = Reader(relevant=False)
    (decided,) = await JudgedMatcher(Words(0.5), judge, Kept(before)).decide(TOPIC, _papers(1))
    assert judge.asked == []
    assert decided.why == "read before"


async def test_a_broken_model_changes_nothing() -> None:
    judged = JudgedMatcher(Words(0.5, 0.3), Reader(relevant=True, broken=True), Kept())
    assert [d.why for d in await judged.decide(TOPIC, _papers(2))] == ["by words", "by words"]


def test_at_most_thirty_are_judged_the_nearest_first() -> None:
    chosen = doubts([_decision(number, 0.1 + number / 100) for number in range(80)])
    assert len(chosen) == 30
    assert chosen[0].score == 0.4
