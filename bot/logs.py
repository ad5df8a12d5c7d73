"""Logs: structured lines on standard error, with ids and never a token or a person's words."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any

import structlog

from bot.config import Config

_TOKEN = re.compile(r"xox[a-z]-[\w-]+|xapp-[\w-]+|[MNO][\w-]{23,}\.[\w-]{6}\.[\w-]{27,}|sk-[\w-]{16,}")


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
        structlog.processors.format_exc_info,  # before tokens are looked for: tracebacks quote what failed
        _without_tokens,
    ]
    tty = sys.stderr.isatty()
    look = structlog.dev.ConsoleRenderer() if tty else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[*shared, look],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, look],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("httpx", "httpcore", "slack_sdk", "slack_bolt", "discord", "aiosqlite", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _without_tokens(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = _TOKEN.sub("[secret]", value)
    return event


def told(event: str, **facts: object) -> None:
    """Write down what the service did by itself."""
    structlog.get_logger("paperboy").info(event, **facts)


def ready(config: Config, platforms: Sequence[str]) -> None:
    """Say that the service is ready."""
    log = structlog.get_logger("paperboy")
    log.info(
        "ready", platforms=list(platforms) or ["terminal"], storage=config.storage.url.partition("://")[0]
    )
