"""On SQLite an index of what filters ask for."""

from alembic import op

from storage import narrowing

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    narrowing.create(op.get_bind())
