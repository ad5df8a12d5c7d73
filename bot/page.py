"""What comes back from the web."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """An answer. ``url`` is where it was found in the end; ``status`` 304 means unchanged, without a body."""

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """The media type, such as ``application/atom+xml``; empty if the host named none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def unchanged(self) -> bool:
        """Whether the host says that nothing changed since last time."""
        return self.status == 304

    @property
    def marks(self) -> dict[str, str]:
        """What to hand back as ``seen`` next time: the host's etag and date of change."""
        names = {"etag": "etag", "last-modified": "modified"}
        return {name: self.headers[header] for header, name in names.items() if self.headers.get(header)}
