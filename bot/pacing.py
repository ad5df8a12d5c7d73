"""How fast messages may follow one another, so that a platform need not refuse them.

Slack: about one message a second and channel and several hundred a minute and workspace
(https://docs.slack.dev/apis/web-api/rate-limits). Discord: 5 messages in 5 seconds a channel and 50
requests a second for the whole bot (https://discord.com/developers/docs/topics/rate-limits).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from bot.domain import ChannelId


@dataclass(frozen=True, slots=True)
class Pace:
    """A platform's manners, in seconds.

    ``channel`` and ``workspace`` are the least distance between two messages in one channel and in one
    workspace (``everywhere``: in all workspaces together); ``timeout`` bounds one request; ``settle`` is how
    long a request whose answer was lost may still be travelling: only after that the platform is asked
    whether the message arrived.
    """

    channel: float = 1.0
    workspace: float = 0.2
    timeout: float = 30.0
    settle: float = 60.0
    everywhere: bool = False


PACES: dict[str, Pace] = {
    "slack": Pace(channel=1.0, workspace=0.21),  # of the five a second that the adapter allows itself in all
    "discord": Pace(channel=1.0, workspace=0.025, everywhere=True),
    "terminal": Pace(channel=0.0, workspace=0.0, settle=0.0),
}
"""By platform; a terminal's message is written by the process itself, so nothing of it can be travelling."""


class Lane:
    """A queue in which one may go every ``interval`` seconds; places are given in the order of asking."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._free_at = float("-inf")

    def reserve(self, now: float) -> float:
        """Take the next place; how many seconds from ``now`` it is."""
        at = max(now, self._free_at)
        self._free_at = at + self._interval
        return at - now

    def hold(self, until: float) -> None:
        """Let nobody go before ``until``."""
        self._free_at = max(self._free_at, until)

    def idle(self, now: float) -> bool:
        """Whether nobody would have to wait."""
        return self._free_at <= now


Reserve: TypeAlias = Callable[[str, float, int], Awaitable[float]]
"""Take so many places, so many seconds apart, in the lane of that name which all processes share; how many
seconds from now the first one is."""

_AHEAD = 0.5
"""For how many seconds places in a shared lane are taken at once."""


class SharedLane:
    """A lane for several processes: places are taken from a common one, some at a time."""

    def __init__(self, name: str, interval: float, reserve: Reserve, ticks: Callable[[], float]) -> None:
        self._name = name
        self._interval = interval
        self._reserve = reserve
        self._ticks = ticks
        self._places: deque[float] = deque()
        self._asking = asyncio.Lock()
        self._held_until = float("-inf")

    async def place(self) -> float:
        """Take the next place; how many seconds from now it is."""
        async with self._asking:
            while self._places and self._places[0] < self._ticks() - _AHEAD:
                self._places.popleft()  # nobody wanted it; using it now would make a crowd
            if not self._places:
                count = max(1, int(_AHEAD / self._interval)) if self._interval else 1
                wait = await self._reserve(self._name, self._interval, count)
                first = self._ticks() + wait
                self._places.extend(first + number * self._interval for number in range(count))
            return max(self._places.popleft(), self._held_until) - self._ticks()

    def hold(self, until: float) -> None:
        """Let nobody of this process go before ``until``."""
        self._held_until = max(self._held_until, until)


class OwnLane(Lane):
    """A lane of this process alone."""

    def __init__(self, interval: float, ticks: Callable[[], float]) -> None:
        super().__init__(interval)
        self._ticks = ticks

    async def place(self) -> float:
        """Take the next place; how many seconds from now it is."""
        return self.reserve(self._ticks())


class Pacer:
    """The lanes of one platform: a message waits for its channel's, then for its workspace's.

    A channel is served by one process at a time; workspaces by several where ``reserve`` is given.
    """

    def __init__(
        self,
        pace: Pace,
        *,
        ticks: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        reserve: Reserve | None = None,
        platform: str = "",
    ) -> None:
        self.pace = pace
        self._ticks = ticks
        self._sleep = sleep
        self._reserve = reserve
        self._platform = platform
        self._channels: dict[ChannelId, Lane] = {}
        self._workspaces: dict[str, OwnLane | SharedLane] = {}
        self._refused: dict[str, ChannelId] = {}

    async def turn(self, channel: ChannelId, workspace: str) -> None:
        """Wait until a message may go to the channel."""
        lane = self._channels.setdefault(channel, Lane(self.pace.channel))
        await self._wait(lane.reserve(self._ticks()))
        await self._wait(await self._workspace(workspace).place())
        lane.hold(self._ticks() + self.pace.channel)  # the distance counts from when it really goes

    def refused(self, channel: ChannelId, workspace: str, retry_after: float) -> None:
        """The platform refused a message to the channel for ``retry_after`` seconds.

        A second channel refused before any message went through means that the limit is the workspace's.
        """
        until = self._ticks() + retry_after
        self._channels.setdefault(channel, Lane(self.pace.channel)).hold(until)
        if self._refused.setdefault(workspace, channel) != channel:
            self._workspace(workspace).hold(until)

    def passed(self, workspace: str) -> None:
        """A message went through; forget lanes in which nobody waits, so that they do not add up."""
        self._refused.pop(workspace, None)
        if len(self._channels) > 5_000:
            now = self._ticks()
            self._channels = {key: lane for key, lane in self._channels.items() if not lane.idle(now)}

    def _workspace(self, name: str) -> OwnLane | SharedLane:
        name = "" if self.pace.everywhere else name
        if name not in self._workspaces:
            self._workspaces[name] = self._lane(name)
        return self._workspaces[name]

    def _lane(self, name: str) -> OwnLane | SharedLane:
        if self._reserve and self.pace.workspace:
            shared = f"{self._platform}:{name}"
            return SharedLane(shared, self.pace.workspace, self._reserve, self._ticks)
        return OwnLane(self.pace.workspace, self._ticks)

    async def _wait(self, seconds: float) -> None:
        if seconds > 0:
            await self._sleep(seconds)
