"""Where the real data lies, and how its files are read."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def data_root(arguments: Sequence[str] = ()) -> Path:
    """The first argument, else PAPERBOY_DATA, else ``../shared/data`` beside the project."""
    named = arguments[0] if arguments else os.environ.get("PAPERBOY_DATA", "")
    return Path(named) if named else ROOT.parent / "shared" / "data"


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines file, ``.gz`` or plain."""
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from json_lines(lines)
    else:
        with path.open(encoding="utf-8") as lines:
            yield from json_lines(lines)


def json_lines(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """One object a line; empty lines are passed over."""
    for line in lines:
        if line.strip():
            yield json.loads(line)


@dataclass(frozen=True, slots=True)
class GistCase:
    """An abstract in sentences, and what authors and reviewers wrote as its gist."""

    paper_id: str
    title: str
    sentences: tuple[str, ...]
    references: tuple[str, ...]


def gist_cases(path: Path) -> Iterator[GistCase]:
    """The cases of a file in SciTLDR's format."""
    for row in read_lines(path):
        target = row.get("target") or []
        references = (target,) if isinstance(target, str) else tuple(target)
        yield GistCase(row.get("paper_id", ""), row.get("title", ""), tuple(row["source"]), references)


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, the sentences of an abstract that bears on it, and which of them are evidence."""

    claim: str
    document: str
    sentences: tuple[str, ...]
    evidence: frozenset[int]


def evidence_cases(folder: Path, claims: Path | None = None, evidence: Path | None = None) -> list[Case]:
    """The cases of SciFact as laid out in the data folder."""
    texts = {row["id"]: row["text"] for row in read_lines(claims or folder / "queries.jsonl")}
    abstracts = {row["id"]: tuple(row["sentences"]) for row in read_lines(folder / "corpus.jsonl.gz")}
    found: dict[tuple[str, str], set[int]] = {}
    for row in read_lines(evidence or folder / "evidence.jsonl"):
        found.setdefault((row["query_id"], row["doc"]), set()).update(row["sentences"])
    return [
        Case(texts[claim], document, abstracts[document], frozenset(numbers))
        for (claim, document), numbers in found.items()
    ]
