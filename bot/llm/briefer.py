"""A brief by a model on a server; every sentence must be carried by quotes from the abstracts it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain import Brief, BriefSection, ChannelId, Evidence, Paper, Passage, Statement, Topic
from bot.errors import ModelLied
from bot.evidence import Lock, clip, numbers_hold, polarity_holds, present
from bot.llm import prompts
from bot.llm.lies import links_away, unrelated
from bot.llm.openai import ChatModel, Message, Task, conversation
from bot.llm.schema import BriefOut, SentenceOut

_ABSTRACT = 1_800
_TOKENS = 2_500
_LIES = 0.3
_SENTENCE = 320

Groups = Sequence[tuple[Topic, Sequence[Paper]]]


class OpenAIBriefer:
    """Writes briefs with a model on a server, from abstracts alone."""

    def __init__(self, model: ChatModel) -> None:
        self.name = model.name
        self._model = model

    async def brief(self, groups: Groups, *, language: str = "en", channel: ChannelId | None = None) -> Brief:
        """The brief, without the sentences that nothing carries; more than 30 % of those, even when asked
        again, and it raises ModelLied. Else raises as `ChatModel.ask`."""
        sheet = _Sheet(groups)
        if not sheet.passages:
            return sheet.empty(self.name)
        talk = conversation(prompts.brief_system(language), prompts.brief_user(sheet.numbered))
        task = Task("brief", talk, _TOKENS, channel=channel)
        said = await self._model.ask(task, BriefOut)
        brief, lies = sheet.checked(said, self.name)
        if _too_many(brief, lies):
            again = Message("assistant", said.model_dump_json()), Message("user", prompts.mend_claims(lies))
            brief, lies = sheet.checked(await self._model.ask(task.then(*again), BriefOut), self.name)
        if _too_many(brief, lies):
            raise ModelLied(f"Too much of the brief by {self.name} does not stand in the papers.")
        return brief


def _too_many(brief: Brief, lies: Sequence[str]) -> bool:
    true = sum(len(section.statements) for section in brief.sections)
    true += len(brief.shared) + len(brief.open_questions)
    return not true or len(lies) > _LIES * (true + len(lies))


class _Sheet:
    """The abstracts as numbered for the model, and what it says of them, checked."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self.passages: list[Passage] = []
        self.numbered: list[tuple[Topic, list[tuple[int, Paper]]]] = []
        for topic, papers in groups:
            rows = []
            for paper in papers:
                text = clip(paper.abstract, _ABSTRACT)
                self.passages.append(Passage(paper.id, len(self.passages), text, "Abstract", kind="abstract"))
                rows.append((len(self.passages), paper))
            self.numbered.append((topic, rows))
        self._lock = Lock(self.passages)
        self._topic = {paper.id: n for n, (_, papers) in enumerate(groups) for paper in reversed(papers)}

    def empty(self, name: str) -> Brief:
        """A brief on nothing."""
        return Brief(self._sections({}), model=name)

    def checked(self, said: BriefOut, name: str) -> tuple[Brief, list[str]]:
        """What of the brief is carried, and the texts of what is not."""
        lies: list[str] = []
        by_topic = {
            section.topic: self._statements(section.sentences, lies) for section in reversed(said.sections)
        }
        shared = [s for s in self._statements(said.shared, lies) if self._bridges(s, lies)]
        opens = self._statements(said.open_questions, lies)
        return Brief(self._sections(by_topic), tuple(shared), opens, name), lies

    def _sections(self, by_topic: dict[int, tuple[Statement, ...]]) -> tuple[BriefSection, ...]:
        return tuple(
            BriefSection(topic.name, by_topic.get(number, ()), tuple(paper.id for paper in papers))
            for number, (topic, papers) in enumerate(self._groups, 1)
        )

    def _bridges(self, statement: Statement, lies: list[str]) -> bool:
        """Whether it rests on two papers, of different topics where several have papers."""
        topics = {self._topic[paper] for paper in statement.papers}
        wanted = min(2, sum(bool(papers) for _, papers in self._groups))
        if len(statement.papers) >= 2 and len(topics) >= wanted:
            return True
        lies.append(statement.text)
        return False

    def _statements(self, said: Iterable[SentenceOut], lies: list[str]) -> tuple[Statement, ...]:
        found = []
        for sentence in said:
            text = " ".join(sentence.text.split())
            if not present(text):
                continue
            evidence = self._evidence(sentence)
            if evidence and len(text) <= _SENTENCE and _carried(text, evidence):
                found.append(Statement(text, evidence))
            else:
                lies.append(text)
        return tuple(found)

    def _evidence(self, sentence: SentenceOut) -> tuple[Evidence, ...]:
        found = []
        for quote in sentence.quotes:
            if 0 < quote.passage <= len(self.passages):
                near = self.passages[quote.passage - 1]
                if evidence := self._lock.find(quote.quote, near=near):
                    found.append(evidence)
        return tuple(dict.fromkeys(found))


def _carried(text: str, evidence: Sequence[Evidence]) -> bool:
    quotes = " ".join(item.quote for item in evidence)
    return (
        numbers_hold(text, quotes)
        and polarity_holds(text, quotes)
        and not unrelated(text, quotes)
        and not links_away(text, quotes)
    )
