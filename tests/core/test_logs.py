from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot import logs

TOKENS = ("xoxb-1234-abcdefgh", "xapp-1-A0-99-ffff", "sk-aaaaaaaaaaaaaaaaaaaa")


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], level = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("token", TOKENS)
def test_no_token_is_written_wherever_it_stands(token: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.structured()
    log = structlog.get_logger("paperboy")
    log.info("asked", channel="slack:C1", paper="arxiv:1", address=f"https://x.org/?token={token}")
    try:
        raise RuntimeError(f"refused {token}")
    except RuntimeError:
        log.exception("digest failed", channel="slack:C1")
        logging.getLogger("foreign").exception("it said %s", token)
    written = capsys.readouterr().err
    assert token not in written
    assert written.count("[secret]") >= 4
    first = json.loads(written.splitlines()[0])
    assert (first["event"], first["channel"], first["paper"], first["level"]) == (
        "asked",
        "slack:C1",
        "arxiv:1",
        "info",
    )
