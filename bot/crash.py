"""Named places where a test can end the process as if the power had failed.

``PAPERBOY_CRASH_AT=after-intent`` ends it there the first time, ``after-intent:3`` the third time, without
clean-up and with exit code 137; ``after-intent:3:stop`` lets it stand still there until somebody sends it
SIGCONT. It is read once, at import; without it :func:`here` does nothing.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "after-claim",
    "after-fetch",
    "after-rank",
    "before-freeze",
    "after-freeze",
    "before-summary",
    "before-keep",
    "after-keep",
    "after-summary",
    "before-outbox",
    "after-outbox",
    "before-intent",
    "after-intent",
    "after-reply",
    "after-sent",
    "before-done",
    "after-done",
    "in-migration",
)
"""Every place, in the order in which a digest passes them."""

_name, _count, _how = (os.environ.get("PAPERBOY_CRASH_AT", "") + "::").split(":")[:3]
_left = int(_count or 1)

if _name and _name not in POINTS:
    raise SystemExit(f'PAPERBOY_CRASH_AT: there is no place "{_name}"; there are {", ".join(POINTS)}.')


def here(point: str) -> None:
    """End or stop the process if this is the place that was asked for."""
    if point == _name:
        _count_down()


def _count_down() -> None:
    global _left
    _left -= 1
    if _left == 0 and _how == "stop":
        os.kill(os.getpid(), signal.SIGSTOP)
    elif _left == 0:
        os._exit(137)
