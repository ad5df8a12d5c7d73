"""Looking again at papers that people met: what is new of them since, where no feed would tell.

A feed tells of replacements in the categories it is read for. A paper that came by a link, from a journal, or
whose preprint was published or retracted elsewhere is asked about here (docs/decisions/0132).
"""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import identity
from bot.domain import Paper, PaperId, Sighting
from bot.errors import NotFound, SourceError
from bot.ports import Changes, Clock, Lookup, Papers

BACK = timedelta(days=180)
"""How long after it was met last a paper is looked at again; saved ones always are."""
EVERY, JOURNALS_EVERY = 7, 28
"""Days between two looks at a paper, and at whether a journal has it."""
MOST_ARXIV, MOST_OTHERS, MOST_JOURNALS = 600, 100, 150
"""Papers a day; arXiv answers for a hundred at once, everybody else for one."""
_log = structlog.get_logger(__name__)

Journals = Callable[[Paper], Awaitable[Paper | None]]
"""What a preprint was published as; raises SourceError."""


class Revisit:
    """Asks once a day about a seventh of the papers that are watched."""

    def __init__(
        self,
        *,
        changes: Changes,
        papers: Papers,
        lookups: Sequence[Lookup],
        journals: Journals | None,
        clock: Clock,
    ) -> None:
        self._changes = changes
        self._papers = papers
        self._lookups = tuple(lookups)
        self._journals = journals
        self._clock = clock

    async def look(self) -> int:
        """Ask, and keep what came; how many papers were found. Raises StorageError."""
        now = self._clock.now()
        today = now.date().toordinal()
        watched = await self._changes.watched(now - BACK)
        due = [name for name in watched if _share(name, EVERY) == today % EVERY]
        arxiv = [name for name in due if name.startswith("arxiv:")][:MOST_ARXIV]
        others = [name for name in due if not name.startswith("arxiv:")][:MOST_OTHERS]
        monthly = [name for name in watched if _share(name, JOURNALS_EVERY) == today % JOURNALS_EVERY]
        found = [*await self._found([*arxiv, *others]), *await self._published(monthly[:MOST_JOURNALS])]
        if found:
            await self._papers.add([Sighting(paper, "known") for paper in found], now=self._clock.now())
        return len(found)

    async def _found(self, ids: Sequence[PaperId]) -> list[Paper]:
        found: dict[PaperId, Paper] = {}
        for lookup in self._lookups:
            missing = [name for name in ids if name not in found]
            try:
                found |= {paper.id: paper for paper in await lookup.find(missing)}
            except (SourceError, NotFound) as error:
                _log.info("not looked at again", papers=len(missing), error=error)
        return list(found.values())

    async def _published(self, ids: Sequence[PaperId]) -> list[Paper]:
        """The preprints among ``ids`` that a journal has, with what it says of them."""
        if self._journals is None:
            return []
        found = []
        for paper in await self._papers.many(ids):
            if not identity.is_preprint(paper.id):
                continue
            try:
                journal = await self._journals(paper)
            except (SourceError, NotFound) as error:
                _log.info("journals not asked", paper=paper.id, error=error)
                break  # the register is away: the others come in four weeks
            if journal is not None:
                found.append(_with(paper, journal))
        return found


def _share(paper_id: PaperId, parts: int) -> int:
    """Which part of the papers it belongs to: the same every time, without a row to remember it."""
    return zlib.crc32(paper_id.encode()) % parts


def _with(paper: Paper, journal: Paper) -> Paper:
    """The preprint with its journal, DOI and fate there."""
    doi = journal.doi or (journal.id.removeprefix("doi:") if journal.id.startswith("doi:") else "")
    return replace(
        paper,
        journal=paper.journal or journal.journal,
        doi=paper.doi or doi,
        retracted=paper.retracted or journal.retracted,
    )
