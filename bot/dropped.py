"""A PDF that somebody dropped into a conversation becomes a paper.

If its first page names a paper that is known or can be looked up, and bears its title, it is that paper, read
from the place where everybody reads it. Else, and where that paper's text cannot be had, the file itself is
kept for the channel it was dropped into and for nobody else (docs/decisions/0130).
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

import structlog

from bot.domain import DROPPED, Attachment, ChannelId, FullText, Paper, PaperId, Request
from bot.errors import NotFound, Refused, SourceError, TextUnavailable
from bot.fulltext.head import Head
from bot.fulltext.pdf import INSTEAD, Document, read_document
from bot.library import Library
from bot.ports import Clock, Drops, Papers, Readings
from bot.reading import Reader

MOST_BYTES = 40_000_000
PATIENCE = 20.0
"""Seconds for finding out which paper a file is."""
MOST_FILES = 3
"""Files of one message that are read."""
_PDF = "application/pdf"
_UNTOLD = ("", "application/octet-stream", "binary/octet-stream")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Brought:
    """The paper that a file turned out to be; ``known`` if it is read from its own place, not from the
    file."""

    name: str
    paper: Paper
    known: bool
    pages: int | None = None


def is_pdf(file: Attachment) -> bool:
    """Whether name and media type promise a PDF; some programs send one without a media type."""
    media = file.media.partition(";")[0].strip().lower()
    return media == _PDF or (media in _UNTOLD and file.name.lower().endswith(".pdf"))


class DropDesk:
    """Reads the files that come with messages."""

    def __init__(
        self,
        *,
        drops: Drops,
        papers: Papers,
        readings: Readings,
        library: Library,
        reader: Reader,
        clock: Clock,
    ) -> None:
        self._drops = drops
        self._papers = papers
        self._readings = readings
        self._library = library
        self._reader = reader
        self._clock = clock

    async def may_see(self, paper_id: PaperId, channel: ChannelId) -> bool:
        """Whether a paper that came as a file was dropped into this channel."""
        return await self._drops.where(paper_id) == channel

    async def read(self, file: Attachment, request: Request) -> Brought:
        """The paper in the file. Raises Refused, or SourceError where it cannot be fetched, each with one
        sentence."""
        name = shown(file.name)
        data = await self._bytes(file, name)
        paper_id = _id(data, request.channel)
        if (kept := await self._papers.get(paper_id)) and await self._readings.text(paper_id, 1):
            await self._drops.keep(kept, request.channel, request.user, now=self._clock.now())
            return Brought(name, kept, known=False)
        document = await _read(data, paper_id, name)
        known = await self._known(document.head)
        if known and (await self._reader.text(known)).basis == "full text":
            return Brought(name, known, known=True, pages=document.text.pages)
        paper = _private(paper_id, known, document, file.name)
        now = self._clock.now()
        await self._readings.keep_text(document.text, now=now)
        await self._drops.keep(paper, request.channel, request.user, now=now)
        return Brought(name, paper, known=False, pages=document.text.pages)

    async def _bytes(self, file: Attachment, name: str) -> bytes:
        too_large = Refused(f"{name} is larger than {MOST_BYTES // 1_000_000} MB, the most that I read.")
        if not is_pdf(file):
            raise Refused(f"{name} is no PDF; of files I read PDFs only.")
        if file.size is not None and file.size > MOST_BYTES:
            raise too_large
        data = await file.fetch(MOST_BYTES)
        if len(data) > MOST_BYTES:
            raise too_large
        if b"%PDF-" not in data[:1024]:
            raise Refused(f"{name} is called a PDF but is none inside; please send the paper's PDF.")
        return data

    async def _known(self, head: Head) -> Paper | None:
        """The paper that the first page names by an id and by its title; None also where nobody can say soon
        enough, since somebody waits."""
        try:
            async with asyncio.timeout(PATIENCE):
                for paper_id in head.named():
                    found = await self._named(paper_id)
                    if found and head.bears(found.title):
                        return found
        except (SourceError, TimeoutError) as error:
            _log.info("the ids on a dropped file were not looked up", error=error)
        return None

    async def _named(self, paper_id: PaperId) -> Paper | None:
        try:
            return await self._library.resolve(paper_id)
        except NotFound:
            return None


def shown(name: str) -> str:
    """A file's name as it is shown: one line of at most 80 characters."""
    tidy = " ".join(name.split()) or "The file"
    return tidy if len(tidy) <= 80 else f"{tidy[:60]}…{tidy[-19:]}"


def _id(data: bytes, channel: ChannelId) -> PaperId:
    """The same for the same file in the same channel."""
    return PaperId(DROPPED + hashlib.sha256(channel.encode() + b"\n" + data).hexdigest()[:16])


async def _read(data: bytes, paper_id: PaperId, name: str) -> Document:
    try:
        return await read_document(data, paper_id=paper_id, version=1)
    except TextUnavailable as error:
        raise Refused(f"I cannot read {name}: {_bare(str(error))}") from None


def _bare(sentence: str) -> str:
    """Why a PDF cannot be read, without the abstract that a dropped file does not have."""
    words = sentence.removesuffix(INSTEAD).removesuffix(".")
    return f"{words[:1].lower()}{words[1:]}."


def _private(paper_id: PaperId, known: Paper | None, document: Document, file_name: str) -> Paper:
    if known is not None:
        doi = known.doi or (known.id.removeprefix("doi:") if known.id.startswith("doi:") else "")
        return replace(known, id=paper_id, doi=doi, version=1, featured=None, upvotes=None, comments=None)
    title = document.head.title() or PurePath(shown(file_name)).stem
    return Paper(paper_id, title, _abstract(document.text), source="file")


def _abstract(text: FullText) -> str:
    parts: Sequence[str] = [passage.text for passage in text.passages if passage.kind == "abstract"]
    return " ".join(parts)[:5_000]
