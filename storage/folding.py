"""How a sighting becomes part of a paper's row: what is new, what is kept. Pure.

A row is a dictionary by the columns of ``tables.paper``; ``number`` is missing while it is not stored.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any, TypeAlias

from bot.domain import ChangeKind, Paper, PaperId, Sighting, SightingKind
from bot.identity import title_key

Row: TypeAlias = dict[str, Any]

_NEWS = ("new", "cross")
_REPLACEMENTS = ("replace", "replace-cross")
# Which id a paper keeps when it has several: arXiv serves texts and versions, a DOI lasts longer than a link.
_RANKS = {"arxiv": 0, "doi": 1}


def title_hash(paper: Paper) -> int | None:
    """A number (64 bits, signed) that papers with the same normalised title and first author share."""
    key = title_key(paper.title, paper.authors)
    if not key:
        return None
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def same_work(ours: str, theirs: str) -> bool:
    """Whether two ids may be one paper: never two arXiv ids, never two DOIs of one publisher."""
    return ours == theirs or _publisher(ours) != _publisher(theirs)


def _publisher(name: str) -> str:
    scheme, _, rest = name.partition(":")
    return scheme if scheme == "arxiv" else f"{scheme}:{rest.partition('/')[0]}" if scheme == "doi" else name


def better_id(ours: PaperId, theirs: PaperId) -> PaperId:
    """The id to keep of two that mean one paper; ours where they are equally good."""
    return theirs if rank(theirs) < rank(ours) else ours


def rank(name: str) -> int:
    """How good an id is; 0 is best."""
    return _RANKS.get(name.partition(":")[0], 2)


def first(sighting: Sighting, *, now: datetime, hashed: int | None) -> Row:
    """The row of a paper that was not there."""
    paper = sighting.paper
    announced = None if sighting.kind in _REPLACEMENTS else paper.announced
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "categories": paper.categories,
        "sources": (paper.source,) if paper.source else (),
        "published": paper.published,
        "updated": paper.updated,
        "announced": announced,
        "source": paper.source,
        "url": paper.url,
        "version": paper.version,
        "comment": paper.comment,
        "journal": paper.journal,
        "doi": paper.doi,
        "withdrawn": paper.withdrawn,
        "retracted": paper.retracted,
        "code": paper.code,
        "featured": paper.featured,
        "upvotes": paper.upvotes,
        "comments": paper.comments,
        "day": announced or paper.published,
        "news_at": now if sighting.kind in _NEWS else None,
        "title_hash": hashed,
        "added_at": now,
    }


def fold(row: Row, sighting: Sighting, *, now: datetime, hashed: int | None) -> Row:
    """The row with what the sighting adds.

    Texts are replaced by a later version only, and only by the source that the id belongs to: a journal's
    teaser does not displace arXiv's abstract. Everything else is filled where it was empty.
    """
    paper = sighting.paper
    own = _publisher(row["id"]) == _publisher(paper.id)
    newer = own and replaces(row, paper, sighting.kind)
    folded = row | _texts(row, paper, newer=newer) | _signals(row, paper)
    folded["categories"] = _union(row["categories"], paper.categories)
    folded["sources"] = _union(row["sources"], (paper.source,) if paper.source else ())
    folded["published"] = _earliest(row["published"], paper.published)
    folded["updated"] = max(filter(None, (row["updated"], paper.updated)), default=None)
    if sighting.kind not in _REPLACEMENTS and own:
        folded["announced"] = _earliest(row["announced"], paper.announced)
    folded["day"] = folded["announced"] or folded["published"]
    folded["version"] = max(row["version"], paper.version) if own else row["version"]
    folded["withdrawn"] = paper.withdrawn if newer else row["withdrawn"] or (own and paper.withdrawn)
    folded["retracted"] = row["retracted"] or paper.retracted
    if sighting.kind in _NEWS:
        folded["news_at"] = row["news_at"] or now
    if newer and hashed is not None:
        folded["title_hash"] = hashed
    return folded


def replaces(row: Row, paper: Paper, kind: SightingKind) -> bool:
    """Whether a sighting is a later version than the row's, or the same one, corrected."""
    if paper.version != row["version"]:
        return bool(paper.version > row["version"])
    return kind in _REPLACEMENTS and bool(paper.title) and _later(paper.updated, row["updated"])


def _later(theirs: date | None, ours: date | None) -> bool:
    return theirs is not None and (ours is None or theirs > ours)


def _texts(row: Row, paper: Paper, *, newer: bool) -> Row:
    fresh = {
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "comment": paper.comment,
        "journal": paper.journal,
        "doi": paper.doi,
        "url": paper.url,
        "source": paper.source,
        "code": paper.code,
    }
    keep = ("url", "source", "doi")
    return {
        name: value if value and ((newer and name not in keep) or not row[name]) else row[name]
        for name, value in fresh.items()
    }


def _signals(row: Row, paper: Paper) -> Row:
    return {
        "featured": row["featured"] or paper.featured,
        "upvotes": row["upvotes"] if paper.upvotes is None else paper.upvotes,
        "comments": row["comments"] if paper.comments is None else paper.comments,
    }


def changes(before: Row, after: Row) -> list[ChangeKind]:
    """What happened to a paper that somebody who read it would want to know."""
    happened: list[ChangeKind] = []
    texts = [name for name in ("title", "abstract") if before[name] and before[name] != after[name]]
    if after["version"] > before["version"] and texts:
        happened.append("replaced")
    if after["withdrawn"] and not before["withdrawn"]:
        happened.append("withdrawn")
    if after["retracted"] and not before["retracted"]:
        happened.append("retracted")
    if (after["journal"] or after["doi"]) and not (before["journal"] or before["doi"]):
        happened.append("published")
    return happened


def merge(row: Row, other: Row) -> Row:
    """One row of two that turned out to be one paper; ``row`` has the better id."""
    merged = {name: value if value not in (None, "", (), []) else other[name] for name, value in row.items()}
    merged["categories"] = _union(row["categories"], other["categories"])
    merged["sources"] = _union(row["sources"], other["sources"])
    for name in ("published", "announced", "news_at"):
        merged[name] = _earliest(row[name], other[name])
    merged["day"] = merged["announced"] or merged["published"]
    merged["retracted"] = row["retracted"] or other["retracted"]
    return merged


def _union(ours: Any, theirs: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ours, *theirs)))


def _earliest(ours: Any, theirs: Any) -> Any:
    return min(filter(None, (ours, theirs)), default=None)
