"""Commands: one table for every platform, a parser, and a function a command."""
