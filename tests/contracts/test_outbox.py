from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from bot import ports
from bot.doc import bullets, heading, link, paragraph
from bot.domain import ChannelId, Digest, PaperId, Parcel, Pick, Run, Thread, Window
from bot.errors import LeaseLost, StorageError
from storage.engine import Database
from storage.outbox import Outbox
from storage.runs import Runs
from storage.tables import outbox as table
from storage.threads import Threads
from tests.fakes.newsroom import MORNING, FakeClock

DAY = date(2026, 4, 15)
LEASE = timedelta(seconds=60)
DOC = (
    heading("Papers"),
    paragraph("Ein ", link("Übersicht", "https://x.org"), " \U0001f4a1"),
    bullets(["a"]),
)


def parcels(run: Run) -> list[Parcel]:
    paper = PaperId("arxiv:1")
    top = Parcel(run.channel, run.day, 0, f"{run.channel}-0", DOC, title="Papers", alt="one", papers=(paper,))
    reply = Parcel(
        run.channel, run.day, 1, f"{run.channel}-1", DOC, 0, "A title", "two", ("splats",), (paper,)
    )
    return [top, reply]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def runs(database: Database, clock: FakeClock) -> Runs:
    return Runs(database, now=clock.now)


@pytest.fixture
def outbox(database: Database, clock: FakeClock) -> Outbox:
    return Outbox(database, now=clock.now)


@pytest.fixture
async def run(runs: Runs, outbox: Outbox) -> Run:
    """A held run with a full outbox."""
    await runs.plan([Run(ChannelId("fake:a"), DAY, MORNING)])
    (held,) = await runs.claim("me", platforms=("fake",), lease=LEASE, limit=9)
    made = Digest(held.channel, DAY, (Pick(PaperId("arxiv:1"), 1, 0.9, "splats", "why"),), 9)
    held = await runs.freeze(held, made, Window(MORNING - timedelta(days=1), MORNING))
    return await outbox.fill(held, parcels(held))


async def states(outbox: Outbox, run: Run) -> Sequence[str]:
    return [parcel.state for parcel in await outbox.of(run.channel, run.day)]


async def test_parcels_come_back_as_they_went_in(outbox: Outbox, run: Run) -> None:
    port: ports.Outbox = outbox
    assert await port.of(run.channel, run.day) == parcels(run)
    assert await port.depth() == 2


async def test_the_outbox_and_the_state_are_stored_together(outbox: Outbox, runs: Runs, run: Run) -> None:
    stands = await runs.get(run.channel, run.day)
    assert stands is not None
    assert stands.state == "posting"
    with pytest.raises(StorageError):
        await outbox.fill(run, parcels(run))  # the same keys again
    assert await outbox.of(run.channel, run.day) == parcels(run)


async def test_a_message_goes_from_pending_over_sending_to_sent(
    outbox: Outbox, run: Run, clock: FakeClock
) -> None:
    clock.forward(seconds=5)
    await outbox.intend(run, 0, lease=LEASE)
    top = (await outbox.of(run.channel, run.day))[0]
    assert (top.state, top.tried_at, top.attempts) == ("sending", clock.now(), 1)
    await outbox.settle(run, 0, "m1")
    top = (await outbox.of(run.channel, run.day))[0]
    assert (top.state, top.remote_id) == ("sent", "m1")
    assert await outbox.depth() == 1


async def test_a_message_that_stands_has_its_thread(outbox: Outbox, run: Run, database: Database) -> None:
    threads = Threads(database)
    await outbox.intend(run, 0, lease=LEASE)
    assert await threads.latest(run.channel) is None
    await outbox.settle(run, 0, "m1")
    opened = Thread(run.channel, "m1", (PaperId("arxiv:1"),), kind="digest")
    assert await threads.get(run.channel, "m1") == opened
    await outbox.settle(run, 1, "m2")  # found again after a crash: pending, but it stands
    assert await threads.get(run.channel, "m2") == replace(opened, root="m2", kind="paper")


async def test_a_message_without_papers_has_no_thread(outbox: Outbox, runs: Runs, database: Database) -> None:
    await runs.plan([Run(ChannelId("fake:b"), DAY, MORNING)])
    (run,) = await runs.claim("me", platforms=("fake",), lease=LEASE, limit=1)
    run = await outbox.fill(run, [Parcel(run.channel, DAY, 0, "b-0", DOC)])
    await outbox.intend(run, 0, lease=LEASE)
    await outbox.settle(run, 0, "m1")
    assert await Threads(database).latest(run.channel) is None
    assert await states(outbox, run) == ["sent"]


async def test_without_a_rehearsal_the_storage_tells_the_time(database: Database) -> None:
    runs, outbox = Runs(database), Outbox(database)
    before = await runs.now()
    await runs.plan([Run(ChannelId("fake:c"), DAY, MORNING - timedelta(days=999))])
    (run,) = await runs.claim("me", platforms=("fake",), lease=LEASE, limit=1)
    run = await outbox.fill(run, parcels(run))
    await outbox.intend(run, 0, lease=timedelta(0))
    tried = (await outbox.of(run.channel, run.day))[0].tried_at
    assert tried is not None
    assert before - timedelta(seconds=1) <= tried <= await runs.now() + timedelta(seconds=1)
    (theirs,) = await runs.claim("other", platforms=("fake",), lease=LEASE, limit=1)  # the lease is over
    for step in (outbox.settle(run, 0, "m1"), outbox.intend(run, 1, lease=LEASE)):
        with pytest.raises(LeaseLost):
            await step
    assert await states(outbox, theirs) == ["sending", "pending"]
    assert await Threads(database).latest(run.channel) is None


async def test_a_message_in_hand_is_not_begun_again(outbox: Outbox, run: Run) -> None:
    await outbox.intend(run, 0, lease=LEASE)
    with pytest.raises(LeaseLost):
        await outbox.intend(run, 0, lease=LEASE)
    await outbox.settle(run, 0, "m1")
    for step in (outbox.intend(run, 0, lease=LEASE), outbox.settle(run, 0, "m2"), outbox.reopen(run, 0)):
        with pytest.raises(LeaseLost):
            await step
    assert (await outbox.of(run.channel, run.day))[0].remote_id == "m1"


async def test_an_intention_prolongs_the_lease(
    outbox: Outbox, runs: Runs, run: Run, clock: FakeClock
) -> None:
    clock.forward(seconds=50)
    await outbox.intend(run, 0, lease=LEASE)
    clock.forward(seconds=50)
    assert await runs.claim("other", platforms=("fake",), lease=LEASE, limit=9) == []


async def test_a_message_that_was_not_posted_is_opened_again(outbox: Outbox, run: Run) -> None:
    await outbox.intend(run, 0, lease=LEASE)
    await outbox.reopen(run, 0, error="slow down")
    await outbox.intend(run, 0, lease=LEASE)
    assert (await outbox.of(run.channel, run.day))[0].attempts == 2


async def test_the_dead_are_listed_for_a_fortnight(outbox: Outbox, run: Run, clock: FakeClock) -> None:
    await outbox.intend(run, 0, lease=LEASE)
    await outbox.settle(run, 0, "m1")
    await outbox.bury(run, [0, 1], "too long")
    assert await states(outbox, run) == ["sent", "dead"]  # what stands there cannot be buried
    assert [(parcel.seq, parcel.error) for parcel in await outbox.dead()] == [(1, "too long")]
    clock.forward(days=16)
    assert await outbox.dead() == []


async def test_who_lost_the_lease_changes_nothing(
    outbox: Outbox, runs: Runs, run: Run, clock: FakeClock
) -> None:
    await outbox.intend(run, 0, lease=LEASE)
    before = await outbox.of(run.channel, run.day)
    clock.forward(seconds=61)
    await runs.claim("other", platforms=("fake",), lease=LEASE, limit=9)
    steps: list[Callable[[], Awaitable[object]]] = [
        lambda: outbox.fill(run, []),
        lambda: outbox.intend(run, 1, lease=LEASE),
        lambda: outbox.settle(run, 0, "m1"),
        lambda: outbox.reopen(run, 0),
        lambda: outbox.bury(run, [0, 1], "x"),
        lambda: outbox.withdraw(run, "x"),
    ]
    for step in steps:
        with pytest.raises(LeaseLost):
            await step()
    assert await outbox.of(run.channel, run.day) == before


async def test_a_digest_taken_back_leaves_nothing(outbox: Outbox, runs: Runs, run: Run) -> None:
    await outbox.withdraw(run, "a later one was due")
    stands = await runs.get(run.channel, run.day)
    assert stands is not None
    assert (stands.state, stands.error, stands.owner) == ("skipped", "a later one was due", "")
    assert await outbox.of(run.channel, run.day) == []
    assert await runs.digest(run.channel, run.day) is None


async def test_a_message_of_a_newer_program_is_refused_in_words(
    outbox: Outbox, run: Run, database: Database
) -> None:
    async with database.writing() as connection:
        await connection.execute(sa.update(table).values(schema_version=99))
    with pytest.raises(StorageError, match="update the program"):
        await outbox.of(run.channel, run.day)
