"""What verbs print: lines for people, JSON for programs."""

from __future__ import annotations

import json
import sys
from typing import Any

from bot.domain import Decision, Paper
from bot.render.clean import visible


def say(line: str = "") -> None:
    """A line for people."""
    sys.stdout.write(visible(line) + "\n")


def warn(line: str) -> None:
    """A line on standard error."""
    sys.stderr.write(visible(line) + "\n")


def row(fields: dict[str, Any]) -> None:
    """One JSON object on a line."""
    sys.stdout.write(json.dumps(fields, ensure_ascii=False) + "\n")


def paper(found: Paper) -> dict[str, Any]:
    """A paper's fields as ``--json`` gives them."""
    return {
        "id": found.id,
        "title": found.title,
        "authors": list(found.authors),
        "published": found.published.isoformat() if found.published else None,
        "updated": found.updated.isoformat() if found.updated else None,
        "source": found.source,
        "url": found.url,
        "categories": list(found.categories),
    }


def decision(made: Decision) -> dict[str, Any]:
    """A decision's fields as ``--json`` gives them."""
    return {
        "topic": made.topic,
        "score": round(made.score, 4),
        "threshold": round(made.threshold, 4),
        "matched": made.matched,
        "why": made.why,
    }
