"""Real full texts for benchmarks: arXiv's HTML, JATS and PDF as the program reads them."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from bot.domain import FullText, Paper, PaperId
from bot.errors import PaperboyError
from bot.fulltext.html import read_html
from bot.fulltext.jats import read_jats
from bot.fulltext.pdf import read_pdf

_LEAST = 20


def full_texts(folder: Path) -> list[tuple[Paper, FullText]]:
    """The papers of ``fulltext`` with at least twenty passages, each with its text, by file name."""
    if not folder.is_dir():
        sys.exit(f"{folder} is not there; name the data's folder or set PAPERBOY_DATA.")
    found = []
    for file in sorted(folder.glob("*/*")):
        text = _read(file)
        if text and len(text.passages) >= _LEAST:
            abstract = " ".join(p.text for p in text.passages if p.kind == "abstract")
            found.append((Paper(text.paper_id, file.stem, abstract=abstract), text))
    return found


def _read(file: Path) -> FullText | None:
    name, data = PaperId(f"url:{file.name}"), file.read_bytes()
    try:
        if file.suffix == ".html":
            return read_html(data, paper_id=name, version=1)
        if file.suffix == ".nxml":
            return read_jats(data, paper_id=name, version=1)
        if file.suffix == ".pdf" and file.parent.name == "pdf":
            return asyncio.run(read_pdf(data, paper_id=name, version=1))
    except PaperboyError as error:
        print(f"{file.name}: {error}")
    return None
