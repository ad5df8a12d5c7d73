"""Version watch: what changed for a reader, whom it is told, once, in which thread."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import (
    Channel,
    ChannelId,
    Edition,
    Paper,
    PaperId,
    Post,
    Sighting,
    Thread,
    ThreadKind,
    Turn,
    UserId,
)
from bot.notes import NoteCourier
from bot.render import plain
from bot.revisit import BACK
from bot.views import notes as views
from bot.watch import Difference, VersionWatch, difference
from storage.notes import Changes, Notes
from tests.fakes.newsroom import MORNING, ROOM, Newsroom, channel, paper

ABSTRACT = (
    "Splats are fast. On nine rooms we reach an accuracy of 84.2% with 12 views. Mirrors remain hard. "
    "We release the code."
)


def edition(abstract: str, title: str = "Splats", version: int = 1) -> Edition:
    return Edition(PaperId("arxiv:1"), version, title, abstract)


def test_a_number_that_took_another_s_place_is_told_with_its_words() -> None:
    found = difference(edition(ABSTRACT), edition(ABSTRACT.replace("84.2%", "86.1%")))
    assert found == Difference(numbers=(("an accuracy of", "84.2%", "86.1%"),), rewritten=1, sentences=4)


def test_numbers_that_came_and_went_are_told() -> None:
    later = ABSTRACT.replace(" with 12 views", "").replace("the code.", "the code and 3 scenes.")
    found = difference(edition(ABSTRACT), edition(later))
    assert (found.gone, found.added, found.rewritten) == (("12",), ("3",), 2)


def test_a_sentence_left_out_is_a_change_and_spacing_is_none() -> None:
    assert difference(edition(ABSTRACT), edition(ABSTRACT.replace(" Mirrors remain hard.", "")))
    assert not difference(edition(ABSTRACT), edition("  " + ABSTRACT.replace(" ", "\n").upper()))
    assert difference(edition(ABSTRACT), edition(ABSTRACT, "Fast splats")).title == "Splats"
    assert not difference(edition(""), edition(ABSTRACT)), "an abstract that was not known is no change"


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_two_texts_can_be_compared(one: str, other: str) -> None:
    assert not difference(edition(one, one), edition(one, one))
    difference(edition(one, one), edition(other, other))


class Reading(Newsroom):
    """A newsroom whose readers are told what becomes of papers."""

    def prepare(self) -> None:
        self.notes = Notes(self.database)
        self.changes = Changes(self.database)
        self.watch = VersionWatch(
            changes=self.changes,
            papers=self.papers,
            channels=self.channels,
            notes=self.notes,
            view=views.versions,
            direct=["fake"],
            clock=self.clock,
        )
        self.courier = NoteCourier(
            notes=self.notes,
            channels=self.channels,
            posters={"fake": self.platform},
            clock=self.clock,
            ticks=self.clock.ticks,
        )

    async def brought(self, *papers: Paper) -> str:
        """A digest of these papers; the remote id of its post at top level."""
        await self.channels.save(channel())
        await self.announce(*papers)
        await self.work(self.worker())
        self.papers_posted = len(self.platform.posts)
        return self.platform.posts[0][0]

    async def becomes(self, one: Paper, *, kind: str = "replace", days: float = 1) -> None:
        self.clock.forward(days=days)
        await self.papers.add([Sighting(one, kind)], now=self.clock.now())  # type: ignore[arg-type]

    async def told(self) -> list[tuple[str | None, str]]:
        """What a daily look brings: the threads and the words."""
        before = len(self.platform.posts)
        await self.watch.look()
        await self.courier.deliver()
        return [
            (post.parent, " ".join(plain.render(post.doc).split()))
            for _, post in self.platform.posts[before:]
        ]


@pytest.fixture
async def room(database: object) -> Reading:
    made = Reading(database)  # type: ignore[arg-type]
    made.prepare()
    return made


ONE = replace(paper(1), abstract=ABSTRACT)


async def test_a_changed_paper_is_told_once_in_the_digest_s_thread(room: Reading) -> None:
    root = await room.brought(ONE)
    assert await room.told() == []
    await room.becomes(replace(ONE, version=2, abstract=ABSTRACT.replace("84.2%", "86.1%")))
    ((parent, words),) = await room.told()
    assert parent == root
    assert "Version 2" in words
    assert "“an accuracy of 84.2%” is now 86.1%." in words
    assert "https://arxiv.org/abs/2604.00001" in words
    assert await room.told() == []
    room.clock.forward(days=20)
    assert await room.told() == []


async def test_a_new_version_that_reads_the_same_is_no_note(room: Reading) -> None:
    await room.brought(ONE)
    await room.becomes(replace(ONE, version=2, comment="typos", authors=("Ada L.", "Bo")))
    await room.becomes(replace(ONE, version=3, abstract=ABSTRACT.replace(" ", "  ")))
    assert await room.told() == []


async def test_changes_within_a_week_wait_and_come_together(room: Reading) -> None:
    two, three = replace(paper(2), abstract=ABSTRACT), replace(paper(3), abstract=ABSTRACT)
    root = await room.brought(ONE, two, three)
    await room.becomes(replace(ONE, version=2, title="Another title"))
    ((_, words),) = await room.told()
    assert "The title was “Gaussian splatting 1”." in words
    await room.becomes(replace(two, version=2, withdrawn=True, comment="A mistake in (3)"))
    assert await room.told() == []
    await room.becomes(replace(three, journal="Nature", doi="10.1038/x1"), kind="known", days=3)
    assert await room.told() == []
    room.clock.forward(days=3.1)
    ((parent, words),) = await room.told()
    assert parent == root
    assert "Withdrawn by its authors" in words
    assert "A mistake in (3)" in words
    assert "It appeared in Nature (doi:10.1038/x1" in words
    assert "Another title" not in words


async def test_a_retraction_is_told(room: Reading) -> None:
    await room.brought(ONE)
    await room.becomes(replace(ONE, retracted=True), kind="known")
    ((_, words),) = await room.told()
    assert words.startswith("Retracted")


async def test_what_was_changed_before_it_was_shown_is_not_told(room: Reading) -> None:
    await room.announce(ONE)
    earlier = MORNING - timedelta(hours=2)
    await room.papers.add(
        [Sighting(replace(ONE, version=2, title="Gaussian splatting II"), "replace")], now=earlier
    )
    await room.channels.save(channel())
    await room.work(room.worker())
    room.clock.forward(days=1)
    assert await room.told() == []


async def test_it_can_be_switched_off_and_a_paused_channel_is_left_alone(room: Reading) -> None:
    await room.brought(ONE)
    await room.becomes(replace(ONE, version=2, title="Another title"))
    await room.channels.save(channel(watch=False))
    assert await room.told() == []
    await room.channels.save(channel(paused="by Ada"))
    assert await room.told() == []
    await room.channels.save(channel())
    assert len(await room.told()) == 1


async def test_a_discussion_of_the_paper_is_where_it_is_told(room: Reading) -> None:
    await room.brought(ONE)
    room.clock.forward(days=1)
    _, card = room.platform.posts[1]
    remote = await room.platform.post(replace(card, parent=None, key="answer"))
    await room.threads.open(Thread(ROOM, remote, (ONE.id,)), now=room.clock.now())
    await room.becomes(replace(ONE, version=2, title="Another title"))
    assert [parent for parent, _ in await room.told()] == [remote]


async def test_who_saved_a_paper_that_no_thread_is_about_is_told_directly(room: Reading) -> None:
    await room.announce(ONE)
    await room.channels.keep(UserId("fake:ada"), ROOM, ONE.id, MORNING)
    await room.channels.keep(UserId("elsewhere:bo"), ROOM, ONE.id, MORNING)
    await room.becomes(replace(ONE, version=2, title="Another title"))
    assert len(await room.told()) == 1
    (_, post) = room.platform.posts[-1]
    assert (post.channel, post.parent, post.direct) == (ChannelId("fake:ada"), None, True)


async def test_two_looks_at_once_write_one_note(room: Reading) -> None:
    await room.brought(ONE)
    await room.becomes(replace(ONE, version=2, title="Another title"))
    assert await room.watch.look() == 1
    (note,) = await room.notes.waiting()
    assert not await room.notes.add(note)
    assert not await room.notes.add(replace(note, key="another", changes=(99,)), apart=timedelta(days=7))
    assert len(await room.told()) == 1


async def asked_in(room: Reading, root: str, kind: ThreadKind, *papers: Paper, question: str = "") -> None:
    """A thread about several papers, and perhaps a question in it."""
    ids = tuple(one.id for one in papers)
    await room.threads.open(Thread(ROOM, root, ids, kind=kind), now=room.clock.now())
    if question:
        await room.threads.say(ROOM, root, Turn("person", question, user="fake:ada"), now=room.clock.now())


async def listed(room: Reading) -> tuple[str, Paper]:
    """A message in the channel and a second paper; nothing was brought by a digest."""
    two = replace(paper(2), abstract=ABSTRACT)
    await room.announce(ONE, two)
    remote = await room.platform.post(Post(ROOM, (), "list"))
    return remote, two


async def test_a_list_that_nobody_opened_is_no_discussion(room: Reading) -> None:
    root, two = await listed(room)
    await asked_in(room, root, "list", ONE, two)
    await room.becomes(replace(ONE, version=2, title="Another title"))
    assert await room.told() == []


@pytest.mark.parametrize(("kind", "question"), [("list", "Which data?"), ("answer", ""), ("file", "")])
async def test_a_list_asked_about_and_a_comparison_are(
    room: Reading, kind: ThreadKind, question: str
) -> None:
    root, two = await listed(room)
    await asked_in(room, root, kind, ONE, two, question=question)
    await room.becomes(replace(two, version=2, title="Another title"))
    assert [parent for parent, _ in await room.told()] == [root]


async def test_who_wants_no_notes_gets_none_and_the_note_says_how(room: Reading) -> None:
    await room.announce(ONE)
    await room.channels.keep(UserId("fake:ada"), ROOM, ONE.id, MORNING)
    home = Channel(ChannelId("fake:home"), person="fake:ada", watch=False)
    await room.channels.save(home)
    await room.becomes(replace(ONE, version=2, title="Another title"))
    assert await room.told() == []
    await room.channels.save(replace(home, watch=True))
    ((_, words),) = await room.told()
    assert words.endswith("[No such notes here] /paper settings watch:no")


async def test_what_is_watched_is_known(room: Reading) -> None:
    await room.brought(ONE)
    two, three, four = (paper(number) for number in (2, 3, 4))
    await room.announce(two, three, four)
    await asked_in(room, "r1", "list", two, three)
    await asked_in(room, "r2", "paper", four)
    long_ago = MORNING - timedelta(days=400)
    await room.channels.keep(UserId("fake:ada"), ROOM, three.id, long_ago)
    assert set(await room.changes.watched(MORNING - BACK)) == {ONE.id, three.id, four.id}
    assert set(await room.changes.watched(MORNING + timedelta(days=200))) == {three.id}
