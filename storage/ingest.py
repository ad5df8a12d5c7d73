"""Keeping a batch of sightings: look up what is there, fold, write. One transaction a batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain import Counts, PaperId, Sighting
from storage import folding
from storage.folding import Row
from storage.statements import insert, upsert
from storage.tables import paper, paper_alias, paper_change, paper_version, vector

_REPLACEMENTS = ("replace", "replace-cross")
_COLUMNS = [column for column in paper.c if column.name != "number"]
_INSERT = sa.insert(paper)
_UPDATE = (
    paper.update()
    .where(paper.c.number == sa.bindparam("_number"))
    .values({column.name: sa.bindparam(column.name) for column in _COLUMNS})
)
_DELETE = paper.delete().where(paper.c.number == sa.bindparam("_number"))


class _Pick:
    """Rows by a list of values: one parameter whatever its length, which is cheaper than ``IN (?, ?, …)``."""

    def __init__(self, condition: str, of: Callable[[list[Any]], Any], text: Any, number: Any) -> None:
        def chosen(column: sa.Column[Any], kind: Any) -> sa.ColumnElement[bool]:
            values = sa.bindparam("values", type_=kind)
            return sa.text(f"{column.table.name}.{column.name} {condition}").bindparams(values)  # type: ignore[return-value]

        self._of = of
        self.aliases = sa.select(paper_alias.c.alias, paper_alias.c.paper_id).where(
            chosen(paper_alias.c.alias, text)
        )
        self.named = sa.select(paper).where(chosen(paper.c.id, text))
        self.titled = sa.select(paper).where(chosen(paper.c.title_hash, number))

    def listed(self, values: Iterable[Any]) -> dict[str, Any]:
        """The parameter that holds the values."""
        return {"values": self._of(list(values))}


_PICKS = {
    "sqlite": _Pick("IN (SELECT value FROM json_each(:values))", lambda values: values, sa.JSON(), sa.JSON()),
    "postgresql": _Pick("= ANY(:values)", list, sa.ARRAY(sa.Text()), sa.ARRAY(sa.BigInteger())),
}


@dataclass(eq=False)
class _Entry:
    """A paper while a batch is folded: the row as it is stored (if it is) and as it shall be."""

    row: Row
    stored: Row | None = None
    earlier: list[Row] = field(default_factory=list)
    """Versions that were replaced."""
    swallowed: list[Row] = field(default_factory=list)
    """Stored rows that turned out to be this paper."""


class _Batch:
    """The papers that a batch of sightings touches, by every name and by title."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.entries: dict[int, _Entry] = {}
        self.new = self.replaced = self.known = self.rejected = 0
        self._by_name: dict[str, _Entry] = {}
        self._by_title: dict[int, list[_Entry]] = {}
        self.aliases: dict[str, str] = {}

    def load(self, rows: Iterable[Row], aliases: dict[str, str]) -> None:
        """Take in what is stored already."""
        for row in rows:
            self._take(_Entry(row, stored=row))
        for alias, name in aliases.items():
            if name in self._by_name:
                self._by_name[alias] = self._by_name[name]

    def add(self, sighting: Sighting, hashed: int | None) -> None:
        """Fold one sighting in."""
        if not sighting.paper.id or not sighting.paper.title.strip():
            self.rejected += 1
            return
        found = self._find(sighting, hashed)
        if not found:
            replacement = sighting.kind in _REPLACEMENTS
            self.replaced += replacement
            self.new += not replacement
            self._take(_Entry(folding.first(sighting, now=self.now, hashed=hashed)), sighting)
            return
        entry = self._merged(found)
        before = entry.row
        entry.row = folding.fold(before, sighting, now=self.now, hashed=hashed)
        if _reads_differently(before, entry.row):
            entry.earlier.append(before)
        changed = sighting.kind in _REPLACEMENTS or entry.row["version"] > before["version"]
        self.replaced += changed
        self.known += not changed
        self._rename(entry, folding.better_id(entry.row["id"], sighting.paper.id))
        self._name(entry, sighting)

    def _find(self, sighting: Sighting, hashed: int | None) -> list[_Entry]:
        ours = sighting.paper.id
        found = [self._by_name[name] for name in _names(sighting) if name in self._by_name]
        found += self._by_title.get(hashed, []) if hashed is not None else []
        exact = self._by_name.get(ours)
        return [
            entry
            for entry in dict.fromkeys(found)
            if entry is exact or folding.same_work(ours, entry.row["id"])
        ]

    def _merged(self, found: list[_Entry]) -> _Entry:
        """One entry of several that a sighting shows to be one paper."""
        best = min(found, key=lambda entry: folding.rank(entry.row["id"]))
        for other in found:
            if other is not best and folding.same_work(best.row["id"], other.row["id"]):
                self._swallow(best, other)
        return best

    def _swallow(self, best: _Entry, other: _Entry) -> None:
        best.row = folding.merge(best.row, other.row)
        best.swallowed += other.swallowed
        if other.stored:
            best.swallowed.append(other.stored)
        del self.entries[id(other)]
        for name, entry in list(self._by_name.items()):
            if entry is other:
                self._by_name[name] = best
        self._by_title = {key: [best if e is other else e for e in es] for key, es in self._by_title.items()}
        self.aliases[other.row["id"]] = best.row["id"]
        self._repoint(other.row["id"], best.row["id"])

    def _rename(self, entry: _Entry, name: PaperId) -> None:
        old = entry.row["id"]
        if name == old:
            return
        entry.row = entry.row | {"id": name}
        self.aliases[old] = name
        self._repoint(old, name)

    def _repoint(self, old: str, new: str) -> None:
        self.aliases = {alias: new if name == old else name for alias, name in self.aliases.items()}
        self.aliases.pop(new, None)

    def _take(self, entry: _Entry, sighting: Sighting | None = None) -> None:
        self.entries[id(entry)] = entry
        self._by_name[entry.row["id"]] = entry
        if entry.row["title_hash"] is not None:
            self._by_title.setdefault(entry.row["title_hash"], []).append(entry)
        if sighting:
            self._name(entry, sighting)

    def _name(self, entry: _Entry, sighting: Sighting) -> None:
        for name in _names(sighting):
            self._by_name.setdefault(name, entry)
            if name != entry.row["id"] and self._by_name[name] is entry:
                self.aliases[name] = entry.row["id"]


def _names(sighting: Sighting) -> list[str]:
    paper = sighting.paper
    return [paper.id, f"doi:{paper.doi}"] if paper.doi else [paper.id]


def _reads_differently(before: Row, after: Row) -> bool:
    return any(before[name] != after[name] for name in ("version", "title", "abstract"))


async def keep(
    connection: AsyncConnection, dialect: str, sightings: Sequence[Sighting], now: datetime
) -> Counts:
    """Fold the sightings into the library, in their order."""
    hashes = [folding.title_hash(sighting.paper) for sighting in sightings]
    names = {name for sighting in sightings for name in _names(sighting)}
    batch = _Batch(now)
    batch.load(*await _stored(connection, names, {hashed for hashed in hashes if hashed is not None}))
    for sighting, hashed in zip(sightings, hashes, strict=True):
        batch.add(sighting, hashed)
    await _write(connection, dialect, batch)
    return Counts(len(sightings), batch.new, batch.replaced, batch.known, batch.rejected)


async def _stored(
    connection: AsyncConnection, names: set[str], hashes: set[int]
) -> tuple[list[Row], dict[str, str]]:
    pick = _PICKS[connection.dialect.name]
    aliases = {row[0]: row[1] for row in await connection.execute(pick.aliases, pick.listed(names))}
    rows = {}
    for query, values in ((pick.named, {*names, *aliases.values()}), (pick.titled, hashes)):
        for row in (await connection.execute(query, pick.listed(values))).mappings():
            rows[row["number"]] = _as_kept(dict(row))
    return list(rows.values()), aliases


def _as_kept(row: Row) -> Row:
    for name in ("authors", "categories", "sources"):
        row[name] = tuple(row[name])
    return row


async def _write(connection: AsyncConnection, dialect: str, batch: _Batch) -> None:
    await _swallow(connection, batch)
    new = [entry.row for entry in batch.entries.values() if entry.stored is None]
    changed = [e for e in batch.entries.values() if e.stored is not None and e.row != e.stored]
    if changed:
        await connection.execute(_UPDATE, [entry.row | {"_number": entry.row["number"]} for entry in changed])
        await _remember_versions(connection, dialect, batch, changed)
        await _note_changes(connection, batch, changed)
        await _forget_vectors(connection, changed)
    if new:
        await connection.execute(_INSERT, new)
    if batch.aliases:
        rows = [{"alias": alias, "paper_id": name} for alias, name in batch.aliases.items()]
        await connection.execute(upsert(dialect, paper_alias), rows)
    for entry in changed:
        if entry.stored and entry.stored["id"] != entry.row["id"]:
            await _rename(connection, entry.stored["id"], entry.row["id"])


async def _swallow(connection: AsyncConnection, batch: _Batch) -> None:
    for entry in batch.entries.values():
        for row in entry.swallowed:
            await connection.execute(_DELETE, {"_number": row["number"]})
            await _rename(connection, row["id"], entry.row["id"])


async def _rename(connection: AsyncConnection, old: str, new: str) -> None:
    """Let everything that is looked up by an id alone follow the paper; the rest finds it by its alias."""
    pointed: Any = paper_alias.update().where(paper_alias.c.paper_id == old).values(paper_id=new)
    await connection.execute(pointed)
    await connection.execute(paper_alias.delete().where(paper_alias.c.alias == new))
    await connection.execute(vector.delete().where(vector.c.paper_id == old))
    there = sa.select(paper_version.c.version).where(paper_version.c.paper_id == new)
    mine = paper_version.c.paper_id == old
    await connection.execute(paper_version.delete().where(mine, paper_version.c.version.in_(there)))
    await connection.execute(paper_version.update().where(mine).values(paper_id=new))


async def _forget_vectors(connection: AsyncConnection, changed: Sequence[_Entry]) -> None:
    """A paper that reads differently is embedded anew."""
    texts = ("title", "abstract")
    stale = [e.row["id"] for e in changed if e.stored and any(e.stored[t] != e.row[t] for t in texts)]
    if stale:
        await connection.execute(vector.delete().where(vector.c.paper_id.in_(stale)))


async def _remember_versions(
    connection: AsyncConnection, dialect: str, batch: _Batch, changed: list[_Entry]
) -> None:
    rows = [
        {
            "paper_id": entry.row["id"],
            "version": old["version"],
            "title": old["title"],
            "abstract": old["abstract"],
            "updated": old["updated"],
            "replaced_at": batch.now,
        }
        for entry in changed
        for old in entry.earlier
        if old["version"] < entry.row["version"]
    ]
    if rows:
        await connection.execute(insert(dialect, paper_version).on_conflict_do_nothing(), rows)


async def _note_changes(connection: AsyncConnection, batch: _Batch, changed: list[_Entry]) -> None:
    rows = [
        {"paper_id": entry.row["id"], "kind": kind, "before": entry.stored["version"], "at": batch.now}
        for entry in changed
        if entry.stored
        for kind in folding.changes(entry.stored, entry.row)
    ]
    if rows:
        await connection.execute(sa.insert(paper_change), rows)
