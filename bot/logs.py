"""Logs: structured lines on standard error, with ids and never a token or a person's words.

Three rules hold for every line, ours or a library's, so that no place that logs needs to think of them:
an exception is its type and its place (:mod:`bot.traces`); a fact is one word, such as an id; and of a
library's line only the sentence as it stands in its code is written, with the numbers that it is filled with.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import re
import sys
import threading
import types
import warnings
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, TextIO

import structlog

from bot import traces
from bot.config import Config
from bot.masks import masked

_Event = MutableMapping[str, Any]
_FREE = ("event", "exception", "timestamp", "level", "logger", "where")
"""What we write ourselves and may have more than one word."""
_BLANK = "…"


def structured() -> None:
    """For the service: every event a line with time, level and ids, in colour on a terminal."""
    _configure(logging.INFO)


def quiet() -> None:
    """For verbs that talk to a person: warnings and worse only."""
    _configure(logging.WARNING)


def _configure(level: int) -> None:
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_words,
        _without_secrets,
    ]
    tty = sys.stderr.isatty()
    look = structlog.dev.ConsoleRenderer() if tty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, look],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    handler = _Stderr(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_of_a_library, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, look],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("httpx", "httpcore", "slack_sdk", "slack_bolt", "discord", "aiosqlite", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


# --- what every line goes through -----------------------------------------------------------------------


def _without_words(_: Any, __: str, event: _Event) -> _Event:
    """Exceptions by type and place; facts that are more than a word not at all."""
    if error := _raised(event.pop("exc_info", None)):
        event["exception"] = traces.full(error)
    event.pop("stack_info", None)
    for key, value in event.items():
        if isinstance(value, BaseException):
            event[key] = traces.brief(value)
        elif key not in _FREE and not key.startswith("_"):
            event[key] = _fact(value)
    return event


def _fact(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_fact(item) for item in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = str(value)
    return text if len(text) <= 200 and not any(map(str.isspace, text)) else _BLANK


def _raised(told: Any) -> BaseException | None:
    if isinstance(told, BaseException):
        return told
    if isinstance(told, tuple):
        return told[1] if isinstance(told[1], BaseException) else None
    return sys.exc_info()[1] if told else None


def _without_secrets(_: Any, __: str, event: _Event) -> _Event:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = masked(value)
        elif isinstance(value, list):
            event[key] = [masked(item) if isinstance(item, str) else item for item in value]
    return event


# --- what libraries write -------------------------------------------------------------------------------


class _Stderr(logging.StreamHandler[TextIO]):
    def emit(self, record: logging.LogRecord) -> None:
        """Write a copy without what the sentence is filled with: also where it cannot be filled, of which
        Python tells with everything that was handed over."""
        bare = copy.copy(record)
        bare.msg, bare.args = _pattern(record), ()
        super().emit(bare)


def _of_a_library(_: Any, __: str, event: _Event) -> _Event:
    record: logging.LogRecord = event["_record"]
    event["logger"] = record.name
    event["where"] = f"{traces.short(record.pathname)}:{record.lineno} in {record.funcName}"
    return event


def _pattern(record: logging.LogRecord) -> str:
    """The sentence as it stands in the code that logs it, with the numbers that it is filled with.

    What is put together before it is logged is left out: nobody can tell what is in it.
    """
    frame: types.FrameType | None = sys._getframe()
    while frame and (frame.f_code.co_filename, frame.f_lineno) != (record.pathname, record.lineno):
        frame = frame.f_back
    if frame is None or not isinstance(record.msg, str) or record.msg not in frame.f_code.co_consts:
        return _BLANK
    if not record.args or isinstance(record.args, Mapping):
        return record.msg
    try:
        return record.msg % tuple(arg if isinstance(arg, (int, float)) else _BLANK for arg in record.args)
    except (TypeError, ValueError):
        return record.msg


# --- what Python itself would write ---------------------------------------------------------------------


def last_resort() -> None:
    """Hold what Python writes by itself of an exception that nobody caught, and of warnings, to the same."""
    log = structlog.get_logger("python")
    sys.excepthook = lambda _, error, __: log.critical("an exception nobody caught", exc_info=error)
    threading.excepthook = lambda told: log.error(
        "an exception nobody caught in a thread", exc_info=told.exc_value
    )
    sys.unraisablehook = lambda told: log.error("an exception nobody could catch", exc_info=told.exc_value)
    warnings.showwarning = _warned


def _warned(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any
) -> None:
    log = structlog.get_logger("python")
    log.warning("a warning of Python", kind=category.__name__, at=f"{traces.short(filename)}:{lineno}")


def astray(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the event loop tells of tasks and callbacks that failed unseen; it would print them whole."""
    what, *_rest = re.split(r"[<('\"]", str(context.get("message", "")), maxsplit=1)
    task = context.get("task") or context.get("future")
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    structlog.get_logger("asyncio").error(
        what.strip() or "something went astray",
        work=getattr(coroutine, "__qualname__", ""),
        exc_info=context.get("exception"),
    )


# --- what the service says of itself --------------------------------------------------------------------


def told(event: str, **facts: object) -> None:
    """Write down what the service did by itself."""
    structlog.get_logger("paperboy").info(event, **facts)


def ready(config: Config, platforms: Sequence[str]) -> None:
    """Say that the service is ready."""
    log = structlog.get_logger("paperboy")
    log.info(
        "ready", platforms=list(platforms) or ["terminal"], storage=config.storage.url.partition("://")[0]
    )
