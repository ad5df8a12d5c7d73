"""The language model, made from its section of the configuration; none where the embedded one serves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot.config import LlmSection, secret
from bot.domain import Channel, Finding, Question, is_english
from bot.ports import Answerer, Briefer, Clock, Judge, Ledger, Summarizer
from bot.proxies import Proxies

EMBEDDED = Finding("model", True, "embedded: it quotes the papers, needs no key and costs nothing")


def untranslated(channels: Sequence[Channel]) -> list[Finding]:
    """The channels whose language the embedded model does not write; no fault, but to be known."""
    return [
        Finding(
            f"channel {channel.id}",
            True,
            f'its language is "{channel.language}", but summaries stay in English, in words of the papers: '
            'the embedded model does not translate; provider = "openai" under [llm] does.',
        )
        for channel in channels
        if not is_english(channel.language)
    ]


def configured(
    section: LlmSection,
    environ: Mapping[str, str],
    *,
    ledger: Ledger,
    clock: Clock,
    off_topic: Callable[[Question], bool],
) -> ServedModel | None:
    """The configured model, None for the embedded one. Raises ConfigError."""
    if section.provider == "embedded":
        return None
    return ServedModel(section, environ, ledger=ledger, clock=clock, off_topic=off_topic)


class ServedModel:
    """A model behind an OpenAI-compatible server."""

    def __init__(
        self,
        section: LlmSection,
        environ: Mapping[str, str],
        *,
        ledger: Ledger,
        clock: Clock,
        off_topic: Callable[[Question], bool],
    ) -> None:
        from bot.llm.briefer import OpenAIBriefer
        from bot.llm.budget import Budget, price_of
        from bot.llm.chat import OpenAIAnswerer, OpenAISummarizer
        from bot.llm.judge import OpenAIJudge
        from bot.llm.openai import ChatModel
        from bot.llm.server import Server

        price = price_of(
            section.model,
            input_usd=section.input_usd_per_million,
            output_usd=section.output_usd_per_million,
            limited=bool(section.daily_budget_usd or section.channel_budget_usd),
        )
        self._budget = Budget(
            ledger,
            clock=clock,
            price=price,
            day_usd=section.daily_budget_usd,
            channel_usd=section.channel_budget_usd,
        )
        self._server = server = Server(
            base_url=section.base_url,
            model=section.model,
            clock=clock,
            budget=self._budget,
            api_key=secret(section.api_key_env, environ),
            proxy=Proxies.of(environ).to(section.base_url),
            concurrency=section.concurrency,
            timeout=section.timeout,
        )
        self._chat = ChatModel(server)
        self.summarizer: Summarizer = OpenAISummarizer(
            self._chat, clock=clock, context_tokens=section.context_tokens
        )
        self.answerer: Answerer = OpenAIAnswerer(self._chat, off_topic=off_topic)
        self.judge: Judge = OpenAIJudge(self._chat)
        self.briefer: Briefer = OpenAIBriefer(self._chat)

    async def check(self) -> Finding:
        """Whether the server answers, takes the key and knows the model."""
        return await self._chat.check()

    async def report(self) -> Sequence[Finding]:
        """Name and money, for status."""
        return [Finding("model", True, f"{self._chat.name}. {await self._budget.report()}")]

    async def warm(self) -> None:
        """Load what the first call would wait for."""
        await self._server.warm()

    async def close(self) -> None:
        """Close the connections."""
        await self._chat.close()
