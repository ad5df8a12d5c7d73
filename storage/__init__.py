"""Where Paperboy keeps what it knows: SQLite by default, PostgreSQL when one machine is not enough."""
