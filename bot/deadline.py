"""Until when a message may leave, looked at right before each write to the network.

A worker that stood still (a frozen process, a paused machine) may wake up anywhere between its last look at
the clock and the write, and another worker has sent the message since. So the socket itself looks:
connections made by :func:`timely` refuse to write for a sender whose time is over.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


class Passed(ConnectionAbortedError):
    """It is too late to write; the connection ends."""


@dataclass(slots=True)
class _Deadline:
    at: float
    ticks: Callable[[], float]
    met: bool = False


_DEADLINE: ContextVar[_Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def leaving(before: float, ticks: Callable[[], float]) -> Iterator[None]:
    """Let what is sent within leave ``before`` that time only, in seconds as ``ticks`` tells them.

    What is left unwritten by a sender that failed is not written later either.
    """
    deadline = _Deadline(before, ticks)
    token = _DEADLINE.set(deadline)
    try:
        yield
        deadline.met = True  # the connection is kept, and with it this context
    finally:
        _DEADLINE.reset(token)


def check() -> None:
    """Raises Passed when what is to be written now comes too late."""
    deadline = _DEADLINE.get()
    if deadline and not deadline.met and deadline.ticks() > deadline.at:
        raise Passed("The worker stood still before it wrote a message.")


class _Timely(socket.socket):
    """asyncio writes by ``send``, from Python 3.12 on by ``sendmsg`` too."""

    def send(self, *data: Any) -> int:
        check()
        return super().send(*data)

    def sendmsg(self, *data: Any) -> int:
        check()
        return super().sendmsg(*data)


def timely(address: tuple[Any, ...]) -> socket.socket:
    """A socket that keeps deadlines, for aiohttp's ``TCPConnector(socket_factory=timely)``."""
    family, kind, protocol, *_ = address
    return _Timely(family, kind, protocol)
