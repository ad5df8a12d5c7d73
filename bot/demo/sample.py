"""The sample edition as arXiv's answers: an announcement feed, API entries and HTML papers.

All papers are invented for Paperboy. Their numbers begin at 90001, which no month of arXiv reaches.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Any
from xml.sax.saxutils import escape

MARK = "Invented for Paperboy's sample edition."
FIRST = 90001


@dataclass(frozen=True, slots=True)
class Sample:
    """One invented paper; ``sections`` are (title, text)."""

    number: str
    title: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    abstract: str
    sections: tuple[tuple[str, str], ...]


@cache
def edition(day: date) -> tuple[Sample, ...]:
    """The papers of the edition, with ids of the day's month."""
    lines = files(__package__).joinpath("edition.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(_sample(json.loads(line), f"{day:%y%m}.{FIRST + n}") for n, line in enumerate(lines))


def _sample(row: dict[str, Any], number: str) -> Sample:
    return Sample(
        number,
        str(row["title"]),
        tuple(row["authors"]),
        tuple(row["categories"]),
        str(row["abstract"]),
        tuple((title, body) for title, body in row.get("sections", [])),
    )


def feed(day: date, categories: Sequence[str]) -> str:
    """The announcement of ``day`` for ``categories``, as Atom."""
    listed = [paper for paper in edition(day) if set(paper.categories) & set(categories)]
    entries = "".join(_announced(paper, day, categories) for paper in listed)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">\n'
        f"<id>sample/{'+'.join(categories)}</id><title>Paperboy's sample edition</title>"
        f"<updated>{day}T00:00:00-05:00</updated>{entries}</feed>\n"
    )


def _announced(paper: Sample, day: date, categories: Sequence[str]) -> str:
    kind = "new" if paper.categories[0] in categories else "cross"
    terms = "".join(f'<category term="{name}"/>' for name in paper.categories)
    return (
        f"<entry><id>oai:arXiv.org:{paper.number}v1</id><title>{escape(paper.title)}</title>"
        f"<updated>{day}T00:00:00-05:00</updated>"
        f'<link href="https://arxiv.org/abs/{paper.number}" rel="alternate" type="text/html"/>'
        f"<summary>arXiv:{paper.number}v1 Announce Type: {kind} \n"
        f"Abstract: {escape(paper.abstract)}</summary>"
        f"{terms}<published>{day}T00:00:00-05:00</published>"
        f"<arxiv:announce_type>{kind}</arxiv:announce_type>"
        f"<dc:creator>{escape(', '.join(paper.authors))}</dc:creator></entry>"
    )


def answer(day: date, numbers: Sequence[str], words: Sequence[str]) -> str:
    """The API's answer for ids, or for words that all stand in title or abstract."""
    chosen = [paper for paper in edition(day) if _asked(paper, numbers, words)]
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        "<id>sample</id><title>Paperboy's sample edition</title>"
        f"<opensearch:totalResults>{len(chosen)}</opensearch:totalResults>"
        f"{''.join(_entry(paper, day) for paper in chosen)}</feed>\n"
    )


def _asked(paper: Sample, numbers: Sequence[str], words: Sequence[str]) -> bool:
    if numbers:
        return any(number.partition("v")[0] == paper.number for number in numbers)
    text = f"{paper.title} {paper.abstract}".lower()
    return bool(words) and all(word in text for word in words)


def _entry(paper: Sample, day: date) -> str:
    people = "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
    terms = "".join(f'<category term="{name}"/>' for name in paper.categories)
    return (
        f"<entry><id>http://arxiv.org/abs/{paper.number}v1</id><title>{escape(paper.title)}</title>"
        f"<updated>{day}T00:00:00Z</updated><published>{day}T00:00:00Z</published>"
        f"<summary>{escape(paper.abstract)}</summary>{people}"
        f'<link href="http://arxiv.org/abs/{paper.number}v1" rel="alternate" type="text/html"/>'
        f'<arxiv:primary_category term="{paper.categories[0]}"/>{terms}'
        f"<arxiv:comment>{escape(MARK)}</arxiv:comment></entry>"
    )


def page(day: date, number: str) -> str | None:
    """The paper as an HTML page of the kind arXiv makes with LaTeXML; None where it has only an abstract."""
    found = next((p for p in edition(day) if p.number == number.partition("v")[0] and p.sections), None)
    if found is None:
        return None
    parts = "".join(
        f'<section id="S{n}" class="ltx_section"><h2 class="ltx_title ltx_title_section">'
        f'<span class="ltx_tag ltx_tag_section">{n} </span>{escape(title)}</h2>'
        f'<div class="ltx_para"><p class="ltx_p">{escape(body)}</p></div></section>'
        for n, (title, body) in enumerate(found.sections, 1)
    )
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(found.title)}</title></head><body>"
        '<article class="ltx_document"><h1 class="ltx_title ltx_title_document">'
        f"{escape(found.title)}</h1>"
        f'<div class="ltx_abstract"><h6 class="ltx_title ltx_title_abstract">Abstract</h6>'
        f'<p class="ltx_p">{escape(found.abstract)}</p></div>{parts}</article></body></html>'
    )
