"""Full texts and summaries, so that nothing is fetched or paid for twice."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from bot.domain import Claim, Evidence, FullText, PaperId, Part, Passage, Summary
from storage import aliases
from storage.engine import Database
from storage.statements import upsert
from storage.tables import reading, summary


class Readings:
    """Implements ``bot.ports.Readings``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def text(self, paper_id: PaperId, version: int) -> FullText | None:
        """The kept text of one version."""
        async with self._database.reading() as connection:
            names = await aliases.names(connection, [paper_id])
            query = sa.select(reading.c.text).where(
                reading.c.paper_id.in_(list(names)), reading.c.version == version
            )
            found = await connection.scalar(query.order_by(reading.c.kept_at.desc()).limit(1))
        return None if found is None else _text(found, paper_id)

    async def keep_text(self, text: FullText, *, now: datetime) -> None:
        """Keep a text."""
        row = {"paper_id": text.paper_id, "version": text.version, "text": _packed(text), "kept_at": now}
        async with self._database.writing() as connection:
            await connection.execute(upsert(self._database.dialect, reading), row)

    async def summary(
        self, paper_id: PaperId, *, prompt_version: str, model: str, language: str
    ) -> Summary | None:
        """The kept summary of exactly this making."""
        async with self._database.reading() as connection:
            names = await aliases.names(connection, [paper_id])
            query = sa.select(summary).where(
                summary.c.paper_id.in_(list(names)),
                summary.c.prompt_version == prompt_version,
                summary.c.model == model,
                summary.c.language == language,
            )
            row = (await connection.execute(query.order_by(summary.c.kept_at.desc()).limit(1))).first()
        return _summary(row, paper_id) if row else None

    async def keep_summary(self, made: Summary, *, now: datetime) -> None:
        """Keep a summary."""
        row = asdict(made) | {"kept_at": now}
        async with self._database.writing() as connection:
            await connection.execute(upsert(self._database.dialect, summary), row)


def _packed(text: FullText) -> dict[str, Any]:
    fields = asdict(text)
    fields["passages"] = [[p.text, p.section, p.page, p.kind, p.number] for p in text.passages]
    return fields


def _text(fields: dict[str, Any], paper_id: PaperId) -> FullText:
    passages = tuple(
        Passage(paper_id, number, text, section, page, kind)
        for text, section, page, kind, number in fields["passages"]
    )
    hidden = tuple(fields["hidden"])
    return FullText(**fields | {"paper_id": paper_id, "passages": passages, "hidden": hidden})


def _summary(row: sa.Row[Any], paper_id: PaperId) -> Summary:
    claims = tuple(
        Claim(Part(claim["part"]), claim["text"], Evidence(**claim["evidence"])) for claim in row.claims
    )
    return Summary(
        paper_id,
        row.gist,
        claims,
        row.model,
        row.basis,
        row.language,
        row.made_at,
        row.prompt_version,
        row.note,
    )
