"""Whose direct messages a channel is."""

import sqlalchemy as sa
from alembic import op

from storage.types import Words

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column(
        "channel",
        sa.Column(
            "person", Words(), server_default="", nullable=False, comment="whose direct messages it is"
        ),
    )
