"""Hands Alembic the connection that ``storage.migrations.upgrade`` was given."""

from alembic import context

from storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
