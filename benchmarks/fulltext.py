"""How fast and how well are full texts read? ``python -m benchmarks.fulltext [DATA] [--abstracts 1000]``

Over every file of ``fulltext/``: pages a CPU second end to end (the child's start counted), peak memory of a
child, and what the text looks like: sections, leftovers of references, joined hyphens, page numbers. Then
the embedded reader over all of it and over abstracts of the corpus: claims and answers printed, quotes that
do not stand in the text, blanks such as "N/A", CPU per summary and per answer. Both last counts must be 0.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import zstandard

from benchmarks.data import data_root, json_lines
from bot.domain import Evidence, FullText, Paper, PaperId, Question
from bot.errors import TextUnavailable
from bot.evidence import Lock, present
from bot.fulltext.html import read_html
from bot.fulltext.jats import read_jats
from bot.fulltext.passages import abstract_only
from bot.fulltext.pdf import read_pdf
from bot.llm.embedded import EmbeddedAnswerer, EmbeddedSummarizer
from bot.llm.extract_answer import retrieve

QUESTIONS = (
    "What dataset did they use?", "How many parameters does it have?", "What are the limitations?",
    "Does it run in real time?", "Is the code available?", "What are the main results?",
    "Which optimizer was used?", "What is this paper about?", "Does it work for protein folding?",
)  # fmt: skip


@dataclass(slots=True)
class Tally:
    """What the embedded reader printed, and what of it is wrong."""

    papers: int = 0
    claims: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    quotes: int = 0
    not_in_text: int = 0
    blanks: int = 0
    no_gist: int = 0
    reading: float = 0.0
    answering: float = 0.0


async def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("data", nargs="?", type=Path, default=data_root())
    parser.add_argument("--abstracts", type=int, default=1000)
    given = parser.parse_args()
    texts = await extract(_files(given.data / "fulltext"))
    for name, text in texts.items():
        describe(name, text)
    tally = Tally()
    for name, text in texts.items():
        await read(Paper(PaperId(name), name), text, tally)
    report("full texts", tally)
    tally = Tally()
    for paper in islice(abstracts(given.data), given.abstracts):
        await read(paper, abstract_only(paper), tally)
    report("abstracts", tally)


async def extract(files: Sequence[Path]) -> dict[str, FullText]:
    """All texts that can be read; says why for the others, and what it cost."""
    texts: dict[str, FullText] = {}
    spent: dict[str, float] = defaultdict(float)
    units = Counter[str]()
    for file in files:
        kind, data, began = file.suffix.lstrip("."), read_bytes(file), _cpu()
        try:
            text = texts[file.name] = await _text(file, data)
        except TextUnavailable as error:
            print(f"{file.name}: {error}")
            continue
        spent[kind] += _cpu() - began
        units[kind] += text.pages or 1
    for kind, number in units.items():
        name = "pages" if kind == "pdf" else "files"
        print(f"{kind}: {number} {name} in {spent[kind]:.2f} CPU s = {number / spent[kind]:.0f} {name}/CPU s")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"peak memory of a child {peak:.0f} MB")
    return texts


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def read_bytes(file: Path) -> bytes:
    """The file's content, outside the time that is measured."""
    return file.read_bytes()


async def _text(file: Path, data: bytes) -> FullText:
    paper = PaperId(file.name)
    if file.suffix == ".pdf":
        return await read_pdf(data, paper_id=paper, version=1)
    reader = read_html if file.suffix == ".html" else read_jats
    return reader(data, paper_id=paper, version=1)


def _cpu() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


_REFERENCE = re.compile(r"^\[\d+\] [A-Z]|^[A-Z][\w-]+, [A-Z]\..{0,80}\(?(?:19|20)\d{2}\)?\.")
_BROKEN = re.compile(r"\b\w+- [a-z]{2,}\b")


def describe(name: str, text: FullText) -> None:
    """One line about a text: kinds, sections, and leftovers that should not be there."""
    kinds = Counter(passage.kind for passage in text.passages)
    bodies = [passage.text for passage in text.passages if passage.kind == "body"]
    print(
        f"{name[:34]:34} {dict(kinds)} sections {len({p.section for p in text.passages})} "
        f"references left {sum(bool(_REFERENCE.match(body)) for body in bodies)} "
        f"broken words {sum(len(_BROKEN.findall(body)) for body in bodies)} "
        f"bare numbers {sum(body.strip().isdigit() for body in bodies)} hidden {len(text.hidden)} {text.note}"
    )


async def read(paper: Paper, text: FullText, tally: Tally) -> None:
    """Summary and answers for one paper, checked."""
    lock = Lock(text.passages)
    tally.papers += 1
    began = time.process_time()
    summary = await EmbeddedSummarizer().summarize(paper, text)
    tally.reading += time.process_time() - began
    tally.claims += len(summary.claims)
    tally.no_gist += not summary.gist
    tally.blanks += sum(
        not present(line) for line in [*(c.text for c in summary.claims), summary.gist or "x"]
    )
    shown = [claim.evidence for claim in summary.claims]
    began = time.process_time()
    for words in QUESTIONS:
        found = retrieve(words, text.passages, limit=8)
        answer = await EmbeddedAnswerer().answer(Question(words, (paper,), tuple(found)))
        tally.answers[answer.outcome.value] += 1
        shown += [*answer.evidence, *answer.nearest]
    tally.answering += time.process_time() - began
    check(shown, lock, tally)


def check(shown: list[Evidence], lock: Lock, tally: Tally) -> None:
    tally.quotes += len(shown)
    tally.blanks += sum(not present(evidence.quote) for evidence in shown)
    tally.not_in_text += sum(lock.find(evidence.quote) is None for evidence in shown)


def abstracts(data: Path) -> Iterator[Paper]:
    """Papers of the corpus that have an abstract."""
    packed = (data / "corpus/arxiv.jsonl.zst").open("rb")
    with packed, zstandard.ZstdDecompressor().stream_reader(packed) as raw:
        for row in json_lines(io.TextIOWrapper(raw, "utf-8")):
            if row.get("abstract"):
                yield Paper(PaperId(f"arxiv:{row['id']}"), row["title"], row["abstract"])


def report(name: str, tally: Tally) -> None:
    """What was printed for those papers."""
    asked = tally.answers.total()
    print(
        f"{name}: {tally.papers} papers, {tally.claims} claims, {tally.quotes} quotes; not in the text "
        f"{tally.not_in_text}, blanks {tally.blanks}, without a gist {tally.no_gist}; answers "
        f"{dict(tally.answers)}; {1000 * tally.reading / tally.papers:.0f} ms CPU a summary, "
        f"{1000 * tally.answering / asked:.0f} ms an answer"
    )


if __name__ == "__main__":
    asyncio.run(main())
