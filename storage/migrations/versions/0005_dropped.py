"""Papers that came as files; the workspace of a thumb."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant, Json, Words

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "dropped",
        sa.Column("id", Words(), nullable=False),
        sa.Column("channel_id", Words(), nullable=False),
        sa.Column("user_id", Words(), nullable=False),
        sa.Column("fields", Json, nullable=False, comment="of the paper, by name"),
        sa.Column("dropped_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dropped"),
    )
    op.create_index("ix_dropped_dropped_at", "dropped", ["dropped_at"], unique=False)
    op.create_index("ix_dropped_user_id", "dropped", ["user_id"], unique=False)
    op.add_column("vote", sa.Column("workspace", Words(), server_default="", nullable=False))
