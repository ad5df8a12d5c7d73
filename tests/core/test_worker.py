from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.byhand import ByHand
from bot.domain import ChannelId, Counts, Harvest, PaperId, Topic
from bot.errors import ChannelGone, NotFound, NotSent, RateLimited, Rejected, Uncertain, UsageError
from storage.engine import connect
from tests.fakes.newsroom import MORNING, ROOM, Newsroom, channel, paper

TODAY = date(2026, 4, 15)
STRANGE = (Topic(("dark matter",)),)


@pytest.fixture
async def room() -> AsyncIterator[Newsroom]:
    database = await connect("sqlite:///:memory:")
    newsroom = Newsroom(database)
    await newsroom.channels.save(channel())
    await newsroom.announce(*(paper(n) for n in range(1, 4)), paper(9, "Protein folding"))
    yield newsroom
    await database.close()


async def state(room: Newsroom, day: date = TODAY) -> str:
    run = await room.runs.get(ROOM, day)
    return run.state if run else "none"


async def test_a_digest_is_one_post_with_a_reply_a_paper(room: Newsroom) -> None:
    await room.work(room.worker())
    (parent_id, parent), *replies = room.platform.posts
    assert parent.parent is None
    assert [post.parent for _, post in replies] == [parent_id] * 3
    assert parent.title == "Papers for Wednesday, 15 April 2026"
    assert [post.title for _, post in replies] == [f"Gaussian splatting {n}" for n in (1, 2, 3)]
    assert len(set(room.platform.keys)) == 4
    assert await state(room) == "delivered"
    assert room.fetched == 1


async def test_nothing_is_posted_before_its_time(room: Newsroom) -> None:
    room.clock.forward(seconds=-1)
    worker = room.worker()
    assert await worker.step() == 1.0
    await worker.idle()
    assert room.platform.posts == []
    room.clock.forward(seconds=1)
    await room.work(worker)
    assert len(room.platform.posts) == 4


async def test_a_second_round_a_second_worker_and_a_hand_post_nothing_more(room: Newsroom) -> None:
    worker = room.worker()
    await room.work(worker)
    await room.work(worker)
    await room.work(room.worker())
    told = await room.worker().deliver(ROOM)
    assert (told.state, told.before, told.posts) == ("delivered", True, 0)
    assert len(room.platform.posts) == 4


async def test_by_hand_and_then_on_schedule(room: Newsroom) -> None:
    room.clock.forward(hours=-2)
    told = await room.worker().deliver(ROOM)
    assert (told.state, told.posts, len(told.papers)) == ("delivered", 4, 3)
    room.clock.forward(hours=3)
    await room.work(room.worker())
    assert len(room.platform.posts) == 4


async def test_threads_are_opened_for_questions(room: Newsroom) -> None:
    await room.work(room.worker())
    threads = [await room.threads.get(ROOM, root) for root in ("m1", "m2", "m3", "m4")]
    kinds = [(thread.kind, len(thread.papers)) for thread in threads if thread]
    assert kinds == [("digest", 3), ("paper", 1), ("paper", 1), ("paper", 1)]


async def test_a_paper_is_never_shown_twice(room: Newsroom) -> None:
    await room.work(room.worker())
    room.clock.forward(days=1)
    await room.announce(paper(1), paper(2), paper(7), at=room.clock.now() - timedelta(hours=1))
    await room.work(room.worker())
    assert [post.title for _, post in room.platform.posts[5:]] == ["Gaussian splatting 7"]


async def test_withdrawn_papers_are_no_news(room: Newsroom) -> None:
    await room.announce(paper(1, withdrawn=True), paper(2, retracted=True))
    await room.work(room.worker())
    assert [post.title for _, post in room.platform.posts[1:]] == ["Gaussian splatting 3"]


async def test_a_quiet_day_is_said_once_in_one_line(room: Newsroom) -> None:
    await room.channels.save(channel(topics=STRANGE))
    worker = room.worker()
    await room.work(worker)
    await room.work(worker)
    assert len(room.platform.posts) == 1
    assert await state(room) == "quiet"


async def test_a_quiet_day_may_be_silent(room: Newsroom) -> None:
    await room.channels.save(channel(quiet="silent", topics=STRANGE))
    await room.work(room.worker())
    assert room.platform.posts == []
    assert await state(room) == "quiet"


async def test_one_bad_paper_does_not_cost_the_others_their_digest(room: Newsroom) -> None:
    room.words.chokes_on = {PaperId("arxiv:2604.00002")}
    await room.work(room.worker())
    assert [post.title for _, post in room.platform.posts[1:]] == [f"Gaussian splatting {n}" for n in (1, 3)]


async def test_one_bad_channel_does_not_stop_the_others(room: Newsroom) -> None:
    other = ChannelId("fake:other")
    await room.channels.save(channel(id=other))
    room.platform.before.extend([lambda p: RuntimeError("boom") if p.channel == ROOM else None] * 5)
    await room.work(room.worker())
    assert [post.channel for _, post in room.platform.posts] == [other] * 4


# --- trouble on the way ---------------------------------------------------------------------------


async def test_a_lost_answer_is_looked_up_and_not_repeated(room: Newsroom) -> None:
    room.platform.fails(Uncertain("lost"), recorded=True)
    worker = room.worker()
    await room.work(worker)
    assert (len(room.platform.posts), await state(room)) == (1, "posting")
    room.clock.forward(seconds=59)
    await room.work(worker)
    assert room.platform.searched == []  # it may still be travelling
    room.clock.forward(seconds=2)
    await room.work(worker)
    assert len(room.platform.searched) == 1
    assert (len(room.platform.posts), await state(room)) == (4, "delivered")
    assert room.platform.posts[1][1].parent == "m1"


async def test_a_lost_request_is_sent_again_after_looking(room: Newsroom) -> None:
    room.platform.fails(Uncertain("lost"))
    worker = room.worker()
    await room.work(worker)
    room.clock.forward(seconds=61)
    await room.work(worker)
    assert (len(room.platform.posts), await state(room)) == (4, "delivered")


async def test_what_was_surely_not_sent_is_sent_soon(room: Newsroom) -> None:
    room.platform.fails(NotSent("down"))
    worker = room.worker()
    await room.work(worker)
    run = await room.runs.get(ROOM, TODAY)
    assert run is not None
    assert (run.state, run.attempts, run.error) == ("posting", 1, "down")
    room.clock.forward(seconds=20)
    await room.work(worker)
    assert (len(room.platform.posts), await state(room)) == (4, "delivered")


async def test_patience_is_kept_when_asked_for(room: Newsroom) -> None:
    room.platform.fails(RateLimited("slow down", retry_after=17))
    await room.work(room.worker())
    assert 17 in [round(seconds) for seconds in room.clock.slept]
    assert (len(room.platform.posts), await state(room)) == (4, "delivered")


async def test_a_refused_reply_is_dead_and_the_rest_is_delivered(room: Newsroom) -> None:
    room.platform.before.extend([lambda _: None, lambda _: Rejected("too long")])
    await room.work(room.worker())
    assert (len(room.platform.posts), await state(room)) == (3, "delivered")
    (dead,) = await room.outbox.dead()
    assert (dead.seq, dead.error) == (1, "too long")


async def test_a_refused_parent_fails_the_digest_and_its_papers_come_tomorrow(room: Newsroom) -> None:
    room.platform.fails(Rejected("no"))
    worker = room.worker()
    await room.work(worker)
    assert (len(room.platform.posts), await state(room)) == (0, "failed")
    assert [run.channel for run in await room.runs.troubled()] == [ROOM]
    room.clock.forward(days=1)
    await room.work(worker)
    assert (len(room.platform.posts), await state(room, TODAY + timedelta(days=1))) == (4, "delivered")


async def test_a_failed_digest_can_be_tried_again_by_hand(room: Newsroom) -> None:
    room.platform.fails(Rejected("no permission"))
    await room.work(room.worker())
    told = await room.worker().deliver(ROOM)
    assert (told.state, told.posts) == ("delivered", 4)


async def test_a_channel_that_is_gone_is_paused_with_the_reason(room: Newsroom) -> None:
    room.platform.fails(ChannelGone("The channel was archived."))
    worker = room.worker()
    await room.work(worker)
    stands = await room.channels.get(ROOM)
    assert stands is not None
    assert stands.paused == "the platform says: The channel was archived."
    assert await state(room) == "failed"
    room.clock.forward(days=1)
    await room.work(worker)
    assert room.platform.posts == []


async def test_a_channel_that_is_back_gets_its_digest_by_hand_at_once(room: Newsroom) -> None:
    room.platform.before.extend([lambda _: None, lambda _: ChannelGone("The channel was archived.")])
    worker = room.worker()
    await room.work(worker)
    (dead, *_) = await room.outbox.dead()
    assert (dead.seq, dead.state) == (1, "dead")
    told = await worker.deliver(ROOM)
    assert (told.state, told.posts) == ("delivered", 3)
    assert max(room.clock.slept) < 2  # nothing had landed, so that nothing need be waited for
    assert len(set(room.platform.keys)) == len(room.platform.posts) == 4


async def test_a_digest_by_hand_says_that_posts_of_it_were_refused(room: Newsroom) -> None:
    desk = ByHand(worker=room.worker(), runs=room.runs, outbox=room.outbox, channels=room.channels)
    room.platform.before.extend([lambda _: None, lambda _: Rejected("too long")])
    assert (
        await desk.now(ROOM)
        == "The digest of Wednesday, 15 April 2026 is out: 3 papers. A post was refused; "
        "status tells why."
    )


async def test_status_says_what_to_do_about_what_was_not_delivered(room: Newsroom) -> None:
    worker = room.worker()
    desk = ByHand(worker=worker, runs=room.runs, outbox=room.outbox, channels=room.channels)
    room.platform.before.extend([lambda _: None, lambda _: Rejected("too long")])
    await room.work(worker)
    told = await desk.report(ROOM)
    assert told[0] == "last on Wednesday, 15 April 2026: only 3 of its 4 posts got through"
    (line,) = [line for line in told if "refused" in line]
    assert (
        line == "Wednesday, 15 April 2026: a post was refused: too long. "
        'See what it was about by "show arxiv:2604.00001".'
    )
    room.clock.forward(days=1)
    await room.announce(paper(9), at=room.clock.now() - timedelta(hours=2))
    room.platform.fails(Rejected("No."))
    await room.work(worker)
    lines = [line for line in await desk.report(ROOM) if "16 April" in line and "not delivered" in line]
    assert lines == [
        'Thursday, 16 April 2026: not delivered: No. When that is mended, "digest now" brings it '
        "on the same day; else its papers come next time."
    ]
    room.clock.forward(days=1)
    room.platform.fails(ChannelGone("The channel was archived."))
    await room.work(worker)
    (line, *_) = [line for line in await desk.report(ROOM) if "17 April" in line]
    assert line.endswith(
        'The channel was archived. When that is mended, use "digest resume" and "digest now".'
    )


async def test_after_many_failures_it_is_given_up_and_shown(room: Newsroom) -> None:
    room.platform.fails(NotSent("down"), times=99)
    worker = room.worker()
    for _ in range(room.limits.tries):
        await room.work(worker)
        room.clock.forward(minutes=31)
    assert await state(room) == "failed"
    (run,) = await room.runs.troubled()
    assert run.error == "down"


# --- days ------------------------------------------------------------------------------------------


async def test_after_days_of_standstill_there_is_one_digest_with_everything(room: Newsroom) -> None:
    await room.work(room.worker())
    for days in (1, 2):
        await room.announce(paper(10 + days), at=MORNING + timedelta(days=days, hours=-8))
    room.clock.forward(days=2, hours=1)
    await room.work(room.worker())
    titles = {post.title for _, post in room.platform.posts[5:]}
    assert titles == {"Gaussian splatting 11", "Gaussian splatting 12"}
    assert await state(room, TODAY + timedelta(days=1)) == "none"


async def test_a_digest_that_never_began_gives_way_to_the_next(room: Newsroom) -> None:
    room.platform.fails(NotSent("down"), times=1)
    room.platform.before[0] = lambda _: NotSent("down")
    await room.work(room.worker())
    assert await state(room) == "posting"
    room.clock.forward(days=1)
    await room.work(room.worker())
    assert await state(room, TODAY + timedelta(days=1)) in ("delivered", "quiet")


async def test_a_broken_source_delays_a_digest_without_papers(room: Newsroom) -> None:
    await room.channels.save(channel(topics=STRANGE))
    await room.feeds.remember(Harvest("arxiv", state="failed", detail="503"), Counts(), now=MORNING)
    worker = room.worker()
    await room.work(worker)
    assert (room.platform.posts, await state(room)) == ([], "collecting")
    room.clock.forward(minutes=61)
    await room.work(worker)
    assert (len(room.platform.posts), await state(room)) == (1, "quiet")


async def test_a_day_in_the_past_by_hand(room: Newsroom) -> None:
    room.clock.forward(days=30)
    told = await room.worker().deliver(ROOM, TODAY)
    assert (told.state, told.posts, told.day) == ("delivered", 4, TODAY)
    assert room.fetched == 0


async def test_a_day_from_before_all_news_is_left_out_and_says_so(room: Newsroom) -> None:
    told = await room.worker().deliver(ROOM, date(1999, 1, 1))
    assert (told.state, told.detail) == (
        "skipped",
        f"The library has no news from before {await room.papers.news_begin()}.",
    )
    assert (room.platform.posts, await room.runs.get(ROOM, date(1999, 1, 1))) == ([], None)
    assert (await room.worker().deliver(ROOM, TODAY)).state == "delivered"


async def test_a_day_between_two_digests_is_left_out_since_its_papers_were_in_the_second(
    room: Newsroom,
) -> None:
    await room.worker().deliver(ROOM, TODAY)
    room.clock.forward(days=3)
    await room.worker().deliver(ROOM)
    posts = len(room.platform.posts)
    told = await room.worker().deliver(ROOM, TODAY + timedelta(days=1))
    last = TODAY + timedelta(days=3)
    assert (told.state, told.detail) == (
        "skipped",
        f"Its papers were in the next one; the last was that of {last}.",
    )
    assert len(room.platform.posts) == posts
    assert (await room.worker().deliver(ROOM, TODAY)).before


async def test_impossible_wishes_are_refused(room: Newsroom) -> None:
    worker = room.worker()
    with pytest.raises(UsageError, match="yet to come"):
        await worker.deliver(ROOM, TODAY + timedelta(days=1))
    with pytest.raises(NotFound):
        await worker.deliver(ChannelId("fake:nowhere"))
    await room.channels.save(channel(id=ChannelId("slack:C1")))
    with pytest.raises(UsageError, match="not configured"):
        await worker.deliver(ChannelId("slack:C1"))
    await room.channels.save(replace(channel(), topics=()))
    assert (await worker.deliver(ROOM)).state == "skipped"


async def test_a_preview_stores_and_posts_nothing(room: Newsroom) -> None:
    preview = await room.worker().preview(ROOM)
    assert len(preview.docs) == 4
    assert (room.platform.posts, await state(room)) == ([], "none")
    assert await room.decisions.of(PaperId("arxiv:2604.00001")) == []
