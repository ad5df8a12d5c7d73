"""How fast messages may follow one another, so that a platform need not refuse them.

Slack: about one message a second and channel and several hundred a minute and workspace
(https://docs.slack.dev/apis/web-api/rate-limits). Discord: 5 messages in 5 seconds a channel and 50
requests a second for the whole bot (https://discord.com/developers/docs/topics/rate-limits).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.domain import ChannelId


@dataclass(frozen=True, slots=True)
class Pace:
    """A platform's manners, in seconds.

    ``channel`` and ``workspace`` are the least distance between two messages in one channel and in one
    workspace; ``timeout`` bounds one request; ``settle`` is how long a request whose answer was lost may
    still be travelling: only after that the platform is asked whether the message arrived.
    """

    channel: float = 1.0
    workspace: float = 0.2
    timeout: float = 30.0
    settle: float = 60.0


PACES: dict[str, Pace] = {
    "slack": Pace(channel=1.0, workspace=0.25),
    "discord": Pace(channel=1.0, workspace=0.025),
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


class Pacer:
    """The lanes of one platform: a message waits for its channel's, then for its workspace's."""

    def __init__(
        self, pace: Pace, *, ticks: Callable[[], float], sleep: Callable[[float], Awaitable[None]]
    ) -> None:
        self.pace = pace
        self._ticks = ticks
        self._sleep = sleep
        self._channels: dict[ChannelId, Lane] = {}
        self._workspaces: dict[str, Lane] = {}
        self._refused: dict[str, ChannelId] = {}

    async def turn(self, channel: ChannelId, workspace: str) -> None:
        """Wait until a message may go to the channel."""
        lane = self._channels.setdefault(channel, Lane(self.pace.channel))
        await self._wait(lane)
        await self._wait(self._workspaces.setdefault(workspace, Lane(self.pace.workspace)))
        lane.hold(self._ticks() + self.pace.channel)  # the distance counts from when it really goes

    def refused(self, channel: ChannelId, workspace: str, retry_after: float) -> None:
        """The platform refused a message to the channel for ``retry_after`` seconds.

        A second channel refused before any message went through means that the limit is the workspace's.
        """
        until = self._ticks() + retry_after
        self._channels.setdefault(channel, Lane(self.pace.channel)).hold(until)
        if self._refused.setdefault(workspace, channel) != channel:
            self._workspaces.setdefault(workspace, Lane(self.pace.workspace)).hold(until)

    def passed(self, workspace: str) -> None:
        """A message went through; forget lanes in which nobody waits, so that they do not add up."""
        self._refused.pop(workspace, None)
        if len(self._channels) > 5_000:
            now = self._ticks()
            self._channels = {key: lane for key, lane in self._channels.items() if not lane.idle(now)}

    async def _wait(self, lane: Lane) -> None:
        seconds = lane.reserve(self._ticks())
        if seconds > 0:
            await self._sleep(seconds)
