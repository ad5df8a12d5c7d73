"""A circuit breaker: after repeated failures a server is left alone for a while."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.errors import ModelDown, veiled
from bot.ports import Clock


class Breaker:
    """Opens after ``failures`` in a row; after ``rest`` seconds one call may try whether it works again.

    Only what says that the server is broken counts: no answer, 5xx, a refused key. A call that is told to
    wait (429) or an answer of the wrong shape is no such failure.
    """

    def __init__(self, *, clock: Clock, failures: int = 4, rest: float = 60.0) -> None:
        self._clock = clock
        self._limit = failures
        self._rest = timedelta(seconds=rest)
        self._failed = 0
        self._open_until: datetime | None = None
        self._reason = ""

    @property
    def open(self) -> bool:
        """Whether calls are held back."""
        return self._open_until is not None

    def check(self) -> None:
        """Let a call through, or raise ModelDown; the first call after the rest is the probe."""
        if self._open_until is None:
            return
        now = self._clock.now()
        if now < self._open_until:
            seconds = max(1, round((self._open_until - now).total_seconds()))
            failed = f"The model's server failed {self._failed} times in a row"
            again = f"It is asked again in {seconds} s."
            raise veiled(ModelDown(f"{failed}, last: {self._reason} {again}"), f"{failed}. {again}")
        self._open_until = now + self._rest

    def succeeded(self) -> None:
        """The server works: close."""
        self._failed, self._open_until = 0, None

    def failed(self, reason: str) -> None:
        """The server failed, for this reason, one sentence."""
        self._failed += 1
        self._reason = reason
        if self._failed >= self._limit:
            self._open_until = self._clock.now() + self._rest
