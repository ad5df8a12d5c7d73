"""A chat model behind the OpenAI API: OpenAI, Ollama, vLLM, llama.cpp, asked for JSON of a given shape."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from bot.domain import ChannelId, Finding, ModelCall, PaperId
from bot.errors import ModelDown, ModelError, ModelLied
from bot.llm import prompts
from bot.llm.budget import tokens
from bot.llm.dialect import Dialect
from bot.llm.faults import Fault, cut
from bot.llm.schema import Misfit, Shape, json_schema, parse
from bot.llm.server import Meter, Server

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_PER_MESSAGE = 4
"""Tokens that a chat template adds to a message, about."""

Follow = Callable[[str], Awaitable[None]]
"""Takes all of the raw text so far, while it is being written."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Task:
    """What a model is asked, what for, and how many tokens it may write."""

    purpose: str
    messages: tuple[Message, ...]
    most_tokens: int
    paper_id: PaperId | None = None
    channel: ChannelId | None = None

    def then(self, *messages: Message) -> Task:
        """The same, with the talk gone on."""
        return replace(self, messages=(*self.messages, *messages))


@dataclass(slots=True)
class _Written:
    """What a model wrote, and why it stopped."""

    text: str = ""
    ended: str = ""
    refusal: str = ""


class ChatModel:
    """Asks a model for JSON of a given shape and gives back what fits.

    Share one among all tasks: what it learns of the server's abilities, and the server's bounds, then hold
    for all of them.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.dialect = Dialect()

    @property
    def name(self) -> str:
        """The model's name on its server."""
        return self.server.model

    async def ask(self, task: Task, shape: type[Shape], *, follow: Follow | None = None) -> Shape:
        """The answer, of that shape; one that does not fit is sent back once with what is wrong.

        Raises ModelDown, ModelThrottled, BudgetSpent; ModelLied where it does not fit the second time
        either, was cut off or refused; ModelError for what the server will never do.
        """
        wanted = json_schema(shape)
        written = await self._write(task, shape.__name__, wanted, follow)
        try:
            return _read(written, shape)
        except Misfit as fault:
            self._distrust(written)
            task = task.then(
                Message("assistant", written.text[:4000] or "{}"),
                Message("user", _mending(written, str(fault), wanted)),
            )
        try:
            return _read(await self._write(task, shape.__name__, wanted, follow), shape)
        except Misfit as fault:
            raise ModelLied(f"The model {self.name} did not answer in the asked form: {fault}") from None

    def _distrust(self, written: _Written) -> None:
        """A server that was to hold the answer to a schema and did not is not relied on again."""
        lower = self.dialect.lower()
        if self.dialect.level == "schema" and lower and written.ended != "length":
            self.dialect = lower

    async def _write(self, task: Task, name: str, wanted: dict[str, Any], follow: Follow | None) -> _Written:
        """One text, asked for in simpler ways until the server takes one, which is then remembered."""
        dialect = self.dialect
        while True:
            try:
                written = await self._once(task, name, wanted, dialect, follow)
            except Fault as fault:
                poorer = dialect.poorer(fault.complaint) if fault.complaint else None
                if poorer is None:
                    raise fault.error from None
                dialect = poorer
            else:
                self.dialect = dialect
                return written

    async def _once(
        self, task: Task, name: str, wanted: dict[str, Any], dialect: Dialect, follow: Follow | None
    ) -> _Written:
        messages = _messages(task, wanted, dialect)
        options = dialect.options(name, wanted, task.most_tokens, stream=follow is not None)
        written = _Written()

        async def send(client: AsyncOpenAI, meter: Meter) -> None:
            written.text = written.ended = written.refusal = ""
            answer: Any = await client.chat.completions.create(model=self.name, messages=messages, **options)
            await _take(answer, written, meter, follow)
            if not written.ended:
                raise cut(self.server.base_url)

        expected = sum(tokens(message["content"]) + _PER_MESSAGE for message in messages)
        call = ModelCall(self.name, task.purpose, task.paper_id, task.channel, expected, task.most_tokens)
        await self.server.call(call, send)
        return written

    async def check(self) -> Finding:
        """Whether the server answers, takes the key and knows the model: one tiny call."""
        task = Task("check", (Message("user", 'Return the JSON object {"ok": true}.'),), 500)
        name = f"model {self.name}"
        try:
            await self.ask(task, _Ok)
        except ModelLied as error:
            return Finding(name, True, f"{self.server.base_url} answers, but: {error}")
        except ModelError as error:
            return Finding(name, False, str(error))
        return Finding(name, True, f"{self.server.base_url} answers. {await self.server.budget.report()}")

    async def close(self) -> None:
        """Close the connections."""
        await self.server.close()


class _Ok(BaseModel):
    ok: bool


def _messages(task: Task, wanted: dict[str, Any], dialect: Dialect) -> Any:
    """The messages as sent; the schema stands at the end of the first where nothing else holds to it."""
    first, *others = task.messages
    content = first.content if dialect.level == "schema" else f"{first.content}\n{prompts.form(wanted)}"
    return [
        {"role": first.role, "content": content},
        *({"role": message.role, "content": message.content} for message in others),
    ]


async def _take(answer: Any, written: _Written, meter: Meter, follow: Follow | None) -> None:
    if follow is None:
        _take_whole(answer, written)
        _count(answer, meter)
    else:
        await _take_stream(answer, written, meter, follow)
    if meter.read is None:
        meter.wrote = tokens(written.text)


async def _take_stream(answer: Any, written: _Written, meter: Meter, follow: Follow) -> None:
    try:
        if "json" in answer.response.headers.get("content-type", ""):
            whole = await _unstreamed(answer)
            _take_whole(whole, written)
            _count(whole, meter)
            return
        async for chunk in answer:
            before = len(written.text)
            _take_chunk(chunk, written)
            _count(chunk, meter)
            if len(written.text) > before:
                await follow(written.text)
    finally:
        meter.wrote = meter.wrote or tokens(written.text)
        await answer.close()


async def _unstreamed(answer: Any) -> Any:
    """What a server that does not stream sends all the same: one whole answer."""
    from openai.types.chat import ChatCompletion

    return ChatCompletion.model_validate_json(await answer.response.aread())


def _take_whole(answer: Any, written: _Written) -> None:
    """A whole answer. Some servers send status 200 with an error, or a choice without a message."""
    choices = getattr(answer, "choices", None)
    message = choices[0].message if choices else None
    if not choices or message is None:
        raise Fault(ModelDown("The model's server answered without an answer."), again=True, broken=True)
    written.text = message.content or ""
    written.refusal = getattr(message, "refusal", None) or ""
    written.ended = choices[0].finish_reason or "stop"


def _take_chunk(chunk: Any, written: _Written) -> None:
    for choice in (chunk.choices or [])[:1]:
        written.text += (choice.delta.content or "") if choice.delta else ""
        written.refusal += (getattr(choice.delta, "refusal", None) or "") if choice.delta else ""
        written.ended = choice.finish_reason or written.ended


def _count(answer: Any, meter: Meter) -> None:
    """Take the server's count where there is one."""
    usage = getattr(answer, "usage", None)
    if usage is None:
        return
    meter.read, meter.wrote = usage.prompt_tokens or 0, usage.completion_tokens or 0
    details = getattr(usage, "prompt_tokens_details", None)
    meter.cached = getattr(details, "cached_tokens", None) or 0


def _read(written: _Written, shape: type[Shape]) -> Shape:
    if written.refusal or written.ended == "content_filter":
        raise ModelLied(f"The model refused: {written.refusal[:200] or 'its content filter stepped in'}")
    if written.ended == "length":
        raise Misfit("it was cut off because it is too long")
    return parse(written.text, shape)


def _mending(written: _Written, fault: str, wanted: dict[str, Any]) -> str:
    return prompts.SHORTER if written.ended == "length" else prompts.mend_form(fault, wanted)


def conversation(system: str, user: str) -> tuple[Message, ...]:
    """The opening of a chat."""
    return Message("system", system), Message("user", user)
