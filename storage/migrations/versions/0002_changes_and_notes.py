"""What changed in papers, and the notes that tell it."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant, Json, Words

revision = "0002"
down_revision = "0001"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "paper_change",
        sa.Column("number", _BIG, sa.Identity(always=False), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False, comment="the version that stood there"),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_paper_change"),
    )
    op.create_index("ix_paper_change_at", "paper_change", ["at"], unique=False)
    op.create_table(
        "note",
        sa.Column("key", Words(), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("parent", Words(), nullable=True),
        sa.Column("card", Words(), nullable=False),
        sa.Column("direct", sa.Boolean(), nullable=False),
        sa.Column("payload", Json, nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("changes", Json, nullable=False, comment="numbers in paper_change that it tells"),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("state", Words(), server_default="pending", nullable=False),
        sa.Column("tried_at", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("remote_id", Words(), nullable=True),
        sa.Column("error", Words(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_note"),
    )
    op.create_index("ix_note_made_at", "note", ["made_at"], unique=False)
    op.create_index("ix_note_state", "note", ["state"], unique=False)
