"""What the commands work with, handed in once by the composition root."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from bot.ask import Desk
from bot.brief import Briefs
from bot.doc import Doc
from bot.domain import (
    ChannelId,
    Finding,
    Paper,
    PaperId,
    Request,
    UserId,
    is_private,
    native_id,
    platform_of,
)
from bot.dropped import DropDesk
from bot.errors import NotFound, Refused
from bot.feedlist import FeedList
from bot.library import Library
from bot.ports import Channels, Clock, Decisions, Feeds, Marks, Papers, Poster, Threads
from bot.reading import Reader
from bot.search import Finder


class Digests(Protocol):
    """Hand-made digests and their state, as commands see them."""

    async def now(self, channel: ChannelId) -> str:
        """Deliver today's digest unless that was done; a sentence that says what came of it."""
        ...

    async def preview(self, channel: ChannelId) -> Sequence[Doc]:
        """The posts that would be made; nothing is stored."""
        ...

    async def shown_on(self, channel: ChannelId, paper_id: PaperId) -> date | None:
        """The day of the channel's digest that brought the paper."""
        ...

    async def report(self, channel: ChannelId) -> Sequence[str]:
        """Sentences on the channel's last and next digest and on posts that could not be made."""
        ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How the bot is called, and who may change what a channel gets."""

    name: str = "Paperboy"
    command: str = "/paper"
    changes: Literal["admins", "anyone"] = "admins"
    admins: frozenset[UserId] = frozenset()
    timezone: str = "UTC"
    version: str = ""

    def may_change(self, request: Request) -> bool:
        """Whether the person may change what the channel gets; their own direct messages are theirs, and
        nothing can come to where the bot cannot post."""
        if request.away:
            return False
        return request.direct or self.changes == "anyone" or request.is_admin or request.user in self.admins

    def admins_on(self, platform: str) -> list[UserId]:
        """The bot's own admins who are on this platform."""
        return sorted(admin for admin in self.admins if platform_of(admin) == platform)

    def refusal(self, request: Request) -> Refused:
        """Who can, for somebody who may not; or where it can be done."""
        if request.away:
            return Refused(
                "I cannot post here on my own. Invite me here, or use this in our direct messages."
            )
        platform = platform_of(request.channel)
        who = {
            "slack": "a workspace admin",
            "discord": "someone with the Manage Channels permission",
        }.get(platform, "an admin")
        named = self.admins_on(platform)
        also = f" or one of {self.name}'s admins ({', '.join(map(native_id, named))})" if named else ""
        return Refused(f"Only {who}{also} can change what this channel gets.", people=named)


@dataclass(frozen=True, slots=True)
class Core:
    """The collaborators of every command."""

    manners: Manners
    clock: Clock
    library: Library
    papers: Papers
    channels: Channels
    threads: Threads
    decisions: Decisions
    feeds: Feeds
    marks: Marks
    finder: Finder
    reader: Reader
    desk: Desk
    briefs: Briefs
    digests: Digests
    sources: FeedList
    files: DropDesk
    posters: Mapping[str, Poster]
    """By platform; commands post where a person is written to directly."""
    health: Callable[[], Awaitable[Sequence[Finding]]]
    """Lines on the model and its money, for ``status``."""

    async def home(self, request: Request) -> ChannelId:
        """The channel of the asker's direct messages. Raises DeliveryError, Refused."""
        platform = platform_of(request.user)
        if platform not in self.posters:
            raise Refused(f"I cannot write to anybody on {platform}: it is not configured here.")
        return await self.posters[platform].home(request.user, workspace=request.workspace)

    def now(self) -> datetime:
        """The time."""
        return self.clock.now()

    async def paper(self, reference: str, request: Request) -> Paper:
        """The paper that an id, a DOI, a link or a whole title names. One that came as a file is there for
        the channel it was dropped into and for whoever saved it there. Raises NotFound, SourceError."""
        name = PaperId(reference.strip().strip("<>"))
        if not is_private(name):
            return await self.library.resolve(reference)
        theirs = await self.files.may_see(name, request.channel)
        theirs = theirs or name in await self.channels.kept(request.user)
        if theirs and (found := await self.papers.get(name)):
            return found
        raise NotFound(f"There is no file {name[:40]} in this channel; drop it here and I read it.")
