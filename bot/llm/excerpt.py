"""What of a paper a model is given: all of it where it fits, else its sections by their worth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from bot.domain import FullText, Passage
from bot.fulltext.sections import Role, role
from bot.llm.budget import tokens

_NEVER = frozenset({Role.BACK})
_WORTH: dict[Role, int] = {
    Role.ABSTRACT: 0,
    Role.CONCLUSION: 1,
    Role.LIMITATIONS: 1,
    Role.INTRODUCTION: 2,
    Role.RESULTS: 3,
    Role.ABLATION: 3,
    Role.METHOD: 4,
    Role.EXPERIMENTS: 4,
    Role.FUTURE: 4,
    Role.OTHER: 5,
    Role.DISCUSSION: 5,
    Role.DATA: 5,
    Role.RELATED: 7,
    Role.APPENDIX: 8,
}
_SHARE = 0.25
"""Of the budget, at most this share goes to one section while others wait."""


def fingerprint(text: FullText) -> str:
    """A short hash of what was read, to keep results under: extractor, version and every passage."""
    digest = hashlib.sha256(f"{text.extractor}\0{text.version}\0{text.basis}".encode())
    for passage in text.passages:
        digest.update(f"\0{passage.section}\0{passage.page}\0{passage.text}".encode("utf-8", "replace"))
    return digest.hexdigest()[:16]


def readable(passages: Sequence[Passage]) -> list[Passage]:
    """The passages that say something about the work: no acknowledgements and checklists, no appendix
    where there is a body, no tables, the numbers of which stand in the text that matters."""
    kept = [p for p in passages if role(p.section) not in _NEVER and p.text.strip()]
    body = [p for p in kept if role(p.section) != Role.APPENDIX]
    return body if len(body) >= 8 else kept


def choose(passages: Sequence[Passage], room: int) -> list[Passage]:
    """Passages worth at most ``room`` tokens, in reading order.

    Sections are served by their worth, each its beginning first and at most a quarter of the room, and
    what is left goes to what waits, again by worth.
    """
    useful = readable(passages)
    costs = [cost(p) for p in useful]
    if sum(costs) <= room:
        return useful
    order = sorted(range(len(useful)), key=lambda i: (worth(useful[i]), useful[i].number))
    chosen: set[int] = set()
    used: dict[str, int] = {}
    left = room
    for limit in (room * _SHARE, room):
        for i in order:
            section = useful[i].section
            if i in chosen or costs[i] > left or used.get(section, 0) + costs[i] > limit:
                continue
            chosen.add(i)
            used[section] = used.get(section, 0) + costs[i]
            left -= costs[i]
    return [useful[i] for i in sorted(chosen)]


def cost(passage: Passage) -> int:
    """Tokens of a passage with its place."""
    return tokens(passage.text) + 6


def worth(passage: Passage) -> int:
    """How early its section is read where there is not room for all: 0 comes first."""
    return 0 if passage.kind == "abstract" else _WORTH.get(role(passage.section), 5)


def chunks(passages: Sequence[Passage], room: int) -> Iterator[list[Passage]]:
    """Runs of passages of at most ``room`` tokens each, for models with a small context."""
    run: list[Passage] = []
    used = 0
    for passage in passages:
        if run and used + cost(passage) > room:
            yield run
            run, used = [], 0
        run.append(passage)
        used += cost(passage)
    if run:
        yield run
