"""All tasks of one model on one server, made together: they share its bounds, its money and what is learned
of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain import Question
from bot.llm.briefer import OpenAIBriefer
from bot.llm.budget import Budget, price_of
from bot.llm.chat import OpenAIAnswerer, OpenAISummarizer
from bot.llm.embed import ServerEmbedder
from bot.llm.judge import OpenAIJudge
from bot.llm.openai import ChatModel
from bot.llm.server import Server
from bot.ports import Clock, Ledger


@dataclass(frozen=True, slots=True)
class Served:
    """A model on a server in all its tasks; ``model`` has ``check`` for the doctor and ``close``."""

    model: ChatModel
    summarizer: OpenAISummarizer
    answerer: OpenAIAnswerer
    judge: OpenAIJudge
    briefer: OpenAIBriefer

    async def report(self) -> str:
        """The day's spending in a sentence."""
        return await self.model.server.budget.report()

    async def warm(self) -> None:
        """What takes long the first time, to be done while nobody waits."""
        await self.model.server.warm()

    async def close(self) -> None:
        """Close the connections."""
        await self.model.close()


def serve(
    *,
    base_url: str,
    model: str,
    clock: Clock,
    ledger: Ledger,
    api_key: str = "",
    daily_budget_usd: float = 0.0,
    channel_budget_usd: float = 0.0,
    input_usd_per_million: float = 0.0,
    output_usd_per_million: float = 0.0,
    context_tokens: int = 32_000,
    concurrency: int = 4,
    timeout: float = 120.0,
    off_topic: Callable[[Question], bool] | None = None,
) -> Served:
    """The tasks of ``model`` at ``base_url``; the arguments are those of the section ``[llm]``."""
    limited = bool(daily_budget_usd or channel_budget_usd)
    price = price_of(
        model, input_usd=input_usd_per_million, output_usd=output_usd_per_million, limited=limited
    )
    budget = Budget(
        ledger, clock=clock, price=price, day_usd=daily_budget_usd, channel_usd=channel_budget_usd
    )
    chat = ChatModel(
        Server(
            base_url=base_url,
            model=model,
            clock=clock,
            budget=budget,
            api_key=api_key,
            concurrency=concurrency,
            timeout=timeout,
        )
    )
    return Served(
        chat,
        OpenAISummarizer(chat, clock=clock, context_tokens=context_tokens),
        OpenAIAnswerer(chat, off_topic=off_topic),
        OpenAIJudge(chat),
        OpenAIBriefer(chat),
    )


def serve_vectors(
    *, base_url: str, model: str, clock: Clock, ledger: Ledger, api_key: str = "", concurrency: int = 4
) -> ServerEmbedder:
    """Vectors by ``model`` at ``base_url``; the arguments are those of the section ``[embed]``. What they
    cost is written down, but no limit holds them up: search would stop without them."""
    budget = Budget(ledger, clock=clock, price=price_of(model))
    server = Server(
        base_url=base_url,
        model=model,
        clock=clock,
        budget=budget,
        api_key=api_key,
        concurrency=concurrency,
        timeout=60.0,
    )
    return ServerEmbedder(server)
