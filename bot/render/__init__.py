"""Documents as plain text, Markdown and HTML; pure functions."""
