"""The first schema."""

from alembic import op

from storage import fulltext
from storage.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    metadata.create_all(op.get_bind(), checkfirst=False)
    fulltext.create(op.get_bind())
