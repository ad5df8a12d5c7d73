"""Whether the same paper is known as the same by its title and first author alone, and different ones are
kept apart: ``python -m benchmarks.folding``.

Ids are hidden on purpose: between sources that share an id nothing can go wrong. Needs the real corpus
(PAPERBOY_DATA). Two questions: how many papers of Hugging Face's archive find their arXiv paper by the key,
and how many pairs of different arXiv papers share one; the hard pairs (same first author's surname, same
first word of the title) are sampled as well.
"""

from __future__ import annotations

import io
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from benchmarks.data import data_root
from bot.identity import title_key
from bot.tex import readable


def rows(path: Path) -> Iterator[dict[str, Any]]:
    import zstandard

    with path.open("rb") as packed:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(packed), encoding="utf-8"):
            yield json.loads(line)


def key_of(row: dict[str, Any]) -> str:
    return title_key(readable(row["title"]), [readable(name) for name in (row["authors"] or [])[:1]])


def hard_pairs(keys: dict[str, str], count: int) -> list[tuple[str, str]]:
    """Different papers whose titles begin alike, by authors of the same surname."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for paper, key in keys.items():
        title, _, surname = key.rpartition("|")
        groups[f"{title[:8]}|{surname}"].append(paper)
    chance = random.Random(11)
    pairs = [pair for group in groups.values() if 2 <= len(group) <= 50 for pair in combinations(group, 2)]
    return chance.sample(pairs, min(count, len(pairs)))


def main() -> None:
    corpus = data_root() / "corpus"
    keys = {row["id"]: key for row in rows(corpus / "arxiv.jsonl.zst") if (key := key_of(row))}
    by_key: defaultdict[str, list[str]] = defaultdict(list)
    for paper, key in keys.items():
        by_key[key].append(paper)
    shared = [group for group in by_key.values() if len(group) > 1]
    print(f"arXiv: {len(keys)} papers with a key, {len(shared)} pairs of different ids share one")
    pairs = hard_pairs(keys, 1000)
    merged = [pair for pair in pairs if keys[pair[0]] == keys[pair[1]]]
    print(f"hard pairs: {len(pairs)} sampled, {len(merged)} with the same key {merged}")
    archive = {row["id"]: key_of(row) for row in rows(corpus / "hf_daily_papers.jsonl.zst")}
    known = {paper: key for paper, key in archive.items() if paper in keys}
    found = sum(paper in by_key.get(key, ()) for paper, key in known.items())
    wrong = sum(bool(set(by_key.get(key, ())) - {paper}) for paper, key in archive.items() if key)
    print(f"Hugging Face: {len(known)} papers are in the corpus, {found} found by their key, ", end="")
    print(f"{len(known) - found} missed; {wrong} find another id")


if __name__ == "__main__":
    main()
