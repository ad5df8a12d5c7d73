"""PDF to text in a process of its own, bounded in memory, CPU time, wall time, pages and output.

A PDF is a program for a large parser written in C++: whatever it does there, the service only ever gets
passages or a sentence that says why there are none.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import bot
from bot.domain import FullText, PaperId
from bot.errors import TextUnavailable
from bot.fulltext.head import Head
from bot.fulltext.layout import Block, Kind
from bot.fulltext.lines import Line
from bot.fulltext.passages import full_text


@dataclass(frozen=True, slots=True)
class Limits:
    """What one PDF may cost: bytes of file, bytes of memory, CPU and wall seconds, pages, bytes of text."""

    file: int = 60_000_000
    memory: int = 1_500_000_000
    cpu: int = 30
    wall: float = 60.0
    pages: int = 300
    text: int = 20_000_000


LIMITS = Limits()
INSTEAD = "; the abstract is used."
"""How the sentence of TextUnavailable ends here."""
_FAULTS = {
    "locked": "The PDF is encrypted and asks for a password; the abstract is used.",
    "broken": "The PDF is damaged and cannot be opened; the abstract is used.",
}


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    section: Annotated[str, Field(max_length=400)]
    page: int
    kind: Kind
    turns: list[tuple[int, int]] = []


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore")
    page: int
    text: str
    x0: float
    x1: float
    y: float
    size: float


class _Head(BaseModel):
    model_config = ConfigDict(extra="forbid")
    stated: str = ""
    subject: str = ""
    text: str = ""
    lines: list[_Line] = []


class _Answer(BaseModel):
    """What the child may write."""

    model_config = ConfigDict(extra="forbid")
    error: str = ""
    pages: int = 0
    blocks: list[_Block] = []
    hidden: list[str] = []
    thin: list[int] = []
    head: _Head = _Head()


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read: its text, and what its first page says of it."""

    text: FullText
    head: Head


async def read_pdf(data: bytes, *, paper_id: PaperId, version: int, limits: Limits = LIMITS) -> FullText:
    """The text of a PDF with pages and sections.

    Raises TextUnavailable, with a sentence, for a file that is too large or long, encrypted, damaged,
    scanned, or that does not come to an end within the limits.
    """
    return (await read_document(data, paper_id=paper_id, version=version, limits=limits)).text


async def read_document(data: bytes, *, paper_id: PaperId, version: int, limits: Limits = LIMITS) -> Document:
    """Like :func:`read_pdf`, with what the first page says of the paper."""
    if len(data) > limits.file:
        raise TextUnavailable(f"The PDF is larger than {limits.file // 1_000_000} MB; the abstract is used.")
    if b"%PDF-" not in data[:1024]:
        raise TextUnavailable("The file is not a PDF; the abstract is used.")
    answer = _parsed(await _run(data, limits))
    if answer.error:
        raise TextUnavailable(_fault(answer, limits))
    blocks = (Block(b.text, b.section, b.page, b.kind, tuple(b.turns)) for b in answer.blocks)
    text = full_text(
        paper_id,
        version,
        blocks,
        origin="pdf",
        pages=answer.pages,
        note=_note(answer),
        hidden=answer.hidden,
    )
    return Document(text, _head(answer.head))


def _head(found: _Head) -> Head:
    lines = (Line(one.page, one.text, one.x0, one.x1, one.y, one.size) for one in found.lines)
    return Head(found.stated, found.subject, found.text, tuple(lines))


def _fault(answer: _Answer, limits: Limits) -> str:
    if answer.error == "long":
        pages = f"The PDF has {answer.pages:,} pages, more than the {limits.pages} that are read"
        return f"{pages}; the abstract is used."
    return _FAULTS.get(answer.error, _FAULTS["broken"])


def _note(answer: _Answer) -> str:
    """A page whose text is far shorter than its neighbours' is told, not trusted."""
    if not answer.thin:
        return ""
    pages = ", ".join(map(str, answer.thin[:8])) + (" and more" if len(answer.thin) > 8 else "")
    return f"Little or no text could be read on page{'s' if len(answer.thin) > 1 else ''} {pages}."


def _parsed(output: bytes) -> _Answer:
    try:
        return _Answer.model_validate(json.loads(output))
    except (ValueError, ValidationError) as error:
        raise TextUnavailable(
            "The PDF could not be read within the limits of time and memory; the abstract is used."
        ) from error


async def _run(data: bytes, limits: Limits) -> bytes:
    """What the child writes for ``data``; empty where it was ended by its limits."""
    root = str(Path(bot.__file__).parent.parent)
    bounds = map(str, (limits.memory, limits.cpu, limits.pages))
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.fulltext.pdf_pages", *bounds,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": root, "OMP_NUM_THREADS": "1"}, cwd=root,
    )  # fmt: skip
    try:
        async with asyncio.timeout(limits.wall):
            output = await _talk(child, data, limits.text)
            await child.wait()
            return output
    except TimeoutError as error:
        raise TextUnavailable(
            f"The PDF could not be read within {limits.wall:g} seconds; the abstract is used."
        ) from error
    finally:
        await _end(child)


async def _talk(child: asyncio.subprocess.Process, data: bytes, most: int) -> bytes:
    assert child.stdin
    assert child.stdout
    feeding = asyncio.ensure_future(_feed(child.stdin, data))
    try:
        output = bytearray()
        while chunk := await child.stdout.read(1 << 16):
            output += chunk
            if len(output) > most:
                raise TextUnavailable("The PDF holds more text than a paper can; the abstract is used.")
        return bytes(output)
    finally:
        feeding.cancel()
        await asyncio.gather(feeding, return_exceptions=True)


async def _feed(stream: asyncio.StreamWriter, data: bytes) -> None:
    try:
        stream.write(data)
        await stream.drain()
        stream.close()
        await stream.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        return  # the child ended before it had read all; its output, or the want of it, says why


async def _end(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        try:
            child.kill()
        except ProcessLookupError:
            return
    await child.wait()
