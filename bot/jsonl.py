"""Papers from files, one JSON object a line, plain or packed; a bad line is told with its number."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any, TypeGuard

from bot import identity
from bot.domain import Paper, Unusable
from bot.errors import UsageError
from bot.tex import readable

LONGEST_LINE = 4_000_000
REASONS_KEPT = 100
MOST_AUTHORS = 20_000


@dataclass(slots=True)
class Imported:
    """A batch of papers, the lines left out, and how far into the file (packed bytes) it reaches."""

    papers: list[Paper] = field(default_factory=list)
    unusable: list[Unusable] = field(default_factory=list)
    position: int = 0


def batches(path: Path, size: int) -> Iterator[Imported]:
    """Papers of a file in batches. Raises UsageError where the file cannot be read at all; what was whole
    before a file breaks off is kept, and the break is told as a bad line."""
    try:
        with path.open("rb") as raw, _unpacked(path, raw) as lines:
            yield from _batches(path, raw, lines, size)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}).") from None


def _batches(path: Path, raw: IO[bytes], lines: IO[bytes], size: int) -> Iterator[Imported]:
    batch = Imported()
    number = 0
    while True:
        try:
            line = lines.readline(LONGEST_LINE)
        except (EOFError, OSError, _zstd_error()) as error:
            reason = f"the file is damaged or cut off here ({error})"
            batch.unusable.append(Unusable(f"{path.name}:{number + 1}", reason))
            break
        if not line:
            break
        number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            _skip_rest(lines)
            batch.unusable.append(Unusable(f"{path.name}:{number}", "the line is longer than 4 MB"))
        elif line.strip():
            _take(line, f"{path.name}:{number}", batch)
        if len(batch.papers) + len(batch.unusable) >= size:
            batch.position = raw.tell()
            yield batch
            batch = Imported()
    batch.position = raw.tell()
    yield batch


def _skip_rest(lines: IO[bytes]) -> None:
    while (more := lines.readline(LONGEST_LINE)) and not more.endswith(b"\n"):
        continue


def _take(line: bytes, where: str, batch: Imported) -> None:
    try:
        batch.papers.append(paper(json.loads(line)))
    except UnicodeDecodeError:
        batch.unusable.append(Unusable(where, "this is no UTF-8 text"))
    except ValueError as error:
        reason = f"this is no JSON ({error})" if isinstance(error, json.JSONDecodeError) else str(error)
        batch.unusable.append(Unusable(where, reason))
    except RecursionError:
        batch.unusable.append(Unusable(where, "this is no JSON (nested too deeply)"))


@contextmanager
def _unpacked(path: Path, raw: IO[bytes]) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.open(raw) as lines:
            yield io.BufferedReader(lines)
    elif path.suffix in (".zst", ".zstd"):
        import zstandard

        with zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(
            raw, read_across_frames=True
        ) as z:
            yield io.BufferedReader(z, 1 << 20)
    else:
        yield raw


def _zstd_error() -> type[Exception]:
    import zstandard

    return zstandard.ZstdError


def paper(row: Any) -> Paper:
    """A paper from one JSON object. Raises ValueError with the reason, in words."""
    if not _is_object(row):
        raise ValueError("this is no JSON object")
    raw_id = _text(row, "id")
    paper_id = identity.parse(raw_id)
    if paper_id is None:
        raise ValueError(f"id: {raw_id[:60]!r} is no arXiv id, DOI or link" if raw_id else "id: missing")
    title = readable(_written(row, "title"))
    if not title:
        raise ValueError("title: missing")
    url = _text(row, "url")
    return Paper(
        id=paper_id,
        title=title,
        abstract=readable(_written(row, "abstract")),
        authors=_names(row, "authors"),
        categories=_names(row, "categories"),
        published=_day(row, "published"),
        updated=_day(row, "updated"),
        announced=_day(row, "announced"),
        source=_text(row, "source") or paper_id.partition(":")[0],
        url=url if url.startswith(("http://", "https://")) else identity.address(paper_id),
        version=_whole(row, "version"),
        comment=readable(_written(row, "comment")),
        journal=_text(row, "journal"),
        doi=_text(row, "doi").lower(),
        withdrawn=bool(row.get("withdrawn")),
    )


def _is_object(row: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(row, dict)


def _text(row: Mapping[str, Any], key: str) -> str:
    return " ".join(_written(row, key).split())


def _written(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{key}: this must be text")
    return value


def _names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = row.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(", ") if key == "authors" else value.split()
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError(f"{key}: this must be a list of texts")
    return tuple(" ".join(name.split()) for name in value[:MOST_AUTHORS] if name.strip())


def _day(row: Mapping[str, Any], key: str) -> date | None:
    value = row.get(key)
    if not value:
        return None
    try:
        if not isinstance(value, str):
            raise ValueError
        return date.fromisoformat(value) if len(value) == 10 else datetime.fromisoformat(value).date()
    except ValueError:
        raise ValueError(f"{key}: {str(value)[:40]!r} is no date such as 2026-05-20") from None


def _whole(row: Mapping[str, Any], key: str) -> int:
    value = row.get(key, 1)
    return value if isinstance(value, int) and value > 0 else 1
