"""Counts of what this process has done, for ``/metrics``; they begin at 0 with the process."""

from __future__ import annotations

from collections import Counter

_counts: Counter[tuple[str, str]] = Counter()


def count(name: str, label: str = "", amount: int = 1) -> None:
    """Add to a count, such as ``count("sent", "slack")``."""
    _counts[name, label] += amount


def counts() -> dict[tuple[str, str], int]:
    """Every count so far by name and label."""
    return dict(_counts)
