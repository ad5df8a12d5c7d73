"""Every table, once. Indexes for text search and vectors, which differ by engine, stand in ``fulltext``
and ``vectors``; the steps from an older schema stand in ``migrations``."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Boolean, Column, Date, Float, ForeignKeyConstraint, Index, Integer, Table

from storage.types import Instant, Json, Words

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
    }
)

_BIG = sa.BigInteger().with_variant(Integer, "sqlite")

# --- papers ---------------------------------------------------------------------------------------

paper = Table(
    "paper",
    metadata,
    # The full-text index refers to rows by this number; an id may change when papers are folded.
    Column("number", Integer, sa.Identity(), primary_key=True),
    Column("id", Words, nullable=False, unique=True),
    Column("title", Words, nullable=False),
    Column("abstract", Words, nullable=False),
    Column("authors", Json, nullable=False),
    Column("categories", Json, nullable=False),
    Column("sources", Json, nullable=False),
    Column("published", Date),
    Column("updated", Date),
    Column("announced", Date),
    Column("source", Words, nullable=False),
    Column("url", Words, nullable=False),
    Column("version", Integer, nullable=False),
    Column("comment", Words, nullable=False),
    Column("journal", Words, nullable=False),
    Column("doi", Words, nullable=False),
    Column("withdrawn", Boolean, nullable=False),
    Column("retracted", Boolean, nullable=False),
    Column("code", Words, nullable=False),
    Column("featured", Date),
    Column("upvotes", Integer),
    Column("comments", Integer),
    Column("day", Date, comment="announced, else published"),
    Column("news_at", Instant, comment="when it came as new or cross-listed; empty: never news"),
    Column(
        "title_hash", sa.BigInteger, comment="of normalised title and first author, where they tell enough"
    ),
    Column("added_at", Instant, nullable=False),
    Index("ix_paper_day", "day"),
    Index("ix_paper_news_at", "news_at", sqlite_where=sa.text("news_at IS NOT NULL")),
    Index("ix_paper_title_hash", "title_hash"),
    Index("ix_paper_featured", "featured", sqlite_where=sa.text("featured IS NOT NULL")),
)

paper_alias = Table(
    "paper_alias",
    metadata,
    Column("alias", Words, primary_key=True),
    Column("paper_id", Words, nullable=False, index=True),
)

paper_version = Table(  # the versions before the one that stands in ``paper``
    "paper_version",
    metadata,
    Column("paper_id", Words, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("title", Words, nullable=False),
    Column("abstract", Words, nullable=False),
    Column("updated", Date),
    Column("replaced_at", Instant, nullable=False),
)

paper_change = Table(  # what a reader of an earlier version would want to be told
    "paper_change",
    metadata,
    Column("number", _BIG, sa.Identity(), primary_key=True),
    Column("paper_id", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("before", Integer, nullable=False, comment="the version that stood there"),
    Column("at", Instant, nullable=False, index=True),
)

vector = Table(
    # pgvector calls its type "vector", and PostgreSQL makes a type of every table.
    "paper_vector",
    metadata,
    # Never used twice, so that a reader who remembers the last number can ask for what came after it.
    Column("number", _BIG, sa.Identity(), primary_key=True),
    Column("encoder", Words, nullable=False),
    Column("paper_id", Words, nullable=False),
    Column("data", sa.LargeBinary, nullable=False, comment="float16, little endian"),
    sa.UniqueConstraint("encoder", "paper_id"),
    Index("ix_paper_vector_since", "encoder", "number"),
    sqlite_autoincrement=True,
)

# --- channels and people --------------------------------------------------------------------------

channel = Table(
    "channel",
    metadata,
    Column("id", Words, primary_key=True),
    Column("topics", Json, nullable=False),
    Column("not_", Json, nullable=False),
    Column("at", Words, nullable=False),
    Column("timezone", Words, nullable=False),
    Column("days", Json, nullable=False),
    Column("limit", Integer, nullable=False),
    Column("language", Words, nullable=False),
    Column("quiet", Words, nullable=False),
    Column("watch", Boolean, nullable=False),
    Column("paused", Words, nullable=False),
    Column("workspace", Words, nullable=False),
    Column("person", Words, nullable=False, server_default="", comment="whose direct messages it is"),
)

dropped = Table(  # papers that came as files: apart, so that no search or digest can find them
    "dropped",
    metadata,
    Column("id", Words, primary_key=True),
    Column("channel_id", Words, nullable=False),
    Column("user_id", Words, nullable=False, index=True),
    Column("fields", Json, nullable=False, comment="of the paper, by name"),
    Column("dropped_at", Instant, nullable=False, index=True),
)

kept = Table(
    "kept",
    metadata,
    Column("user_id", Words, primary_key=True),
    Column("paper_id", Words, primary_key=True),
    Column("channel_id", Words, nullable=False),
    Column("kept_at", Instant, nullable=False),
)

vote = Table(  # thumbs: one a person, channel and paper
    "vote",
    metadata,
    Column("user_id", Words, primary_key=True),
    Column("channel_id", Words, primary_key=True),
    Column("paper_id", Words, primary_key=True),
    Column("liked", Boolean, nullable=False),
    Column("voted_at", Instant, nullable=False, index=True),
    Column("workspace", Words, nullable=False, server_default=""),
)

vault = Table(
    "vault",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", sa.LargeBinary, nullable=False, comment="encrypted before it comes here"),
)

# --- conversations --------------------------------------------------------------------------------

thread = Table(
    "thread",
    metadata,
    Column("number", Integer, sa.Identity(), primary_key=True),
    Column("channel_id", Words, nullable=False),
    Column("root", Words, nullable=False),
    Column("papers", Json, nullable=False),
    Column("kind", Words, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("said_at", Instant, nullable=False, index=True),
    sa.UniqueConstraint("channel_id", "root"),
    Index("ix_thread_latest", "channel_id", "opened_at"),
)

turn = Table(
    "turn",
    metadata,
    Column("number", Integer, sa.Identity(), primary_key=True),
    Column("channel_id", Words, nullable=False),
    Column("root", Words, nullable=False),
    Column("speaker", Words, nullable=False),
    Column("name", Words, nullable=False),
    Column("user_id", Words, nullable=False, server_default="", index=True),
    Column("text", Words, nullable=False),
    Column("said_at", Instant, nullable=False),
    Index("ix_turn_thread", "channel_id", "root", "number"),
)

heard = Table(  # message ids already answered, so that a redelivery is not
    "heard",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("message", Words, primary_key=True),
    Column("heard_at", Instant, nullable=False, index=True),
)

# --- decisions and readings -----------------------------------------------------------------------

decision = Table(
    "decision",
    metadata,
    Column("paper_id", Words, primary_key=True),
    Column("topic", Words, primary_key=True),
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("matched", Boolean, nullable=False),
    Column("why", Words, nullable=False),
    Column("method", Words, nullable=False),
    Column("decided_at", Instant, nullable=False, index=True),
)

reading = Table(
    "reading",
    metadata,
    Column("paper_id", Words, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("text", Json, nullable=False),
    Column("kept_at", Instant, nullable=False, index=True),
)

summary = Table(
    "summary",
    metadata,
    Column("paper_id", Words, primary_key=True),
    Column("prompt_version", Words, primary_key=True),
    Column("model", Words, primary_key=True),
    Column("language", Words, primary_key=True),
    Column("gist", Words, nullable=False),
    Column("claims", Json, nullable=False),
    Column("basis", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("made_at", Instant),
    Column("kept_at", Instant, nullable=False, index=True),
)

ledger = Table(  # one row a call of a paid model
    "ledger",
    metadata,
    Column("number", _BIG, sa.Identity(), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("day", Date, nullable=False, index=True),
    Column("model", Words, nullable=False),
    Column("purpose", Words, nullable=False),
    Column("paper_id", Words, nullable=False),
    Column("channel_id", Words, nullable=False),
    Column("tokens_in", Integer, nullable=False),
    Column("tokens_out", Integer, nullable=False),
    Column("tokens_cached", Integer, nullable=False),
    Column("usd", Float, nullable=False, comment="the estimate until settled"),
    Column("milliseconds", Integer, nullable=False),
    Column("settled", Boolean, nullable=False),
)

# --- sources --------------------------------------------------------------------------------------

feed = Table(
    "feed",
    metadata,
    Column("source", Words, primary_key=True),
    Column("state", Words, nullable=False),
    Column("detail", Words, nullable=False),
    Column("checked_at", Instant, nullable=False),
    Column("good_at", Instant),
    Column("failing_since", Instant),
    Column("seen", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("replaced", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("told", Boolean, nullable=False),
)

feed_memory = Table(
    "feed_memory",
    metadata,
    Column("source", Words, primary_key=True),
    Column("memory", Json, nullable=False),
)

mark = Table(  # small facts that must outlive the process
    "mark",
    metadata,
    Column("key", Words, primary_key=True),
    Column("value", Words, nullable=False),
)

duty = Table(  # what one process does for all: whose turn it was, when
    "duty",
    metadata,
    Column("name", Words, primary_key=True),
    Column("taken_at", Instant),
    Column("done_at", Instant),
)

# --- digests: see design notes on delivery in docs/delivery.md --------------------------------------

digest_run = Table(
    "digest_run",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("local_date", Date, primary_key=True),
    Column("due_utc", Instant, nullable=False),
    Column("state", Words, nullable=False, server_default="due"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Instant),
    Column("lease_owner", Words),
    Column("lease_until", Instant),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("error", Words, nullable=False, server_default=""),
    Column("window_from", Instant, comment="papers that became news after this"),
    Column("window_until", Instant, comment="and not after this"),
    Column("considered", Integer, nullable=False, server_default="0"),
    Column("nearest", Json, comment="best decisions below the line"),
    Column("notes", Json, comment="sentences that the digest says"),
    Column("done_at", Instant),
    Index("ix_digest_run_state", "state", "due_utc"),
)

digest_item = Table(
    "digest_item",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("local_date", Date, primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("paper_id", Words, nullable=False),
    Column("score", Float, nullable=False),
    Column("topic", Words, nullable=False),
    Column("why", Words, nullable=False),
    ForeignKeyConstraint(
        ["channel_id", "local_date"], ["digest_run.channel_id", "digest_run.local_date"], ondelete="CASCADE"
    ),
    Index("ix_digest_item_paper", "channel_id", "paper_id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("channel_id", Words, primary_key=True),
    Column("local_date", Date, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("parent_seq", Integer),
    Column("idem_key", Words, nullable=False, unique=True),
    Column("payload", Json, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("state", Words, nullable=False, server_default="pending"),
    Column("attempt_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Instant),
    Column("remote_id", Words),
    Column("papers", Json, nullable=False, comment="ids of the papers it shows"),
    Column("error", Words, nullable=False, server_default=""),
    Column("sent_at", Instant),
    ForeignKeyConstraint(
        ["channel_id", "local_date"], ["digest_run.channel_id", "digest_run.local_date"], ondelete="CASCADE"
    ),
    Index("ix_outbox_state", "state", "next_try_at"),
)

note = Table(  # short messages besides the digests: what changed in a paper, what a source does
    "note",
    metadata,
    Column("key", Words, primary_key=True),
    Column("channel_id", Words, nullable=False),
    Column("parent", Words),
    Column("card", Words, nullable=False),
    Column("direct", Boolean, nullable=False),
    Column("payload", Json, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("changes", Json, nullable=False, comment="numbers in paper_change that it tells"),
    Column("made_at", Instant, nullable=False, index=True),
    Column("state", Words, nullable=False, server_default="pending"),
    Column("tried_at", Instant),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("remote_id", Words),
    Column("error", Words, nullable=False, server_default=""),
    Index("ix_note_state", "state"),
)


def for_postgres() -> None:
    """Let the partial indexes be partial on PostgreSQL too. Only who uses it calls this: SQLAlchemy loads a
    dialect as soon as it is named, and this one is a tenth of a start."""
    for table in metadata.tables.values():
        for index in table.indexes:
            if (where := index.dialect_options["sqlite"]["where"]) is not None:
                index.dialect_options["postgresql"]["where"] = where
