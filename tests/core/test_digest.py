from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot import digest
from bot.doc import Doc, paragraph
from bot.domain import Decision, Digest, FeedHealth, FeedState, Paper, PaperId, Pick, Summary, Topic
from bot.errors import StorageError
from bot.render import plain as as_text
from bot.views import digests
from tests.fakes.newsroom import ROOM, Words, channel, paper

SPLATS, VIDEO = Topic(("gaussian splatting",)), Topic(("video",))
DAY = date(2026, 4, 15)


def made(*rows: tuple[int, Topic, float]) -> digest.Made:
    """Decisions: number of the paper, topic, score."""
    topics = dict.fromkeys(topic for _, topic, _ in rows)
    return [
        (
            topic,
            [Decision(paper(n).id, str(topic), s, 0.5, s >= 0.5, "why") for n, t, s in rows if t is topic],
        )
        for topic in topics
    ]


def picked(found: digest.Made, limit: int) -> list[str]:
    best = digest.best_by_paper(found)
    papers = [paper(n) for n in range(10)]
    return [f"{p.rank}:{int(p.paper_id[-2:])}:{p.topic}" for p in digest.pick(best, papers, limit)]


def test_papers_come_best_first_up_to_the_limit() -> None:
    found = made((1, SPLATS, 0.6), (2, SPLATS, 0.9), (3, SPLATS, 0.7), (4, SPLATS, 0.4))
    assert picked(found, 2) == ["1:2:gaussian splatting", "2:3:gaussian splatting"]
    assert len(picked(found, 9)) == 3


def test_every_topic_is_represented_before_one_gets_a_second() -> None:
    found = made((1, SPLATS, 0.9), (2, SPLATS, 0.8), (3, SPLATS, 0.7), (4, VIDEO, 0.6))
    assert picked(found, 2) == ["1:1:gaussian splatting", "2:4:video"]
    assert picked(found, 3) == ["1:1:gaussian splatting", "2:2:gaussian splatting", "3:4:video"]
    assert picked(found, 1) == ["1:1:gaussian splatting"]


def test_a_paper_of_two_topics_is_told_under_the_better_one() -> None:
    assert picked(made((1, SPLATS, 0.6), (1, VIDEO, 0.8)), 5) == ["1:1:video"]


def test_ties_are_broken_by_date_and_id_so_that_the_order_is_always_the_same() -> None:
    papers = [paper(1), replace(paper(2), published=date(2026, 4, 14)), paper(3)]
    best = digest.best_by_paper(made((3, SPLATS, 0.8), (2, SPLATS, 0.8), (1, SPLATS, 0.8)))
    assert [int(p.paper_id[-1]) for p in digest.pick(best, papers, 5)] == [2, 1, 3]


async def test_words_ruled_out_for_the_channel_count_for_every_topic() -> None:
    room = channel(topics=(Topic(("splatting",), ("video",)), VIDEO), not_=("survey", "video"))
    assert [topic.excluded for topic in digest.wanted(room)] == [("video", "survey"), ("survey", "video")]


async def test_papers_that_cannot_be_taken_are_left_out_alone() -> None:
    matcher = Words()
    matcher.chokes_on = {paper(3).id, paper(5).id}
    [(_, decisions)] = await digest.decide(channel(), [paper(n) for n in range(9)], matcher)
    assert [int(d.paper_id[-1]) for d in decisions] == [0, 1, 2, 4, 6, 7, 8]


async def test_a_broken_database_is_not_taken_for_odd_papers() -> None:
    class Broken:
        async def decide(self, topic: Topic, papers: Sequence[Paper]) -> list[Decision]:
            raise StorageError("cut")

    with pytest.raises(StorageError):
        await digest.decide(channel(), [paper(1), paper(2)], Broken())


def health(source: str, state: FeedState) -> FeedHealth:
    since = datetime(2026, 4, 14, tzinfo=UTC)
    return FeedHealth(source, state, "", since, None, since)


def test_broken_sources_are_told_in_a_sentence_each() -> None:
    rows = [health("arxiv", "ok"), health("arxiv/cs.AI", "stale"), health("biorxiv", "failed")]
    assert digest.feed_notes(rows) == [
        "arXiv cs.AI has announced nothing new since Tuesday, 14 April.",
        "bioRxiv could not be read since Tuesday, 14 April; papers may be missing.",
    ]


def test_a_source_that_is_down_is_told_once_and_not_for_each_part() -> None:
    rows = [health("arxiv", "failed"), health("arxiv/cs.AI", "failed"), health("arxiv/cs.CV", "stale")]
    assert len(digest.feed_notes(rows)) == 1


# --- messages -------------------------------------------------------------------------------------


def of(*numbers: int) -> tuple[Digest, dict[PaperId, Paper], dict[PaperId, Summary]]:
    papers = {paper(n).id: paper(n) for n in numbers}
    picks = tuple(Pick(i, rank, 0.9, "splats", "why") for rank, i in enumerate(papers, 1))
    summaries = {i: Summary(i, "The gist.", (), "embedded", "abstract") for i in papers}
    return Digest(ROOM, DAY, picks, 312), papers, summaries


def test_a_message_has_the_same_key_for_every_try_and_fits_discords_nonce() -> None:
    keys = {digest.key(ROOM, day, seq) for day in (DAY, date(2026, 4, 16)) for seq in range(50)}
    assert len(keys) == 100
    assert all(len(key) <= 25 for key in keys)


def test_one_message_at_top_level_and_one_a_paper_below() -> None:
    top, *below = digest.parcels(*of(1, 2), digests)
    assert (top.seq, top.parent, top.papers, top.tags) == (
        0,
        None,
        tuple(paper(n).id for n in (1, 2)),
        ("splats",),
    )
    assert [(p.seq, p.parent, p.papers, p.title) for p in below] == [
        (1, 0, (paper(1).id,), paper(1).title),
        (2, 0, (paper(2).id,), paper(2).title),
    ]
    assert "Papers for Wednesday, 15 April 2026" in top.alt


def test_the_line_of_a_paper_shows_its_gist() -> None:
    top, *_ = digest.parcels(*of(1, 2), digests)
    words = as_text.render(top.doc)
    assert words.count("splats: why · The gist.") == 2


def test_gists_that_would_not_fit_one_post_stand_in_the_thread_alone() -> None:
    frozen, papers, summaries = of(*range(1, 15))
    long = {i: replace(summary, gist="A long gist. " * 20) for i, summary in summaries.items()}
    top, *below = digest.parcels(frozen, papers, long, digests)
    assert "A long gist" not in as_text.render(top.doc)
    assert as_text.render(top.doc).count("splats: why") == 14
    assert all("A long gist" in as_text.render(one.doc) for one in below)


def test_a_paper_that_has_gone_is_left_out() -> None:
    frozen, papers, summaries = of(1, 2)
    del papers[paper(1).id]
    assert [p.title for p in digest.parcels(frozen, papers, summaries, digests)[1:]] == [paper(2).title]


def test_a_card_that_cannot_be_drawn_becomes_a_plain_line() -> None:
    class Clumsy:
        def parent(
            self, digest: Digest, papers: Mapping[PaperId, Paper], summaries: Mapping[PaperId, Summary]
        ) -> Doc:
            return (paragraph("parent"),)

        def paper_post(self, paper: Paper, summary: Summary, pick: Pick) -> Doc:
            if paper.id.endswith("1"):
                raise KeyError("odd")
            return (paragraph("card"),)

        def quiet_day(self, digest: Digest, papers: Mapping[PaperId, Paper]) -> Doc:
            return (paragraph("quiet"),)

    _, odd, fine = digest.parcels(*of(1, 2), Clumsy())
    assert as_text.render(odd.doc).startswith(f"{paper(1).title} <{paper(1).url}>")
    assert fine.doc == (paragraph("card"),)
