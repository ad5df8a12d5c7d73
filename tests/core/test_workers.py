"""Several workers on one ledger, and one worker in trouble; on both engines."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain import WEEKDAYS, ChannelId, Parcel, Post, Run
from bot.errors import RateLimited, StorageError, Uncertain
from bot.limits import backoff, elapsed
from storage.engine import Database, connect
from storage.outbox import Outbox
from storage.runs import Runs
from tests.fakes.newsroom import MORNING, ROOM, FakePlatform, Newsroom, channel, paper

TODAY = date(2026, 4, 15)


@pytest.fixture
async def small() -> AsyncIterator[Newsroom]:
    """On SQLite alone, for what no engine changes."""
    database = await connect("sqlite:///:memory:")
    yield await stocked(database)
    await database.close()


@pytest.fixture
async def room(database: Database) -> Newsroom:
    return await stocked(database)


async def stocked(database: Database) -> Newsroom:
    newsroom = Newsroom(database)
    await newsroom.channels.save(channel())
    await newsroom.announce(*(paper(n) for n in range(1, 4)))
    return newsroom


async def state(room: Newsroom, name: ChannelId = ROOM, day: date = TODAY) -> str:
    run = await room.runs.get(name, day)
    return run.state if run else "none"


async def delivered(room: Newsroom) -> None:
    while await state(room) != "delivered":
        await room.clock.sleep(0)


# --- several workers ------------------------------------------------------------------------------


async def test_workers_share_the_channels_and_post_everything_once(room: Newsroom) -> None:
    names = [ChannelId(f"fake:{n:02}") for n in range(12)]
    for name in names:
        await room.channels.save(channel(id=name))
    workers = [room.worker(f"w{n}") for n in range(4)]
    await asyncio.gather(*(room.work(worker) for worker in workers))
    assert len(room.platform.keys) == len(set(room.platform.keys)) == 13 * 4
    assert {await state(room, name) for name in names} == {"delivered"}
    assert room.fetched == 1


async def test_the_work_of_one_that_is_gone_for_good_is_taken_over_within_its_lease(room: Newsroom) -> None:
    await room.runs.plan([Run(ROOM, TODAY, MORNING)])
    (gone,) = await room.runs.claim("gone", platforms=("fake",), lease=timedelta(seconds=60), limit=1)
    await room.runs.advance(gone, "collecting")
    worker = room.worker()
    await room.work(worker)
    assert room.platform.posts == []
    room.clock.forward(seconds=61)
    await room.work(worker)
    assert (len(room.platform.posts), await state(room)) == (4, "delivered")


async def test_one_that_stood_still_before_a_message_does_not_send_it(room: Newsroom) -> None:
    """It was frozen between the stored intention and the request, for longer than half its lease."""

    class Frozen(Outbox):
        async def intend(self, run: Run, seq: int, *, lease: timedelta) -> None:
            await super().intend(run, seq, lease=lease)
            room.clock.forward(seconds=31)

    frozen = room.worker("frozen", outbox=Frozen(room.database, now=room.clock.now))
    await room.work(frozen)
    assert room.platform.posts == []
    room.clock.forward(seconds=61)
    await room.work(room.worker("other"))
    assert len(room.platform.posts) == 4
    await room.work(frozen)
    assert len(room.platform.posts) == 4


async def test_one_that_stood_still_in_a_message_stores_nothing_any_more(room: Newsroom) -> None:
    """It wakes up when another has finished its digest: its late answer changes nothing."""
    other = room.worker("other")

    class Slow(FakePlatform):
        async def post(self, post: Post) -> str:
            remote = await room.platform.post(post)
            if len(room.platform.posts) == 1:
                room.clock.forward(seconds=61)
                await room.work(other)
            return remote

    await room.work(room.worker("slow", posters={"fake": Slow()}))
    assert len(room.platform.keys) == len(set(room.platform.keys)) == 4
    assert await state(room) == "delivered"


async def test_a_heartbeat_lets_go_of_what_another_has_taken_over(room: Newsroom) -> None:
    reached, never = asyncio.Event(), asyncio.Event()

    async def stuck(*_: Any) -> Any:
        reached.set()
        await never.wait()

    worker = room.worker("stuck", read=stuck)
    await worker.step()
    await reached.wait()
    room.clock.forward(seconds=50)
    await worker.beat()
    room.clock.forward(seconds=50)
    other = room.worker("other")
    await room.work(other)
    assert room.platform.posts == []  # the heartbeat kept the lease
    room.clock.forward(seconds=61)
    await room.work(other)
    assert len(room.platform.posts) == 4
    await worker.beat()
    await worker.idle()
    assert await state(room) == "delivered"


# --- trouble --------------------------------------------------------------------------------------


async def test_a_cut_to_the_database_anywhere_costs_nothing(room: Newsroom) -> None:
    """The nth call of the ledger or the outbox fails, for every n, and then the cut is over."""
    await room.channels.save(channel(days=WEEKDAYS))
    day = TODAY
    for nth in range(1, 25):
        posts = len(room.platform.posts)
        cut = Cut(nth)
        worker = room.worker(runs=CutRuns(room, cut), outbox=CutOutbox(room, cut))
        with contextlib.suppress(StorageError):
            await room.work(worker)
        for _ in range(3):
            room.clock.forward(seconds=121)
            await room.work(room.worker())
        assert len(room.platform.posts) == posts + 4, f"after a cut at call {nth}"
        assert await state(room, day=day) == "delivered"
        if cut.left > 0:
            break
        room.clock.forward(days=1, seconds=-363)
        day += timedelta(days=1)
        await room.announce(
            *(paper(100 * nth + n) for n in range(3)), at=room.clock.now() - timedelta(hours=1)
        )
    else:
        raise AssertionError("the cut never came too late")
    assert nth > 12


class Cut:
    """Fails the ``left``-th call."""

    def __init__(self, left: int) -> None:
        self.left = left

    def call(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise StorageError("the database does not answer")


class CutRuns(Runs):
    def __init__(self, room: Newsroom, cut: Cut) -> None:
        super().__init__(room.database, now=room.clock.now)
        self._cut = cut

    async def claim(self, *args: Any, **more: Any) -> list[Run]:
        self._cut.call()
        return await super().claim(*args, **more)

    async def advance(self, *args: Any, **more: Any) -> Run:
        self._cut.call()
        return await super().advance(*args, **more)

    async def freeze(self, *args: Any) -> Run:
        self._cut.call()
        return await super().freeze(*args)


class CutOutbox(Outbox):
    def __init__(self, room: Newsroom, cut: Cut) -> None:
        super().__init__(room.database, now=room.clock.now)
        self._cut = cut

    async def fill(self, run: Run, parcels: Sequence[Parcel]) -> Run:
        self._cut.call()
        return await super().fill(run, parcels)

    async def intend(self, run: Run, seq: int, *, lease: timedelta) -> None:
        self._cut.call()
        await super().intend(run, seq, lease=lease)

    async def settle(self, run: Run, seq: int, remote_id: str) -> None:
        self._cut.call()
        await super().settle(run, seq, remote_id)


@pytest.mark.parametrize("waits", [0, 3, 13, 34, 55])
async def test_being_cancelled_anywhere_leaves_the_database_open_and_loses_nothing(
    room: Newsroom, waits: int
) -> None:
    worker = room.worker()
    serving = asyncio.create_task(room.work(worker))
    for _ in range(waits * 4):
        await asyncio.sleep(0)
    serving.cancel()
    worker.stop()
    for held in list(worker._held.values()):
        held.task.cancel()
    await asyncio.gather(serving, *(h.task for h in worker._held.values()), return_exceptions=True)
    room.clock.forward(seconds=121)
    await room.work(room.worker())
    assert len(room.platform.keys) == len(set(room.platform.keys)) == 4
    assert await state(room) == "delivered"


async def test_a_storm_of_refusals_and_lost_answers(room: Newsroom) -> None:
    names = [ChannelId(f"fake:{n:02}") for n in range(6)]
    for name in names:
        await room.channels.save(channel(id=name))
    for number in range(20):
        room.platform.fails(RateLimited("slow down", retry_after=5 + number % 7))
        room.platform.fails(Uncertain("500"), recorded=number % 2 == 0)
    worker = room.worker()
    for _ in range(12):
        await room.work(worker)
        room.clock.forward(seconds=61)
    assert len(room.platform.keys) == len(set(room.platform.keys)) == 7 * 4
    assert {await state(room, name) for name in [*names, ROOM]} == {"delivered"}


async def test_a_history_that_cannot_be_read_is_asked_again(room: Newsroom) -> None:
    class Blind(FakePlatform):
        async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
            if len(self.searched) < 2:
                self.searched.append(posts)
                raise Uncertain("no answer")
            return await super().find(posts, since)

    room.platform = Blind()
    room.platform.fails(Uncertain("lost"), recorded=True)
    worker = room.worker()
    for _ in range(5):
        await room.work(worker)
        room.clock.forward(minutes=5)
    assert (len(room.platform.posts), await state(room)) == (4, "delivered")


# --- days -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("first", "days"), [("2026-03-28T00:00", 3), ("2026-10-24T00:00", 3)])
async def test_through_a_change_of_clocks_there_is_one_digest_a_day(
    small: Newsroom, first: str, days: int
) -> None:
    from datetime import time

    small.clock.forward(seconds=(datetime.fromisoformat(first).replace(tzinfo=UTC) - MORNING).total_seconds())
    await small.channels.save(channel(at=time(2, 30), timezone="Europe/Berlin", days=WEEKDAYS))
    worker = small.worker()
    for _ in range(days * 24 * 3):
        await small.work(worker)
        small.clock.forward(minutes=20)
    tops = [post.title for _, post in small.platform.posts if post.parent is None]
    assert len(tops) == len(set(tops)) == days


async def test_a_weekend_without_announcements_is_quiet_and_not_tried_again(small: Newsroom) -> None:
    await small.channels.save(channel(days=WEEKDAYS))
    worker = small.worker()
    for _ in range(6):  # Wednesday to Monday
        await small.work(worker)
        await small.work(worker)
        small.clock.forward(days=1)
    assert await state(small) == "delivered"
    states = {await state(small, day=TODAY + timedelta(days=n)) for n in range(1, 6)}
    assert states == {"quiet"}
    assert len(small.platform.posts) == 4 + 5


# --- serving --------------------------------------------------------------------------------------


async def test_it_serves_until_it_is_told_to_stop(small: Newsroom) -> None:
    small.clock.still = True
    worker = small.worker()
    serving = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        await delivered(small)
        worker.stop()
        await serving
    assert len(small.platform.posts) == 4


async def test_a_change_wakes_it(small: Newsroom) -> None:
    other = ChannelId("fake:other")
    worker = small.worker()
    await small.work(worker)
    await small.channels.save(channel(id=other))
    await small.work(worker)
    assert await state(small, other) == "none"  # it looks again when the next digest is due or a poll later
    await worker.changed()
    await small.work(worker)
    assert await state(small, other) == "delivered"


async def test_a_ledger_that_cannot_be_read_does_not_end_the_service(small: Newsroom) -> None:
    cut = Cut(1)
    small.clock.still = True
    worker = small.worker(runs=CutRuns(small, cut))
    serving = asyncio.create_task(worker.run())
    async with asyncio.timeout(60):
        await delivered(small)
    worker.stop()
    await serving
    assert cut.left < 0


def test_waits_grow_and_are_bounded() -> None:
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 20)] == [15, 30, 60, 1800]
    assert elapsed() <= elapsed()
