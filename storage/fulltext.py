"""Full-text search, where the two engines differ: FTS5 on SQLite, ``tsvector`` on PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

# External content: the words are indexed, the texts stand in ``paper`` alone. Authors are kept as JSON,
# whose brackets and quotes the tokenizer skips.
_SQLITE = (
    """CREATE VIRTUAL TABLE paper_fts USING fts5(
        title, abstract, authors, id, content='paper', content_rowid='number',
        tokenize='porter unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER paper_fts_insert AFTER INSERT ON paper BEGIN
        INSERT INTO paper_fts(rowid, title, abstract, authors, id)
        VALUES (new.number, new.title, new.abstract, new.authors, new.id); END""",
    """CREATE TRIGGER paper_fts_delete AFTER DELETE ON paper BEGIN
        INSERT INTO paper_fts(paper_fts, rowid, title, abstract, authors, id)
        VALUES ('delete', old.number, old.title, old.abstract, old.authors, old.id); END""",
    """CREATE TRIGGER paper_fts_update AFTER UPDATE OF title, abstract, authors, id ON paper BEGIN
        INSERT INTO paper_fts(paper_fts, rowid, title, abstract, authors, id)
        VALUES ('delete', old.number, old.title, old.abstract, old.authors, old.id);
        INSERT INTO paper_fts(rowid, title, abstract, authors, id)
        VALUES (new.number, new.title, new.abstract, new.authors, new.id); END""",
)

# English stems without stop words, so that a phrase such as "learning to rank" keeps all its words.
_POSTGRES = (
    "CREATE TEXT SEARCH DICTIONARY paperboy_stem (TEMPLATE = snowball, LANGUAGE = english)",
    "CREATE TEXT SEARCH CONFIGURATION paperboy (COPY = simple)",
    """ALTER TEXT SEARCH CONFIGURATION paperboy
        ALTER MAPPING FOR asciiword, word, asciihword, hword, hword_asciipart, hword_part
        WITH paperboy_stem""",
    """ALTER TABLE paper ADD COLUMN words tsvector GENERATED ALWAYS AS (
        setweight(to_tsvector('paperboy', title), 'A')
        || setweight(to_tsvector('paperboy', abstract), 'B')
        || setweight(jsonb_to_tsvector('paperboy', authors, '["string"]'), 'C')
        || setweight(to_tsvector('simple', id), 'D')) STORED""",
    "CREATE INDEX ix_paper_words ON paper USING gin (words)",
)


def create(connection: sa.Connection) -> None:
    """Make the index and keep it in step with ``paper``."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES:
        connection.exec_driver_sql(statement)
