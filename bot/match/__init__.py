"""The daily decision: which of today's papers belong to a topic, and why."""
