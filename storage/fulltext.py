"""Full-text search, where the two engines differ: FTS5 on SQLite, ``tsvector`` on PostgreSQL."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.narrowing import Narrowed

# External content: the words are indexed, the texts stand in ``paper`` alone. Authors are kept as JSON,
# whose brackets and quotes the tokenizer skips.
_SQLITE = (
    """CREATE VIRTUAL TABLE paper_fts USING fts5(
        title, abstract, authors, id, content='paper', content_rowid='number',
        tokenize='porter unicode61 remove_diacritics 2')""",
    # A word of the title counts five times one of the abstract: nDCG@10 .693 on SciFact.
    "INSERT INTO paper_fts(paper_fts, rank) VALUES ('rank', 'bm25(5.0, 1.0, 1.0, 5.0)')",
    # Four times the usual segments before they are merged: less work when a corpus is taken in.
    "INSERT INTO paper_fts(paper_fts, rank) VALUES ('automerge', 16)",
    """CREATE TRIGGER paper_fts_insert AFTER INSERT ON paper BEGIN
        INSERT INTO paper_fts(rowid, title, abstract, authors, id)
        VALUES (new.number, new.title, new.abstract, new.authors, new.id); END""",
    """CREATE TRIGGER paper_fts_delete AFTER DELETE ON paper BEGIN
        INSERT INTO paper_fts(paper_fts, rowid, title, abstract, authors, id)
        VALUES ('delete', old.number, old.title, old.abstract, old.authors, old.id); END""",
    """CREATE TRIGGER paper_fts_update AFTER UPDATE ON paper
        WHEN old.title <> new.title OR old.abstract <> new.abstract
            OR old.authors <> new.authors OR old.id <> new.id BEGIN
        INSERT INTO paper_fts(paper_fts, rowid, title, abstract, authors, id)
        VALUES ('delete', old.number, old.title, old.abstract, old.authors, old.id);
        INSERT INTO paper_fts(rowid, title, abstract, authors, id)
        VALUES (new.number, new.title, new.abstract, new.authors, new.id); END""",
)

# What unicode61 does in FTS5: accents fall, and words are parted at everything but letters and digits, so
# that PostgreSQL's parser sees no addresses, file names or signed numbers.
_PLAIN = {
    letter: plain
    for letter in map(chr, range(0xC0, 0x250))
    if (plain := unicodedata.normalize("NFKD", letter)[0]).isascii() and plain.isalpha()
} | dict.fromkeys("'!\"#$%&()*+,-./:;<=>?@[]\\^_`{|}~‐‑–—’“”", " ")
_FOLD = str.maketrans(_PLAIN)


_ACCENTS = str.maketrans({letter: plain for letter, plain in _PLAIN.items() if plain != " "})


def _plain(column: str) -> str:
    letters, plain = "".join(_PLAIN).replace("'", "''"), "".join(_PLAIN.values())
    return f"translate({column}, '{letters}', '{plain}')"


# English stems without stop words, so that a phrase such as "learning to rank" keeps all its words.
_POSTGRES = (
    "CREATE TEXT SEARCH DICTIONARY paperboy_stem (TEMPLATE = snowball, LANGUAGE = english)",
    "CREATE TEXT SEARCH CONFIGURATION paperboy (COPY = simple)",
    """ALTER TEXT SEARCH CONFIGURATION paperboy
        ALTER MAPPING FOR asciiword, word, numword WITH paperboy_stem""",
    f"""ALTER TABLE paper ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('paperboy', {_plain("title")}), 'A')
        || setweight(to_tsvector('paperboy', {_plain("abstract")}), 'B')
        || setweight(to_tsvector('paperboy', {_plain("authors::text")}), 'C')
        || setweight(to_tsvector('paperboy', {_plain("id")}), 'D')) STORED""",
    "CREATE INDEX ix_paper_words ON paper USING gin (words)",
)

# FTS5's unicode61 takes letters and digits for words and parts them at everything else.
_WORD = re.compile(r"[^\W_]+")
_CHUNK = re.compile(r"\S*[^\W_]\S*")
_MOST_TERMS = 32
_SNIPPET_WORDS = 24
_RANKED = 20_000
"""Papers that are ranked for one question at most."""
_PUT_FORWARD = 300
"""Papers that PostgreSQL's own rank puts forward for BM25."""
# BM25 (k1 1.2, b .75) with a word of the title worth five, as FTS5 computes it on SQLite.
_BM25 = """
    WITH asked AS (SELECT {query} AS query),
    forward AS (
        SELECT number, abstract, words, query FROM paper, asked WHERE words @@ query{passing}
        ORDER BY ts_rank_cd('{{0.2, 0.2, 0.2, 1.0}}', words, query, 1) DESC, number LIMIT :pool
    ),
    term AS (
        SELECT * FROM unnest(CAST(:lexemes AS text[]), CAST(:rarities AS float8[])) AS t (lexeme, rarity)
    ),
    counted AS (
        SELECT number, sum(cardinality(positions)) AS length,
            array_agg(cardinality(positions) + 4 * cardinality(array_positions(weights, 'A')))
                FILTER (WHERE term.lexeme IS NOT NULL) AS often,
            array_agg(rarity) FILTER (WHERE term.lexeme IS NOT NULL) AS rare
        FROM forward, unnest(words) AS said (lexeme, positions, weights)
        LEFT JOIN term ON term.lexeme = said.lexeme GROUP BY number
    ),
    scored AS (
        SELECT number, (
            SELECT sum(r * f * 2.2 / (f + 1.2 * (0.25 + 0.75 * length / mean)))
            FROM unnest(often, rare) AS u (f, r)
        ) AS score
        FROM counted, (SELECT avg(length) AS mean FROM counted) AS usual
    ),
    best AS (SELECT * FROM scored ORDER BY score DESC, number LIMIT :limit)
    SELECT number, coalesce(score, 0)::float8, {shown} FROM best JOIN forward USING (number)
    ORDER BY score DESC, number
"""
# Too common to tell papers apart and costly to look up; in a phrase they count.
_COMMON = frozenset(
    str.split(
        "a about an and any are as at be been by can could did do does for from had has have how i if in "
        "into is it its may more most no not of on or our over per should so some such than that the their "
        "them then there these they this those through to under up use used uses using via was we were "
        "what when where which while who why will with within would you your"
    )
)


class Hit(NamedTuple):
    """A paper found: the number of its row, how well it fits (higher is better), the words that show why."""

    number: int
    score: float
    snippet: str


def create(connection: sa.Connection) -> None:
    """Make the index and keep it in step with ``paper``."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)


def terms(query: str) -> list[str]:
    """What to look for, from anything that a person may type: each term is a word, or words to stand side
    by side ("vision-language", "2509.10432"); common words only where there are no others."""
    found = [" ".join(_WORD.findall(chunk)) for chunk in _CHUNK.findall(query.lower()[:2000])]
    distinct = list(dict.fromkeys(found))
    telling = [term for term in distinct if term not in _COMMON]
    return (telling or distinct)[:_MOST_TERMS]


class Frequencies:
    """In how many papers a term occurs, as counted lately: good enough to tell common from rare."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._counted_at = 0

    async def of(self, connection: AsyncConnection, asked: Sequence[str], last: int) -> dict[str, int]:
        """The count of each term; ``last`` is the highest number in the library, which tells its growth."""
        self._forget(last)
        for term in asked:
            if term not in self._counts:
                self._counts[term] = await _count(connection, f'"{term}"')
        return {term: self._counts[term] for term in asked}

    async def rarities(self, connection: AsyncConnection, words: str, last: int) -> dict[str, float]:
        """How much each word tells, by its stem, on PostgreSQL: BM25's logarithm of papers without it by
        papers with it (Robertson and Sparck Jones, 1976), never below a trifle."""
        self._forget(last)
        stems = sa.text("SELECT unnest(tsvector_to_array(to_tsvector('paperboy', :words)))")
        found = list(await connection.scalars(stems, {"words": words}))
        counting = sa.text("SELECT count(*) FROM paper WHERE words @@ CAST(:stem AS tsquery)")
        for stem in found:
            if stem not in self._counts:
                self._counts[stem] = await connection.scalar(counting, {"stem": f"'{stem}'"}) or 0
        counts = {stem: self._counts[stem] for stem in found}
        return {stem: max(1e-6, math.log((max(last, n) - n + 0.5) / (n + 0.5))) for stem, n in counts.items()}

    def _forget(self, last: int) -> None:
        if last > 1.2 * self._counted_at or len(self._counts) > 10_000:
            self._counts, self._counted_at = {}, last


async def search(
    connection: AsyncConnection,
    query: str,
    *,
    limit: int,
    frequencies: Frequencies,
    narrowed: Narrowed | None = None,
    snippets: bool = False,
) -> list[Hit]:
    """The best papers for plain words, best first: those with all of them, then those with some."""
    asked = terms(query)
    if not asked or limit < 1:
        return []
    last = int(await connection.scalar(sa.text("SELECT max(number) FROM paper")) or 0)
    wanted = _Wanted(limit, last, snippets, narrowed)
    if connection.dialect.name == "postgresql":
        return await _search_postgres(connection, asked, wanted, frequencies)
    hits = await _ranked(connection, " AND ".join(f'"{term}"' for term in asked), wanted)
    if len(hits) < limit and len(asked) > 1:
        counts = await frequencies.of(connection, asked, last)
        some = await _ranked(connection, _some(counts), wanted)
        hits += _others(hits, some)
    return hits[:limit]


async def begun(connection: AsyncConnection, typed: str, *, limit: int) -> list[int]:
    """The numbers of papers whose titles or authors have the words, the last of which may be unfinished.

    The index holds stems, and a stem is most often a beginning of its word: an unfinished word is looked for
    as the beginning of a stem, as the stem of what it will be, and by three fifths of its letters. So more is
    found than was asked for; :func:`begins` tells which.
    """
    *whole, last = _WORD.findall(typed.lower()[:200])[-_MOST_TERMS:] or [""]
    if len(last) == 1 and whole:  # one letter begins a third of all titles and costs as much
        *whole, last = whole
    if len(last) < 2 or limit < 1:
        return []
    shorter = {last[:size] for size in range(3, len(last))}
    starts = {last, last[: max(3, len(last) * 3 // 5)]}
    if connection.dialect.name == "postgresql":
        return await _begun_postgres(connection, whole, shorter, starts, limit)
    ending = " OR ".join([f'"{word}"' for word in shorter] + [f'"{word}"*' for word in starts])
    match = "{title authors} : (" + " AND ".join([*(f'"{word}"' for word in whole), f"({ending})"]) + ")"
    last_number = int(await connection.scalar(sa.text("SELECT max(number) FROM paper")) or 0)
    return [hit.number for hit in await _ranked(connection, match, _Wanted(limit, last_number, False, None))]


async def _begun_postgres(
    connection: AsyncConnection, whole: Sequence[str], shorter: set[str], starts: set[str], limit: int
) -> list[int]:
    ending = " | ".join([f"{word}:AC" for word in shorter] + [f"{word}:*AC" for word in starts])
    query = " & ".join([*(f"{word}:AC" for word in whole), f"({ending})"]).translate(_ACCENTS)
    statement = sa.text(
        "SELECT number FROM paper, (SELECT to_tsquery('paperboy', :query) AS query) AS asked "
        "WHERE words @@ query ORDER BY ts_rank_cd(words, query, 1) DESC, number DESC LIMIT :limit"
    )
    return list((await connection.scalars(statement, {"query": query, "limit": limit})).all())


def begins(typed: str, words: str) -> bool:
    """Whether each word that was typed is the beginning of one of ``words``."""
    said = _WORD.findall(words.lower().translate(_ACCENTS))
    return all(
        any(one.startswith(part) for one in said) for part in _WORD.findall(typed.lower().translate(_ACCENTS))
    )


async def occurrences(connection: AsyncConnection, word: str, most: int) -> int:
    """In how many papers the words occur side by side, counted up to ``most``."""
    spoken = _WORD.findall(word.lower())
    if not spoken:
        return 0
    if connection.dialect.name == "sqlite":
        found, query = "paper_fts WHERE paper_fts MATCH :query", f'"{" ".join(spoken)}"'
    else:
        found = "paper WHERE words @@ phraseto_tsquery('paperboy', :query)"
        query = " ".join(spoken).translate(_FOLD)
    statement = sa.text(f"SELECT count(*) FROM (SELECT 1 FROM {found} LIMIT :most) AS counted")  # noqa: S608
    return int(await connection.scalar(statement, {"query": query, "most": most}) or 0)


def _some(counts: Mapping[str, int]) -> str:
    """Papers with at least one of the rarer terms; the common ones add to the score of those."""
    rarest = sorted(counts, key=lambda term: counts[term])
    rare = [
        term for place, term in enumerate(rarest) if sum(counts[t] for t in rarest[: place + 1]) <= _RANKED
    ]
    either = " OR ".join(f'"{term}"' for term in rare or rarest[:1])
    anything = " OR ".join(f'"{term}"' for term in rarest)
    return anything if len(rare) == len(rarest) else f"({either}) AND ({anything})"


def _others(there: Sequence[Hit], more: Sequence[Hit]) -> list[Hit]:
    numbers = {hit.number for hit in there}
    return [hit for hit in more if hit.number not in numbers]


async def _count(connection: AsyncConnection, match: str) -> int:
    statement = sa.text("SELECT count(*) FROM paper_fts WHERE paper_fts MATCH :match")
    return int(await connection.scalar(statement, {"match": match}) or 0)


async def _count_passing(connection: AsyncConnection, match: str, narrowed: Narrowed | None) -> int:
    """How many papers that may be found match, counted to just above ``_RANKED``: each costs 350 ns."""
    if narrowed is None or not narrowed.rows:
        return await _count(connection, match)
    statement = sa.text(
        "SELECT count(*) FROM (SELECT 1 FROM paper_fts WHERE paper_fts MATCH :match "  # noqa: S608
        f"AND {narrowed.of('paper_fts.rowid')} LIMIT {_RANKED + 1})"
    )
    return int(await connection.scalar(statement, {"match": match} | narrowed.values) or 0)


class _Wanted(NamedTuple):
    """How many papers, the highest number there is, whether with snippets, and which papers may be found."""

    limit: int
    last: int
    snippets: bool
    narrowed: Narrowed | None


async def _ranked(connection: AsyncConnection, match: str, wanted: _Wanted) -> list[Hit]:
    """The best by BM25. Counting papers costs 25 ns each, ranking 1,300: of more than ``_RANKED`` papers
    those with the words in the title are ranked, and of too many of these the latest."""
    narrowed = wanted.narrowed
    author = f"({narrowed.author}) AND " if narrowed and narrowed.author else ""
    everywhere, titled = f"{author}({match})", f"{author}({{title}} : ({match}))"
    count = await _count(connection, everywhere)
    if count <= _RANKED:
        return await _best(connection, everywhere, 0, wanted)
    found = await _count(connection, titled)
    if found >= wanted.limit:
        hits = await _best(connection, titled, _first(found, wanted), wanted)
        if narrowed is None or len(hits) >= wanted.limit:
            return hits
    count = await _count_passing(connection, everywhere, narrowed)
    return await _best(connection, everywhere, _first(count, wanted), wanted)


def _first(count: int, wanted: _Wanted) -> int:
    """The number after which some ``_RANKED`` of ``count`` papers stand."""
    return int(wanted.last * (1 - _RANKED / count)) if count > _RANKED else 0


async def _best(connection: AsyncConnection, match: str, after: int, wanted: _Wanted) -> list[Hit]:
    narrowed = wanted.narrowed
    snippet = "snippet(paper_fts, 1, '', '', '…', :words)" if wanted.snippets else "''"
    # "+ 0" lets SQLite rank those alone that pass; by itself FTS5 ranks all first.
    passing, order = (f"AND {narrowed.of('paper_fts.rowid')}", "rank + 0") if narrowed else ("", "rank")
    # The name asked for says nothing about which of its papers is best.
    ranked = "AND rank MATCH 'bm25(5.0, 1.0, 0.0, 5.0)'" if narrowed and narrowed.author else ""
    statement = sa.text(
        f"SELECT rowid, -rank, {snippet} FROM paper_fts WHERE paper_fts MATCH :match {ranked} "  # noqa: S608
        f"AND rowid > :after {passing} ORDER BY {order} LIMIT :limit"
    )
    values = {"match": match, "limit": wanted.limit, "after": after}
    values |= {"words": _SNIPPET_WORDS} if wanted.snippets else {}
    rows = await connection.execute(statement, values | (narrowed.values if narrowed else {}))
    return [Hit(*row) for row in rows]


async def phrase(
    connection: AsyncConnection, words: str, *, limit: int, before: date | None
) -> Sequence[int]:
    """The numbers of papers with the stemmed words side by side in title or abstract, newest first."""
    spoken = _WORD.findall(words.lower()[:2000])
    if not spoken:
        return []
    if connection.dialect.name == "sqlite":
        match, joined = "paper_fts MATCH :query", "JOIN paper_fts ON paper_fts.rowid = paper.number"
        query = '{title abstract} : "' + " ".join(spoken) + '"'
    else:
        match, joined = "words @@ to_tsquery('paperboy', :query)", ""
        query = " <-> ".join(f"{word.translate(_FOLD)}:AB" for word in spoken)
    earlier = "AND day < :before" if before else ""
    statement = sa.text(
        f"SELECT number FROM paper {joined} WHERE {match} {earlier} "  # noqa: S608 - no text from outside
        "ORDER BY day DESC, number DESC LIMIT :limit"
    )
    values = {"query": query, "limit": limit} | ({"before": before} if before else {})
    if before:
        statement = statement.bindparams(sa.bindparam("before", type_=sa.Date))
    return (await connection.scalars(statement, values)).all()


async def _search_postgres(
    connection: AsyncConnection, asked: list[str], wanted: _Wanted, frequencies: Frequencies
) -> list[Hit]:
    plain = [term.translate(_FOLD) for term in asked]
    hits = await _find_postgres(connection, plain, wanted, " && ", frequencies)
    if len(hits) < wanted.limit and len(asked) > 1:
        hits += _others(hits, await _find_postgres(connection, plain, wanted, " || ", frequencies))
    return hits[: wanted.limit]


async def _find_postgres(
    connection: AsyncConnection, asked: list[str], wanted: _Wanted, between: str, frequencies: Frequencies
) -> list[Hit]:
    """PostgreSQL's own rank, which knows nothing of rare words, puts papers forward; BM25 orders them."""
    rarity = await frequencies.rarities(connection, " ".join(asked), wanted.last)
    if not rarity:
        return []
    query = between.join(f"phraseto_tsquery('paperboy', :term{place})" for place in range(len(asked)))
    values: dict[str, Any] = {f"term{place}": term for place, term in enumerate(asked)}
    values |= {"lexemes": list(rarity), "rarities": list(rarity.values()), "limit": wanted.limit}
    values |= {"pool": max(_PUT_FORWARD, 2 * wanted.limit)}
    shown = "ts_headline('paperboy', abstract, query, :options)" if wanted.snippets else "''"
    if wanted.snippets:
        values["options"] = f"MaxWords={_SNIPPET_WORDS}, MinWords=8, StartSel='', StopSel='', MaxFragments=1"
    if wanted.narrowed:
        values |= wanted.narrowed.values
    passing = f" AND {wanted.narrowed.rows}" if wanted.narrowed else ""
    statement = sa.text(_BM25.format(query=query, passing=passing, shown=shown))
    return [Hit(*row) for row in await connection.execute(statement, values)]
