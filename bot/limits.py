"""How long a worker holds, waits and tries."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """How a worker behaves. ``lease``, ``beat``: how long a run is held, how often that is prolonged;
    ``poll``: the longest sleep; ``fresh``: how old a fetch may be; ``drain``: how long an ending worker
    waits for messages in hand; ``held``, ``batch``: how many digests are in hand at most, and taken at
    once (so that others get their share); ``tries``: failed attempts in a row before a digest is given up."""

    lease: timedelta = timedelta(seconds=60)
    beat: timedelta = timedelta(seconds=20)
    poll: timedelta = timedelta(seconds=30)
    fresh: timedelta = timedelta(minutes=10)
    fetching: timedelta = timedelta(minutes=5)
    hourly: timedelta = timedelta(hours=1)
    drain: timedelta = timedelta(seconds=8)
    composing: int = 4
    held: int = 512
    batch: int = 32
    tries: int = 12


def elapsed() -> float:
    """Seconds on a clock that nobody sets and that goes on while the machine sleeps, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


def backoff(attempts: int) -> timedelta:
    """The wait after ``attempts`` failed tries: 15 seconds, doubling up to half an hour."""
    return timedelta(seconds=min(15 * 2 ** max(attempts - 1, 0), 1800))
