"""The terminal as a platform: documents shown with rich, plain text when piped, lines read from input.

Posts are written to a transcript before they are shown, so that a post can be found again after a crash.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from adapters.terminal_view import Screen
from bot.doc import Doc
from bot.domain import Attachment, ChannelId, Finding, Post, Reply, Request, UserId
from bot.errors import NotSent, Unreachable, veiled
from bot.ports import Handler

PLATFORM = "terminal"
_SLASHED = re.compile(r"/[A-Za-z][\w-]*")
"""A slip such as "/paperhelp" or "/help": meant as a command, and answered as one that does not exist."""


@dataclass(slots=True)
class Latest:
    """What was shown last that can be replied to, and in which channel."""

    channel: ChannelId | None = None
    root: str | None = None


class TerminalPoster:
    """Posts digests to the screen; ``transcript`` (None: none is kept) is what was posted so far."""

    platform = PLATFORM

    def __init__(self, screen: Screen, transcript: Path | None, *, latest: Latest | None = None) -> None:
        self._screen = screen
        self._transcript = transcript
        self._latest = latest or Latest()

    async def post(self, post: Post) -> str:
        """Write the post down, then show it. Raises NotSent where it cannot be written."""
        remote_id = f"t-{post.key[:16]}"
        row = {"key": post.key, "id": remote_id, "channel": post.channel, "parent": post.parent}
        try:
            self._write_down(json.dumps(row))
            self._screen.show(post.doc, title=None if post.parent else post.channel)
        except OSError as error:
            raise NotSent(f"The terminal could not be written to ({error.strerror or error}).") from None
        self._latest.channel, self._latest.root = post.channel, remote_id
        return remote_id

    def _write_down(self, line: str) -> None:
        if self._transcript is None:
            return
        with self._transcript.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())

    async def find(self, posts: Sequence[Post], since: datetime) -> Mapping[str, str]:
        """Those of ``posts`` that the transcript holds."""
        wanted = {post.key for post in posts}
        return {row["key"]: row["id"] for row in self._rows() if row.get("key") in wanted}

    async def home(self, person: UserId, *, workspace: str = "") -> ChannelId:
        """A channel of the person's own name."""
        return ChannelId(person)

    def _rows(self) -> Iterator[dict[str, str]]:
        if self._transcript is None or not self._transcript.exists():
            return
        with self._transcript.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    row = json.loads(line)
                except json.JSONDecodeError:
                    continue  # the last line of a process that was killed while writing it
                if isinstance(row, dict):
                    yield row


@dataclass(frozen=True, slots=True)
class Person:
    """Who sits at the terminal, and the channel they are in."""

    name: str
    channel: ChannelId

    @property
    def id(self) -> UserId:
        """Their id."""
        return UserId(f"{PLATFORM}:{self.name}")


class TerminalListener:
    """Reads lines: one that begins with the command's name is a command, any other a reply in the thread
    of the latest card or answer; one with the path of a PDF brings that file along. The end of the input ends
    it."""

    platform = PLATFORM

    def __init__(
        self,
        screen: Screen,
        person: Person,
        *,
        command: str = "/paper",
        lines: Callable[[], str] | None = None,
        latest: Latest | None = None,
    ) -> None:
        self._screen = screen
        self._latest = latest or Latest()
        self._person = person
        self._command = command
        self._lines = lines or (lambda: _line(sys.stdin, screen))
        self.connected = asyncio.Event()

    async def run(self, handler: Handler) -> None:
        """Hand every line to ``handler`` until the input ends."""
        way = TerminalResponder(self._screen, self._latest)
        self.connected.set()
        while line := await asyncio.to_thread(self._lines):
            if words := line.strip():
                request = self._request(words)
                await handler.handle(request, way.of(request.channel))
                way.done()

    def _request(self, words: str) -> Request:
        first = words.partition(" ")[0]
        spoken = first.lower() == self._command
        is_command = spoken or bool(_SLASHED.fullmatch(first))
        file, words = (None, words) if is_command else dropped(words)
        home = ChannelId(self._person.id)
        at_home = not is_command and self._latest.channel == home
        return Request(
            channel=home if at_home else self._person.channel,
            user=self._person.id,
            user_name=self._person.name,
            text=words[len(first) :].strip() if spoken else words,
            kind="command" if is_command else "reply",
            thread=None if is_command else self._latest.root,
            files=(file,) if file else (),
            direct=not is_command,
            is_admin=True,
        )

    async def check(self, channels: Sequence[ChannelId]) -> Sequence[Finding]:
        """A terminal is always there."""
        return [Finding(PLATFORM, True, "ready")]


def dropped(line: str) -> tuple[Attachment | None, str]:
    """The PDF whose path or ``file:`` address stands in a line, as terminals write one that is dragged onto
    them (in quotes, or with backslashes), and the line without it."""
    try:
        words = shlex.split(line)
    except ValueError:  # an apostrophe in a sentence
        words = line.split()
    for number, word in enumerate(words):
        if word.lower().endswith(".pdf") and (path := _path(word)):
            return _attachment(path), " ".join((*words[:number], *words[number + 1 :]))
    return None, line


def _path(word: str) -> Path | None:
    """The file that a word names: an address, or a path that begins like one or leads to a file."""
    if word.startswith("file:"):
        return Path(unquote(urlsplit(word).path))
    path = Path(word).expanduser()
    begins = word.startswith(("/", "./", "../", "~"))
    return path if begins or path.is_file() else None


def _attachment(path: Path) -> Attachment:
    async def fetch(most: int) -> bytes:
        try:
            return await asyncio.to_thread(_begin, path, most)
        except OSError as error:
            raise veiled(Unreachable(f"{path} cannot be read ({error.strerror or error}).")) from None

    return Attachment(path.name, fetch, "application/pdf")


def _begin(path: Path, most: int) -> bytes:
    """At most ``most`` bytes, and one more to tell that there are more. Raises OSError."""
    if not path.is_file():  # a pipe or a device would not come to an end
        raise FileNotFoundError(2, "there is no such file")
    with path.open("rb") as file:
        return file.read(most + 1)


def _line(stream: IO[str], screen: Screen) -> str:
    if screen.interactive:
        try:
            return input("> ") + "\n"
        except (EOFError, KeyboardInterrupt):
            return ""
    return stream.readline()


class TerminalResponder:
    """Shows replies; ``latest`` learns which one can be replied to."""

    def __init__(self, screen: Screen, latest: Latest | None = None) -> None:
        self._screen = screen
        self._latest = latest or Latest()
        self._channel: ChannelId | None = None
        self._numbers = count(1)
        self._run = f"{os.getpid():x}-{os.urandom(3).hex()}"

    def of(self, channel: ChannelId) -> TerminalResponder:
        """This one, for a request in the channel."""
        self._channel = channel
        return self

    async def working(self, note: str) -> None:
        """A passing line, on a terminal only."""
        self._screen.working(note)

    async def draft(self, doc: Doc) -> None:
        """Nothing: the whole answer follows."""

    async def send(self, reply: Reply) -> str | None:
        """Show the reply."""
        self._screen.show(reply.doc)
        if reply.private:
            return None
        root = f"r-{self._run}-{next(self._numbers)}"
        self._latest.channel, self._latest.root = self._channel, root
        return root

    def done(self) -> None:
        """The request is answered; the working line goes."""
        self._screen.rest()
