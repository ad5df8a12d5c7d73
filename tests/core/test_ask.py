"""Questions about several papers: which are meant, what is read of them, and that it is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.ask import Desk
from bot.commands.threads import focus
from bot.domain import Answer, Channel, ChannelId, FullText, Outcome, Paper, PaperId, Question
from bot.errors import ModelDown
from bot.llm.embedded import EmbeddedAnswerer, EmbeddedSummarizer
from bot.llm.extract_answer import retrieve
from bot.models import untranslated
from bot.ports import Answerer, Texts, Words
from bot.reading import Reader
from bot.views import answers
from storage.engine import connect
from storage.readings import Readings
from tests.fakes.clock import SetClock
from tests.fakes.papers import PAPER, abstract_only, full_text

TITLES = (
    "Pruned Gaussian Splatting for Phones",
    "Counting Wild Bees from Sound",
    "Diffusion Models for Gaussian Noise in Photographs",
    "A Survey of Speech Recognition",
)
PAPERS = [Paper(PaperId(f"arxiv:2509.0000{n}"), title) for n, title in enumerate(TITLES)]


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("What data does the splatting paper use?", [0]),
        ("what does the wild bees study find?", [1]),
        ("Is the diffusion one faster?", [2]),
        ("what do the gaussian papers share?", [0, 2]),
        ("Which of these use diffusion?", [0, 1, 2, 3]),
        ("What data does the paper use?", [0, 1, 2, 3]),
        ("What data does the quantum paper use?", [0, 1, 2, 3]),
        ("what does the second one use?", [1]),
    ],
)
def test_a_paper_is_named_by_words_of_its_title(question: str, meant: list[int]) -> None:
    assert focus(question, PAPERS) == [PAPERS[n] for n in meant]


def test_words_of_the_only_abstract_that_has_them_name_a_paper_where_no_title_does() -> None:
    hair = Paper(PaperId("arxiv:2509.00007"), "Heads with Hair", "We make head avatars of phone videos.")
    crowd = [*PAPERS, hair, replace(PAPERS[0], id=PaperId("arxiv:2509.00008"), abstract="A bird sings.")]
    assert focus("what data does the avatar paper use?", crowd) == [hair]
    assert focus("what data does the phone avatar paper use?", crowd) == [hair]
    twin = replace(hair, id=PaperId("arxiv:2509.00009"))
    assert focus("what data does the avatar paper use?", [*crowd, twin]) == [*crowd, twin]
    assert focus("what does the splatting paper use?", [*crowd, replace(hair, abstract="splatting")]) == [
        crowd[0],
        crowd[-1],
    ]


class Broken:
    """A model that does not answer."""

    name = "broken"

    async def answer(self, question: Question, *, words: Words | None = None) -> Answer:
        raise ModelDown("away")


class Whole:
    """Has the whole text of one paper."""

    async def full_text(self, paper: Paper) -> FullText:
        return full_text() if paper == PAPER else abstract_only(paper)


class Shelf:
    """Has of every paper the abstract alone."""

    async def full_text(self, paper: Paper) -> FullText:
        return abstract_only(paper)


async def asked(
    papers: Sequence[Paper],
    question: str = "Which of these count bees?",
    *,
    shelf: Texts | None = None,
    model: Answerer | None = None,
) -> Answer:
    database = await connect("sqlite:///:memory:")
    reader = Reader(
        texts=shelf or Shelf(),
        readings=Readings(database),
        embedded=EmbeddedSummarizer(),
        model=None,
        clock=SetClock(),
    )
    desk = Desk(reader=reader, retrieve=retrieve, embedded=EmbeddedAnswerer(), model=model)
    found = await desk.ask(papers, question)
    await database.close()
    return found


async def test_that_only_abstracts_were_read_is_said_for_more_than_three_papers() -> None:
    crowd = [Paper(PaperId(f"arxiv:2509.1000{n}"), f"Bees {n}", PAPER.abstract) for n in range(4)]
    assert "Of these 4 papers only the abstracts were read" in (await asked(crowd)).note
    few = await asked(crowd[:3])
    assert (few.outcome, few.note) == (
        Outcome.ANSWERED,
        "Of these papers only the abstracts were read.",
    )
    broken = await asked(crowd, model=Broken())
    assert broken.note.startswith("The model cannot be reached just now")
    assert "only the abstracts were read" in broken.note


async def test_that_an_answer_rests_on_the_abstract_alone_is_said_with_the_reason() -> None:
    assert (await asked([PAPER])).note == "No full text."


async def test_an_abstract_does_not_say_what_the_paper_may() -> None:
    other = replace(PAPER, id=PaperId("arxiv:2509.20001"), title="Hives")
    refused = "Which Kubernetes version hosts it?"
    short = await asked([PAPER], refused)
    assert (short.outcome, short.basis) == (Outcome.NOT_IN_PAPER, "abstract")
    assert "The abstract does not say." in str(answers.answer(short, [PAPER]))
    assert "These abstracts do not say." in str(
        answers.answer(await asked([PAPER, other], refused), [PAPER, other])
    )
    whole = await asked([PAPER], refused, shelf=Whole())
    assert "The paper does not say." in str(answers.answer(whole, [PAPER]))
    mixed = await asked([PAPER, other], refused, shelf=Whole())
    assert "These papers do not say." in str(answers.answer(mixed, [PAPER, other]))
    near = replace(short, outcome=Outcome.NEAR)
    assert "The abstract does not say it in these words." in str(answers.answer(near, [PAPER]))


def test_a_channel_of_another_language_is_told_that_nothing_is_translated() -> None:
    channels = [Channel(ChannelId(f"slack:{code}"), language=code) for code in ("en", "de", "en-GB")]
    (found,) = untranslated(channels)
    assert (found.name, found.ok) == ("channel slack:de", True)
    assert "summaries stay in English" in found.detail
