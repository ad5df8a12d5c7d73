"""The first schema."""

import sqlalchemy as sa
from alembic import op

from storage import fulltext
from storage.types import Instant, Json, Words

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _papers()
    _editions_and_vectors()
    _channels()
    _conversations()
    _readings()
    _money()
    _sources()
    _digests()
    _outbox()
    fulltext.create(op.get_bind())


def _papers() -> None:
    op.create_table(
        "paper",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("id", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("abstract", Words(), nullable=False),
        sa.Column("authors", Json, nullable=False),
        sa.Column("categories", Json, nullable=False),
        sa.Column("sources", Json, nullable=False),
        sa.Column("published", sa.Date(), nullable=True),
        sa.Column("updated", sa.Date(), nullable=True),
        sa.Column("announced", sa.Date(), nullable=True),
        sa.Column("source", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("comment", Words(), nullable=False),
        sa.Column("journal", Words(), nullable=False),
        sa.Column("doi", Words(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("retracted", sa.Boolean(), nullable=False),
        sa.Column("code", Words(), nullable=False),
        sa.Column("featured", sa.Date(), nullable=True),
        sa.Column("upvotes", sa.Integer(), nullable=True),
        sa.Column("comments", sa.Integer(), nullable=True),
        sa.Column("day", sa.Date(), nullable=True, comment="announced, else published"),
        sa.Column(
            "news_at",
            Instant(),
            nullable=True,
            comment="when it came as new or cross-listed; empty: never news",
        ),
        sa.Column(
            "title_hash",
            sa.BigInteger(),
            nullable=True,
            comment="of normalised title and first author, where they tell enough",
        ),
        sa.Column("added_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_paper"),
        sa.UniqueConstraint("id", name="uq_paper_id"),
    )
    op.create_index("ix_paper_day", "paper", ["day"], unique=False)
    op.create_index(
        "ix_paper_featured",
        "paper",
        ["featured"],
        unique=False,
        sqlite_where=sa.text("featured IS NOT NULL"),
        postgresql_where=sa.text("featured IS NOT NULL"),
    )
    op.create_index(
        "ix_paper_news_at",
        "paper",
        ["news_at"],
        unique=False,
        sqlite_where=sa.text("news_at IS NOT NULL"),
        postgresql_where=sa.text("news_at IS NOT NULL"),
    )
    op.create_index("ix_paper_title_hash", "paper", ["title_hash"], unique=False)


def _editions_and_vectors() -> None:
    op.create_table(
        "paper_alias",
        sa.Column("alias", Words(), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.PrimaryKeyConstraint("alias", name="pk_paper_alias"),
    )
    op.create_index("ix_paper_alias_paper_id", "paper_alias", ["paper_id"], unique=False)
    op.create_table(
        "paper_version",
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("abstract", Words(), nullable=False),
        sa.Column("updated", sa.Date(), nullable=True),
        sa.Column("replaced_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "version", name="pk_paper_version"),
    )
    op.create_table(
        "vector",
        sa.Column("number", _BIG, sa.Identity(always=False), nullable=False),
        sa.Column("encoder", Words(), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="float16, little endian"),
        sa.PrimaryKeyConstraint("number", name="pk_vector"),
        sa.UniqueConstraint("encoder", "paper_id", name="uq_vector_encoder_paper_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_vector_since", "vector", ["encoder", "number"], unique=False)


def _channels() -> None:
    op.create_table(
        "channel",
        sa.Column("id", Words(), nullable=False),
        sa.Column("topics", Json, nullable=False),
        sa.Column("not_", Json, nullable=False),
        sa.Column("at", Words(), nullable=False),
        sa.Column("timezone", Words(), nullable=False),
        sa.Column("days", Json, nullable=False),
        sa.Column("limit", sa.Integer(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("quiet", Words(), nullable=False),
        sa.Column("watch", sa.Boolean(), nullable=False),
        sa.Column("paused", Words(), nullable=False),
        sa.Column("workspace", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_channel"),
    )
    op.create_table(
        "kept",
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("kept_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "paper_id", name="pk_kept"),
    )
    op.create_table(
        "vote",
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("liked", sa.Boolean(), nullable=False),
        sa.Column("voted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "channel_id", "paper_id", name="pk_vote"),
    )
    op.create_index("ix_vote_voted_at", "vote", ["voted_at"], unique=False)
    op.create_table(
        "vault",
        sa.Column("name", Words(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False, comment="encrypted before it comes here"),
        sa.PrimaryKeyConstraint("name", name="pk_vault"),
    )


def _conversations() -> None:
    op.create_table(
        "thread",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("root", Words(), nullable=False),
        sa.Column("papers", Json, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_thread"),
        sa.UniqueConstraint("channel_id", "root", name="uq_thread_channel_id_root"),
    )
    op.create_index("ix_thread_latest", "thread", ["channel_id", "opened_at"], unique=False)
    op.create_index("ix_thread_said_at", "thread", ["said_at"], unique=False)
    op.create_table(
        "turn",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("root", Words(), nullable=False),
        sa.Column("speaker", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("user_id", Words(), server_default="", nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("said_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_turn"),
    )
    op.create_index("ix_turn_thread", "turn", ["channel_id", "root", "number"], unique=False)
    op.create_index("ix_turn_user_id", "turn", ["user_id"], unique=False)
    op.create_table(
        "heard",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("message", Words(), nullable=False),
        sa.Column("heard_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", "message", name="pk_heard"),
    )
    op.create_index("ix_heard_heard_at", "heard", ["heard_at"], unique=False)


def _readings() -> None:
    op.create_table(
        "decision",
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("topic", Words(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("matched", sa.Boolean(), nullable=False),
        sa.Column("why", Words(), nullable=False),
        sa.Column("method", Words(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "topic", name="pk_decision"),
    )
    op.create_index("ix_decision_decided_at", "decision", ["decided_at"], unique=False)
    op.create_table(
        "reading",
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("text", Json, nullable=False),
        sa.Column("kept_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "version", name="pk_reading"),
    )
    op.create_index("ix_reading_kept_at", "reading", ["kept_at"], unique=False)
    op.create_table(
        "summary",
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("prompt_version", Words(), nullable=False),
        sa.Column("model", Words(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("gist", Words(), nullable=False),
        sa.Column("claims", Json, nullable=False),
        sa.Column("basis", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("made_at", Instant(), nullable=True),
        sa.Column("kept_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("paper_id", "prompt_version", "model", "language", name="pk_summary"),
    )
    op.create_index("ix_summary_kept_at", "summary", ["kept_at"], unique=False)


def _money() -> None:
    op.create_table(
        "ledger",
        sa.Column("number", _BIG, sa.Identity(always=False), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model", Words(), nullable=False),
        sa.Column("purpose", Words(), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("tokens_in", sa.Integer(), nullable=False),
        sa.Column("tokens_out", sa.Integer(), nullable=False),
        sa.Column("tokens_cached", sa.Integer(), nullable=False),
        sa.Column("usd", sa.Float(), nullable=False, comment="the estimate until settled"),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_ledger"),
    )
    op.create_index("ix_ledger_day", "ledger", ["day"], unique=False)


def _sources() -> None:
    op.create_table(
        "feed",
        sa.Column("source", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("detail", Words(), nullable=False),
        sa.Column("checked_at", Instant(), nullable=False),
        sa.Column("good_at", Instant(), nullable=True),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("new", sa.Integer(), nullable=False),
        sa.Column("replaced", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_feed"),
    )
    op.create_table(
        "feed_memory",
        sa.Column("source", Words(), nullable=False),
        sa.Column("memory", Json, nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_feed_memory"),
    )
    op.create_table(
        "mark",
        sa.Column("key", Words(), nullable=False),
        sa.Column("value", Words(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_mark"),
    )
    op.create_table(
        "duty",
        sa.Column("name", Words(), nullable=False),
        sa.Column("taken_at", Instant(), nullable=True),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_duty"),
    )


def _digests() -> None:
    op.create_table(
        "digest_run",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("due_utc", Instant(), nullable=False),
        sa.Column("state", Words(), server_default="due", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", Instant(), nullable=True),
        sa.Column("lease_owner", Words(), nullable=True),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("epoch", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", Words(), server_default="", nullable=False),
        sa.Column("window_from", Instant(), nullable=True, comment="papers that became news after this"),
        sa.Column("window_until", Instant(), nullable=True, comment="and not after this"),
        sa.Column("considered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("nearest", Json, nullable=True, comment="best decisions below the line"),
        sa.Column("notes", Json, nullable=True, comment="sentences that the digest says"),
        sa.Column("done_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("channel_id", "local_date", name="pk_digest_run"),
    )
    op.create_index("ix_digest_run_state", "digest_run", ["state", "due_utc"], unique=False)
    op.create_table(
        "digest_item",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("topic", Words(), nullable=False),
        sa.Column("why", Words(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id", "local_date"],
            ["digest_run.channel_id", "digest_run.local_date"],
            name="fk_digest_item_digest_run",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("channel_id", "local_date", "rank", name="pk_digest_item"),
    )
    op.create_index("ix_digest_item_paper", "digest_item", ["channel_id", "paper_id"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("local_date", sa.Date(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("parent_seq", sa.Integer(), nullable=True),
        sa.Column("idem_key", Words(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("state", Words(), server_default="pending", nullable=False),
        sa.Column("attempt_at", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", Instant(), nullable=True),
        sa.Column("remote_id", Words(), nullable=True),
        sa.Column("papers", Json, nullable=False, comment="ids of the papers it shows"),
        sa.Column("error", Words(), server_default="", nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id", "local_date"],
            ["digest_run.channel_id", "digest_run.local_date"],
            name="fk_outbox_digest_run",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("channel_id", "local_date", "seq", name="pk_outbox"),
        sa.UniqueConstraint("idem_key", name="uq_outbox_idem_key"),
    )
    op.create_index("ix_outbox_state", "outbox", ["state", "next_try_at"], unique=False)
