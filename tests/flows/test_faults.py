"""Several workers on PostgreSQL while things around them fail: the short form of ``benchmarks.faults``."""

from __future__ import annotations

import pytest

from benchmarks.crash import Tally
from benchmarks.faults import Case, play


@pytest.mark.postgres
@pytest.mark.parametrize(
    "case",
    [Case("cut", "fake", 2, seed=1, cut=1.0), Case("stepped", "slack", 2, seed=2)],
    ids=lambda case: case.name,
)
async def test_every_message_stands_once(case: Case, postgres_url: str) -> None:
    tally = Tally()
    await play(postgres_url, case, tally)
    assert tally.faults == []
    assert (tally.messages, tally.lost, tally.doubles, tally.astray, tally.extra) == (24, 0, 0, 0, 0)
