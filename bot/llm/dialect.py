"""What a server of the OpenAI API understands: found out by asking, and remembered."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

Level = Literal["schema", "object", "text"]
_NEXT: dict[Level, Level] = {"schema": "object", "object": "text"}
_FORMAT = re.compile(r"response_format|json_schema|json_object|json mode|structured|schema|grammar", re.I)
_TOO_LONG = re.compile(
    r"context[ _](?:length|window|size)|maximum context|too many tokens|prompt is too long"
    r"|exceeds? the (?:available )?context",
    re.I,
)

_THINKING = 3
"""Models that want the longer name also think, and their thoughts count against the limit."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How to ask one server for one model.

    ``level``: an answer held to a JSON schema, to any JSON object, or free text; below "schema" the schema
    stands in the prompt. ``limit`` names the parameter for the answer's length (reasoning models know
    only the longer name, older servers only the shorter).
    """

    level: Level = "schema"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    usage: bool = True
    """Whether the tokens of a stream can be asked for."""

    def options(self, name: str, schema: dict[str, Any], most_tokens: int, *, stream: bool) -> dict[str, Any]:
        """The parameters of a request besides model and messages."""
        thinking = _THINKING if self.limit == "max_completion_tokens" else 1
        options: dict[str, Any] = {self.limit: most_tokens * thinking}
        if self.temperature:
            options["temperature"] = 0
        if self.level == "schema":
            form = {"name": name, "strict": True, "schema": schema}
            options["response_format"] = {"type": "json_schema", "json_schema": form}
        elif self.level == "object":
            options["response_format"] = {"type": "json_object"}
        if stream:
            options["stream"] = True
            if self.usage:
                options["stream_options"] = {"include_usage": True}
        return options

    def poorer(self, complaint: str) -> Dialect | None:
        """What to try after the server refused a request with ``complaint``; None if nothing is left.

        A complaint that names a parameter is answered by leaving out that one; any other may be about the
        form of the answer, since servers differ in how they say so.
        """
        if too_long(complaint):
            return None
        if self.limit == "max_tokens" and "max_completion_tokens" in complaint:
            return replace(self, limit="max_completion_tokens")
        if self.usage and "stream_options" in complaint:
            return replace(self, usage=False)
        if self.temperature and "temperature" in complaint and not _FORMAT.search(complaint):
            return replace(self, temperature=False)
        return self.lower()

    def lower(self) -> Dialect | None:
        """The next rung of the ladder, None below the last."""
        following = _NEXT.get(self.level)
        return replace(self, level=following) if following else None


def too_long(complaint: str) -> bool:
    """Whether a server refuses because the text does not fit its context."""
    return bool(_TOO_LONG.search(complaint))
