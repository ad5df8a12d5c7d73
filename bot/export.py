"""Lists of papers as BibTeX, RIS and CSV, authors in the paper's order; pure."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from bot.domain import Paper

_SPECIAL = re.compile(r"([&%$#_{}])")
_OTHERS = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def bibtex(papers: Sequence[Paper]) -> str:
    """One entry a paper; keys are first author, year, first long word, made unique by a letter."""
    keys: dict[str, int] = {}
    return "\n".join(_entry(paper, _unique(_key(paper), keys)) for paper in papers)


def _unique(key: str, taken: dict[str, int]) -> str:
    taken[key] = taken.get(key, 0) + 1
    count = taken[key]
    return key if count == 1 else f"{key}{chr(ord('a') + count - 2)}" if count < 28 else f"{key}-{count}"


def _entry(paper: Paper, key: str) -> str:
    kind, number = paper.id.partition(":")[::2]
    when = _when(paper)
    fields = {
        "title": "{" + _tex(paper.title) + "}",
        "author": " and ".join(_tex(name) for name in paper.authors),
        "year": str(when.year) if when else "",
        "journal": _tex(paper.journal),
        "doi": _tex(paper.doi or (number if kind == "doi" else "")),
        "url": paper.url,
    }
    if kind == "arxiv":
        fields |= {"eprint": number, "archiveprefix": "arXiv", "primaryclass": (paper.categories or ("",))[0]}
    body = "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items() if value)
    return f"@{'article' if paper.journal else 'misc'}{{{key},\n{body}}}\n"


def _key(paper: Paper) -> str:
    last = paper.authors[0].split()[-1] if paper.authors else "anonymous"
    when = _when(paper)
    word = next((w for w in re.findall(r"\w+", paper.title) if len(w) > 3), "paper")
    return _letters(last) + (str(when.year) if when else "") + _letters(word)


def _letters(words: str) -> str:
    flat = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", flat.lower()) or "x"


def _tex(words: str) -> str:
    swapped = "".join(_OTHERS.get(letter, letter) for letter in words) if set(words) & set(_OTHERS) else words
    if swapped is not words:
        return _SPECIAL.sub(_escape_unless_ours, swapped)
    return _SPECIAL.sub(r"\\\1", words)


def _escape_unless_ours(match: re.Match[str]) -> str:
    return match[0] if match[0] in "{}" else "\\" + match[0]


def ris(papers: Sequence[Paper]) -> str:
    """One record a paper."""
    return "\n".join(_record(paper) for paper in papers)


def _record(paper: Paper) -> str:
    when = _when(paper)
    rows = [
        ("TY", "JOUR" if paper.journal else "UNPB"),
        ("TI", paper.title),
        *(("AU", _reversed(name)) for name in paper.authors),
        ("PY", str(when.year) if when else ""),
        ("DA", f"{when:%Y/%m/%d}" if when else ""),
        ("JO", paper.journal),
        ("DO", paper.doi),
        ("AB", paper.abstract),
        ("UR", paper.url),
        ("ID", paper.id),
    ]
    body = "\n".join(f"{tag}  - {' '.join(value.split())}" for tag, value in rows if value)
    return f"{body}\nER  - \n"


def _reversed(name: str) -> str:
    first, _, last = name.rpartition(" ")
    return f"{last}, {first}" if first else name


def table(papers: Sequence[Paper]) -> str:
    """A row a paper; cells that a spreadsheet would run as formulas begin with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["id", "title", "authors", "published", "categories", "doi", "url"])
    for paper in papers:
        when = _when(paper)
        row = [
            paper.id,
            paper.title,
            "; ".join(paper.authors),
            when.isoformat() if when else "",
            " ".join(paper.categories),
            paper.doi,
            paper.url,
        ]
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell


def _when(paper: Paper) -> date | None:
    return paper.published or paper.announced or paper.updated


FORMATS: Mapping[str, tuple[str, Callable[[Sequence[Paper]], str]]] = {
    "bibtex": ("bib", bibtex),
    "ris": ("ris", ris),
    "csv": ("csv", table),
}
