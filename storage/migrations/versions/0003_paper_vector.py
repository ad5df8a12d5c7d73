"""Another name for the table of vectors: pgvector wants ``vector`` for its type, and a table is a type."""

import sqlalchemy as sa
from alembic import op

from storage.types import Words

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.drop_index("ix_vector_since", "vector")
    if op.get_bind().dialect.name == "postgresql":
        _rename()
    else:
        _copy()
    op.create_index("ix_paper_vector_since", "paper_vector", ["encoder", "number"], unique=False)


def _rename() -> None:
    op.rename_table("vector", "paper_vector")
    op.execute("ALTER INDEX pk_vector RENAME TO pk_paper_vector")
    op.execute("ALTER INDEX uq_vector_encoder_paper_id RENAME TO uq_paper_vector_encoder_paper_id")
    op.execute("ALTER SEQUENCE vector_number_seq RENAME TO paper_vector_number_seq")


def _copy() -> None:
    """SQLite cannot give a constraint another name."""
    op.create_table(
        "paper_vector",
        sa.Column("number", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("encoder", Words(), nullable=False),
        sa.Column("paper_id", Words(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="float16, little endian"),
        sa.PrimaryKeyConstraint("number", name="pk_paper_vector"),
        sa.UniqueConstraint("encoder", "paper_id", name="uq_paper_vector_encoder_paper_id"),
        sqlite_autoincrement=True,
    )
    op.execute("INSERT INTO paper_vector SELECT number, encoder, paper_id, data FROM vector")
    op.drop_table("vector")
