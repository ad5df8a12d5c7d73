"""What a log may hold of an exception: its type and where it was raised, never a word that it repeats.

An exception's message quotes what was being worked on: a question, a paper, a token. Only sentences of our
own errors (``bot/errors.py``) that repeat nothing are written out.
"""

from __future__ import annotations

import errno
import re
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path

from bot.errors import PaperboyError

_HOME = f"{Path(__file__).parent.parent}/"
_LIBRARIES = tuple(f"{sysconfig.get_path(name)}/" for name in ("purelib", "platlib", "stdlib"))
_CODE = re.compile(r"[A-Z0-9_]{2,60}")
_DEEP = 8
"""How many causes are followed."""
_FRAMES = 40
"""How many places of each are shown: those next to the fault."""


def brief(error: BaseException) -> str:
    """One line: what it is, how it came there, what it came from."""
    first, *causes = _chain(error)
    return " from ".join(
        [f"{_named(first)} ({_place(first, 3)})", *(f"{_named(one)} ({_place(one, 1)})" for one in causes)]
    )


def full(error: BaseException) -> str:
    """Every place on the way to the fault, a line each."""
    return "\n".join(line for one in _chain(error) for line in _told(one))


def _told(error: BaseException) -> Iterator[str]:
    yield _named(error)
    for place in _places(error)[-_FRAMES:]:
        yield f"  {place}"
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions[:_DEEP]:
            yield f"  with {brief(one)}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in seen and len(seen) < _DEEP:
        seen.append(at)
        yield at
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)


def _named(error: BaseException) -> str:
    kind = type(error)
    own = kind.__module__.partition(".")[0] in ("builtins", "bot", "adapters", "storage")
    name = kind.__qualname__ if own else f"{kind.__module__}.{kind.__qualname__}"
    words = _sentence(error) or _code(error)
    return f"{name}: {words}" if words else name


def _sentence(error: BaseException) -> str:
    if not isinstance(error, PaperboyError):
        return ""
    return error.told if error.quotes else str(error)


def _code(error: BaseException) -> str:
    """The number or name that a library gives the fault, where it is one."""
    if isinstance(error, OSError) and error.errno:
        return errno.errorcode.get(error.errno, str(error.errno))
    found = (getattr(error, name, None) for name in ("sqlite_errorname", "sqlstate"))
    return next((code for code in found if isinstance(code, str) and _CODE.fullmatch(code)), "")


def _place(error: BaseException, count: int) -> str:
    """The places in our own code that are next to the fault."""
    places = _places(error)
    ours = [place for place in places if not place.startswith("…/")]
    return ", ".join((ours or places or ["nowhere"])[-count:])


def _places(error: BaseException) -> list[str]:
    return [
        f"{short(frame.f_code.co_filename)}:{line} in {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]


def short(file: str) -> str:
    """A file of ours by its place in the project, another by its place among the libraries."""
    for root in _LIBRARIES:
        if file.startswith(root):
            return f"…/{file.removeprefix(root)}"
    return file.removeprefix(_HOME) if file.startswith(_HOME) else f"…/{Path(file).name}"
