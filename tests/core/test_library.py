"""The library: what is not kept is looked up."""

from __future__ import annotations

import pytest

from bot.domain import Paper
from bot.errors import SourceError, Unreachable
from bot.library import Library
from storage.engine import connect
from storage.feeds import Feeds
from storage.papers import Papers
from tests.fakes.clock import SetClock


class NoNetwork:
    """Knows no link, since nothing can be reached."""

    async def paper(self, reference: str) -> Paper:
        raise Unreachable("The name export.arxiv.org cannot be found; check the network and the address.")

    async def titled(self, title: str) -> Paper | None:
        return None


async def test_a_look_up_that_failed_names_the_paper() -> None:
    database = await connect("sqlite:///:memory:")
    try:
        library = Library(
            papers=Papers(database), feeds=Feeds(database), sources=(), links=NoNetwork(), clock=SetClock()
        )
        with pytest.raises(SourceError, match=r"^2412\.00001 is not in the library, and .* cannot be found"):
            await library.resolve("2412.00001")
    finally:
        await database.close()
