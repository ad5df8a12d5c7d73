from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot import ports
from bot.domain import ChannelId, Decision, Digest, PaperId, Pick, Run, RunState, Window
from bot.errors import LeaseLost
from storage.engine import Database
from storage.outbox import Outbox
from storage.runs import Runs
from tests.fakes.newsroom import MORNING, FakeClock

DAY = date(2026, 4, 15)
LEASE = timedelta(seconds=60)
ANY = ("fake", "slack")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def runs(database: Database, clock: FakeClock) -> Runs:
    return Runs(database, now=clock.now)


def due(name: str = "a", day: date = DAY, at: datetime = MORNING) -> Run:
    return Run(ChannelId(f"fake:{name}"), day, at)


async def claimed(runs: ports.Runs, owner: str = "me") -> Run:
    (run,) = await runs.claim(owner, platforms=ANY, lease=LEASE, limit=10)
    return run


def digest_of(run: Run, *papers: str) -> Digest:
    picks = tuple(Pick(PaperId(p), rank, 0.9, "splats", "says so") for rank, p in enumerate(papers, 1))
    near = (Decision(PaperId("arxiv:9"), "splats", 0.4, 0.5, False, "almost", "words"),)
    return Digest(run.channel, run.day, picks, 312, near, ("cs.AI stands still.",))


WINDOW = Window(MORNING - timedelta(days=1), MORNING)


async def test_the_ledger_fulfils_the_port(runs: Runs) -> None:
    port: ports.Runs = runs
    assert await port.get(ChannelId("fake:a"), DAY) is None


async def test_planning_twice_changes_nothing(runs: Runs) -> None:
    await runs.plan([due()])
    run = await claimed(runs)
    await runs.advance(run, "collecting")
    await runs.plan([due(), due("b")])
    stands = await runs.get(run.channel, DAY)
    assert stands is not None
    assert (stands.state, stands.owner, stands.epoch, stands.due) == ("collecting", "me", 1, MORNING)


async def test_a_claim_takes_what_is_due_the_oldest_first(runs: Runs, clock: FakeClock) -> None:
    await runs.plan(
        [
            due("later", at=MORNING + timedelta(seconds=30)),
            due("now"),
            due("earlier", at=MORNING - timedelta(hours=1)),
            Run(ChannelId("discord:1"), DAY, MORNING),
        ]
    )
    first = await runs.claim("me", platforms=ANY, lease=LEASE, limit=1)
    rest = await runs.claim("me", platforms=ANY, lease=LEASE, limit=9)
    assert [run.channel for run in first + rest] == ["fake:earlier", "fake:now"]
    clock.forward(seconds=30)
    assert (await claimed(runs)).channel == "fake:later"
    assert await runs.claim("me", platforms=(), lease=LEASE, limit=9) == []


async def test_a_held_run_is_nobody_elses_until_its_lease_lapses(runs: Runs, clock: FakeClock) -> None:
    await runs.plan([due()])
    mine = await claimed(runs)
    clock.forward(seconds=59)
    assert await runs.claim("other", platforms=ANY, lease=LEASE, limit=9) == []
    assert await runs.take(mine.channel, DAY, "other", lease=LEASE) is None
    clock.forward(seconds=1)
    theirs = await claimed(runs, "other")
    assert (theirs.owner, theirs.epoch) == ("other", 2)
    for step in fenced_steps(runs, mine):
        with pytest.raises(LeaseLost):
            await step()
    assert await runs.beat([mine, theirs], lease=LEASE) == [theirs]
    assert (await runs.get(mine.channel, DAY)) == replace(theirs, owner="other")


def fenced_steps(runs: Runs, run: Run) -> list[Callable[[], Awaitable[object]]]:
    return [
        lambda: runs.advance(run, "delivered"),
        lambda: runs.freeze(run, digest_of(run, "arxiv:1"), WINDOW),
        lambda: runs.put_back(run, wait=LEASE, error="x"),
    ]


async def test_the_same_owner_with_an_older_epoch_is_fenced_too(runs: Runs, clock: FakeClock) -> None:
    await runs.plan([due()])
    before = await claimed(runs)
    clock.forward(minutes=2)
    await claimed(runs)
    with pytest.raises(LeaseLost):
        await runs.advance(before, "collecting")


async def test_a_heartbeat_prolongs(runs: Runs, clock: FakeClock) -> None:
    await runs.plan([due()])
    run = await claimed(runs)
    for _ in range(5):
        clock.forward(seconds=40)
        assert await runs.beat([run], lease=LEASE) == [run]
    assert await runs.claim("other", platforms=ANY, lease=LEASE, limit=9) == []


async def test_what_is_put_back_comes_again_after_its_wait(runs: Runs, clock: FakeClock) -> None:
    await runs.plan([due()])
    await runs.put_back(await claimed(runs), wait=timedelta(minutes=5), error="feed down")
    assert await runs.claim("me", platforms=ANY, lease=LEASE, limit=9) == []
    clock.forward(minutes=5)
    run = await claimed(runs)
    assert (run.attempts, run.error, run.epoch) == (1, "feed down", 2)
    await runs.put_back(run, wait=timedelta(0), error="stopped", failed=False)
    assert (await claimed(runs)).attempts == 1


async def test_what_has_ended_is_not_claimed(runs: Runs) -> None:
    for state in ("delivered", "quiet", "skipped", "failed"):
        await runs.plan([due(state)])
        ended = await runs.advance(await claimed(runs), state, error="why")
        assert ended.over
    assert await runs.claim("me", platforms=ANY, lease=LEASE, limit=9) == []


async def test_by_hand_one_takes_a_run_whatever_its_next_try(runs: Runs) -> None:
    await runs.plan([due()])
    await runs.put_back(await claimed(runs), wait=timedelta(hours=5), error="x")
    taken = await runs.take(ChannelId("fake:a"), DAY, "hand", lease=LEASE)
    assert taken is not None
    assert (taken.owner, taken.attempts) == ("hand", 1)
    await runs.advance(taken, "failed", error="x")
    again = await runs.take(ChannelId("fake:a"), DAY, "hand", lease=LEASE)
    assert again is not None
    assert (again.state, again.attempts, again.error) == ("due", 0, "")
    await runs.advance(again, "delivered")
    assert await runs.take(ChannelId("fake:a"), DAY, "hand", lease=LEASE) is None
    assert await runs.take(ChannelId("fake:none"), DAY, "hand", lease=LEASE) is None


async def test_a_frozen_digest_comes_back_as_it_was(runs: Runs) -> None:
    await runs.plan([due()])
    run = await runs.advance(await claimed(runs), "collecting")
    assert await runs.digest(run.channel, DAY) is None
    made = digest_of(run, "arxiv:2", "arxiv:1")
    run = await runs.freeze(run, made, WINDOW)
    assert run.state == "summarizing"
    assert await runs.digest(run.channel, DAY) == made
    await runs.advance(run, "failed", error="x")
    again = await runs.take(run.channel, DAY, "hand", lease=LEASE)
    assert again is not None
    assert again.state == "summarizing"  # the ranking stays


async def test_a_digest_without_papers_is_frozen_too(runs: Runs) -> None:
    await runs.plan([due()])
    run = await claimed(runs)
    await runs.freeze(run, Digest(run.channel, DAY, (), 0), WINDOW)
    assert await runs.digest(run.channel, DAY) == Digest(run.channel, DAY, (), 0)


async def test_the_cut_off_is_where_the_last_digest_ended(runs: Runs, clock: FakeClock) -> None:
    ends = {}
    states: tuple[RunState, ...] = ("delivered", "quiet", "failed")
    for number, state in enumerate(states):
        day = DAY + timedelta(days=number)
        await runs.plan([due(day=day)])
        run = await claimed(runs)
        ends[state] = clock.now() + timedelta(hours=number)
        run = await runs.freeze(run, digest_of(run), Window(MORNING, ends[state]))
        await runs.advance(run, state)
    channel = ChannelId("fake:a")
    assert await runs.cutoff(channel, DAY) is None
    assert await runs.cutoff(channel, DAY + timedelta(days=1)) == ends["delivered"]
    assert await runs.cutoff(channel, DAY + timedelta(days=9)) == ends["quiet"]
    ended = await runs.ended(channel)
    assert ended is not None
    assert ended.state in ("delivered", "quiet")


async def test_trouble_is_listed_for_a_fortnight(runs: Runs, clock: FakeClock) -> None:
    await runs.plan([due("failed"), due("twice", at=MORNING - timedelta(hours=1)), due("once")])
    for run in await runs.claim("me", platforms=ANY, lease=LEASE, limit=9):
        if run.channel == "fake:failed":
            await runs.advance(run, "failed", error="no")
        else:
            await runs.put_back(run, wait=timedelta(0), error="again")
    again = await runs.take(ChannelId("fake:twice"), DAY, "me", lease=LEASE)
    assert again is not None
    await runs.put_back(again, wait=timedelta(0), error="again")
    assert [run.channel for run in await runs.troubled()] == ["fake:failed", "fake:twice"]
    clock.forward(days=15)
    assert await runs.troubled() == []


async def test_who_has_the_storage_alone_voids_every_lease(runs: Runs) -> None:
    await runs.plan([due()])
    dead = await claimed(runs, "a process that died")
    await runs.free()
    assert (await claimed(runs)).owner == "me"
    with pytest.raises(LeaseLost):
        await runs.advance(dead, "delivered")


async def test_many_claims_at_once_never_overlap(runs: Runs) -> None:
    await runs.plan([due(f"{n:03}") for n in range(60)])
    parts = await asyncio.gather(
        *(runs.claim(f"w{n}", platforms=ANY, lease=LEASE, limit=10) for n in range(8))
    )
    taken = [run.channel for part in parts for run in part]
    assert len(taken) == len(set(taken)) == 60


async def test_a_duty_is_one_callers_turn(runs: Runs, clock: FakeClock) -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    turns = await asyncio.gather(*(runs.turn("fetch", every=hour, lease=minute) for _ in range(5)))
    assert sorted(turns) == ["mine", "others", "others", "others", "others"]
    await runs.did("fetch")
    clock.forward(minutes=59)
    assert await runs.turn("fetch", every=hour, lease=minute) == "fresh"
    assert await runs.turn("watch", every=hour, lease=minute) == "mine"
    clock.forward(minutes=2)
    assert await runs.turn("fetch", every=hour, lease=minute) == "mine"
    clock.forward(minutes=2)  # whoever began it has died
    assert await runs.turn("fetch", every=hour, lease=minute) == "mine"


async def test_places_in_a_shared_lane_follow_one_another(runs: Runs, clock: FakeClock) -> None:
    assert await runs.reserve("slack:T1", 0.25, 4) == 0.0
    assert await runs.reserve("slack:T1", 0.25, 2) == 1.0
    assert await runs.reserve("slack:T2", 0.25, 1) == 0.0
    clock.forward(seconds=1)
    assert await runs.reserve("slack:T1", 0.25, 1) == 0.5
    clock.forward(seconds=60)
    both = await asyncio.gather(*(runs.reserve("slack:T1", 0.5, 1) for _ in range(4)))
    assert sorted(both) == [0.0, 0.5, 1.0, 1.5]


async def test_without_a_rehearsal_the_time_is_the_present(database: Database) -> None:
    real = Runs(database)
    assert abs(await real.now() - datetime.now(UTC)) < timedelta(minutes=5)
    await real.plan([due(at=datetime.now(UTC) - timedelta(minutes=10))])
    run = await claimed(real)
    await real.put_back(run, wait=timedelta(0), error="")
    again = await claimed(real)
    await real.advance(again, "delivered")


async def test_other_processes_ring(database: Database) -> None:
    woken = asyncio.Event()
    here, there = Runs(database), Runs(database)
    if database.dialect == "sqlite":
        await here.watch(woken.set)
        await there.nudge()
        assert not woken.is_set()
        return
    watching = asyncio.create_task(here.watch(woken.set))
    async with asyncio.timeout(10):
        while not woken.is_set():
            await there.nudge()
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_an_outbox_that_was_given_up_is_opened_again(
    runs: Runs, database: Database, clock: FakeClock
) -> None:
    from tests.contracts.test_outbox import parcels

    outbox = Outbox(database, now=clock.now)
    await runs.plan([due()])
    run = await runs.freeze(await claimed(runs), digest_of(due(), "arxiv:1"), WINDOW)
    run = await outbox.fill(run, parcels(run))
    await outbox.bury(run, [0, 1], "no permission")
    await runs.advance(run, "failed", error="no permission")
    again = await runs.take(run.channel, DAY, "hand", lease=LEASE)
    assert again is not None
    assert again.state == "posting"
    assert [parcel.state for parcel in await outbox.of(run.channel, DAY)] == ["pending", "pending"]
