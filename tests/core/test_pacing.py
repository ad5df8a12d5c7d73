from __future__ import annotations

import asyncio
from itertools import pairwise

from bot.domain import ChannelId
from bot.pacing import Lane, Pace, Pacer

A, B, C = ChannelId("fake:a"), ChannelId("fake:b"), ChannelId("fake:c")


class Time:
    """Moves only when everybody who is awake has gone to sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def ticks(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.now + seconds, woken))
        await woken.wait()

    async def pass_until(self, done: asyncio.Future[object]) -> None:
        while not done.done():
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers:
                self._sleepers.sort(key=lambda sleeper: sleeper[0])
                self.now, woken = self._sleepers.pop(0)
                woken.set()


async def times(
    pacer: Pacer, time: Time, plan: dict[ChannelId, int], workspace: str = "w"
) -> dict[ChannelId, list[float]]:
    """When each channel's messages went."""
    went: dict[ChannelId, list[float]] = {channel: [] for channel in plan}

    async def post(channel: ChannelId) -> None:
        for _ in range(plan[channel]):
            await pacer.turn(channel, workspace)
            went[channel].append(round(time.now, 3))

    everything = asyncio.ensure_future(asyncio.gather(*(post(channel) for channel in plan)))
    await time.pass_until(everything)  # type: ignore[arg-type]
    return went


def test_a_lane_gives_places_one_after_another() -> None:
    lane = Lane(1.0)
    assert [lane.reserve(now) for now in (0.0, 0.0, 0.5, 10.0)] == [0.0, 1.0, 1.5, 0.0]
    lane.hold(20.0)
    assert lane.reserve(12.0) == 8.0
    assert not lane.idle(20.5)
    assert lane.idle(21.0)


async def test_a_channel_gets_one_a_second_and_the_workspace_its_share() -> None:
    time = Time()
    pacer = Pacer(Pace(channel=1.0, workspace=0.25), ticks=time.ticks, sleep=time.sleep)
    assert await times(pacer, time, {A: 3}) == {A: [0.0, 1.0, 2.0]}
    both = await times(pacer, time, {B: 2, C: 2})
    everything = sorted(both[B] + both[C])
    assert everything[0] >= 2.25
    assert all(later - earlier >= 0.25 for earlier, later in pairwise(everything))
    assert both[B][1] - both[B][0] >= 1.0


async def test_many_channels_take_no_longer_than_the_workspace_must() -> None:
    time = Time()
    pacer = Pacer(Pace(channel=1.0, workspace=0.1), ticks=time.ticks, sleep=time.sleep)
    rooms = {ChannelId(f"fake:{n}"): 6 for n in range(50)}
    await times(pacer, time, rooms)
    assert time.now <= 300 * 0.1 * 1.05


async def test_a_refusal_holds_its_channel_and_a_second_one_the_workspace() -> None:
    time = Time()
    pacer = Pacer(Pace(channel=1.0, workspace=0.0), ticks=time.ticks, sleep=time.sleep)
    pacer.refused(A, "w", 30.0)
    assert await times(pacer, time, {A: 1, B: 1}) == {A: [30.0], B: [0.0]}
    pacer.refused(B, "w", 10.0)
    went = await times(pacer, time, {C: 1})
    assert went[C][0] >= 40.0
    assert (await times(pacer, time, {A: 1}, "elsewhere"))[A][0] >= 31.0


async def test_after_a_success_a_refusal_is_again_the_channels_own() -> None:
    time = Time()
    pacer = Pacer(Pace(channel=0.0, workspace=0.0), ticks=time.ticks, sleep=time.sleep)
    pacer.refused(A, "w", 30.0)
    pacer.passed("w")
    pacer.refused(B, "w", 30.0)
    assert await times(pacer, time, {C: 1}) == {C: [0.0]}


async def test_processes_share_a_workspaces_lane() -> None:
    time = Time()
    free_at = 0.0

    async def reserve(name: str, apart: float, count: int) -> float:
        nonlocal free_at
        assert name == "slack:w"
        first = max(time.now, free_at)
        free_at = first + apart * count
        return first - time.now

    pace = Pace(channel=0.0, workspace=0.1)
    here, there = (
        Pacer(pace, ticks=time.ticks, sleep=time.sleep, reserve=reserve, platform="slack") for _ in range(2)
    )
    went: list[float] = []

    async def post(pacer: Pacer, channel: ChannelId) -> None:
        for _ in range(20):
            await pacer.turn(channel, "w")
            went.append(time.now)

    everything = asyncio.ensure_future(asyncio.gather(post(here, A), post(there, B)))
    await time.pass_until(everything)  # type: ignore[arg-type]
    went.sort()
    assert all(later - earlier > 0.099 for earlier, later in pairwise(went))
    assert went[-1] <= 40 * 0.1 + 1.0


async def test_a_platform_may_count_all_workspaces_together() -> None:
    time = Time()
    pacer = Pacer(Pace(channel=0.0, workspace=1.0, everywhere=True), ticks=time.ticks, sleep=time.sleep)
    assert await times(pacer, time, {A: 1}, "one") == {A: [0.0]}
    assert await times(pacer, time, {B: 1}, "two") == {B: [1.0]}
