"""A chat model on a server of the OpenAI API, with everything such a server does wrong."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel

from bot.config import LlmSection
from bot.domain import ChannelId
from bot.errors import BudgetSpent, ModelDown, ModelError, ModelLied, ModelThrottled
from bot.llm.breaker import Breaker
from bot.llm.budget import Budget, Price
from bot.llm.openai import ChatModel, Task, conversation
from bot.llm.server import Server
from bot.models import ServedModel
from tests.fakes.clock import SetClock
from tests.fakes.llm import LlmServer, MemoryLedger
from tests.fakes.proxy import Proxy

TASK = Task("answer", conversation("Be brief.", "Which colour?"), 100, channel=ChannelId("slack:C1"))


class Colour(BaseModel):
    colour: str
    reasons: list[str]


RED = {"colour": "red", "reasons": []}


@pytest.fixture
async def llm() -> AsyncIterator[LlmServer]:
    async with LlmServer() as server:
        yield server


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def make(llm: LlmServer, clock: SetClock, ledger: MemoryLedger) -> Any:
    def chat(*, day_usd: float = 0, channel_usd: float = 0, **options: Any) -> ChatModel:
        budget = Budget(
            ledger, clock=clock, price=Price(1.0, 10.0, 0.1), day_usd=day_usd, channel_usd=channel_usd
        )
        options = {"base_url": llm.url, "model": "m", "jitter": lambda: 1.0, **options}
        return ChatModel(Server(clock=clock, budget=budget, **options))

    return chat


@pytest.fixture
async def chat(make: Any) -> AsyncIterator[ChatModel]:
    model: ChatModel = make()
    yield model
    await model.close()


async def test_it_asks_for_json_of_a_schema_and_reads_it(chat: ChatModel, llm: LlmServer) -> None:
    llm.writes(RED)
    assert await chat.ask(TASK, Colour) == Colour(colour="red", reasons=[])
    schema = llm.asked[0].body["response_format"]["json_schema"]
    assert schema["strict"] is True
    assert schema["schema"]["required"] == ["colour", "reasons"]
    assert schema["schema"]["additionalProperties"] is False
    assert llm.asked[0].body["temperature"] == 0


async def test_local_servers_need_no_key(chat: ChatModel, llm: LlmServer, make: Any) -> None:
    llm.writes(RED, RED)
    await chat.ask(TASK, Colour)
    keyed = make(api_key="sk-1234567")
    await keyed.ask(TASK, Colour)
    await keyed.close()
    assert [asked.authorization for asked in llm.asked] == ["Bearer none", "Bearer sk-1234567"]


# --- the ladder -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("knows", "forms"),
    [
        (("json_object", ""), ["json_schema", "json_object", "json_object"]),
        (("",), ["json_schema", "json_object", "", ""]),
    ],
)
async def test_a_server_without_schemas_is_asked_more_simply_and_remembered(
    chat: ChatModel, llm: LlmServer, knows: tuple[str, ...], forms: list[str]
) -> None:
    llm.knows = knows
    llm.writes(RED, RED)
    await chat.ask(TASK, Colour)
    await chat.ask(TASK, Colour)
    assert [asked.form for asked in llm.asked] == forms
    assert '"colour"' in llm.asked[-1].system


@pytest.mark.parametrize(
    "text",
    [
        '```json\n{"colour": "red", "reasons": []}\n```',
        'Sure! {"note": 1} Here it is: {"colour": "red", "reasons": []} Anything else?',
        '<think>{"colour": "blue", "reasons": []} no…</think>{"colour": "red", "reasons": []}',
    ],
)
async def test_json_is_found_amid_talk(chat: ChatModel, llm: LlmServer, text: str) -> None:
    llm.writes(text)
    assert (await chat.ask(TASK, Colour)).colour == "red"


async def test_parameters_that_a_model_refuses_are_left_out(chat: ChatModel, llm: LlmServer) -> None:
    llm.refuses = {
        "max_tokens": "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
        "temperature": "'temperature' does not support 0 with this model.",
    }
    llm.writes(RED, RED)
    await chat.ask(TASK, Colour)
    await chat.ask(TASK, Colour)
    assert len(llm.asked) == 4
    assert llm.asked[-1].form == "json_schema"
    assert llm.asked[-1].body["max_completion_tokens"] >= 100


async def test_streams_are_asked_for_without_options_that_a_server_refuses(
    chat: ChatModel, llm: LlmServer
) -> None:
    llm.refuses = {"stream_options": "unknown field stream_options"}
    llm.writes(RED)
    assert (await chat.ask(TASK, Colour, follow=_ignore)).colour == "red"


async def test_what_the_server_will_never_take_is_an_error(chat: ChatModel, llm: LlmServer) -> None:
    llm.fails(400, times=3, message="No such voice. Bearer sk-abcdefgh12345")
    with pytest.raises(ModelError, match="No such voice") as caught:
        await chat.ask(TASK, Colour)
    assert "sk-abc" not in str(caught.value)
    assert chat.dialect.level == "schema"


async def test_a_text_too_long_for_the_model_is_said_so_at_once(chat: ChatModel, llm: LlmServer) -> None:
    llm.context = 4
    with pytest.raises(ModelError, match="too long"):
        await chat.ask(TASK, Colour)
    assert len(llm.asked) == 1


# --- answers that do not fit ------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["not JSON", {"colour": 5}, "{", "", '{"colour": "red", "reasons": [}'])
async def test_an_answer_that_does_not_fit_is_sent_back_once(
    chat: ChatModel, llm: LlmServer, wrong: object
) -> None:
    llm.writes(wrong, RED)
    assert (await chat.ask(TASK, Colour)).colour == "red"
    assert "does not fit" in llm.asked[1].last
    assert len(llm.asked) == 2


async def test_a_second_misfit_is_an_error(chat: ChatModel, llm: LlmServer) -> None:
    llm.writes("no", "no")
    with pytest.raises(ModelLied, match="asked form"):
        await chat.ask(TASK, Colour)


async def test_a_server_that_ignores_the_schema_is_not_relied_on(chat: ChatModel, llm: LlmServer) -> None:
    llm.writes("no", RED, RED)
    await chat.ask(TASK, Colour)
    await chat.ask(TASK, Colour)
    assert llm.asked[-1].form == "json_object"


async def test_a_cut_off_answer_is_no_result_even_if_it_parses(chat: ChatModel, llm: LlmServer) -> None:
    llm.writes(RED, ended="length").writes(RED)
    await chat.ask(TASK, Colour)
    assert "cut off" in llm.asked[1].last
    llm.writes(RED, RED, ended="length")
    with pytest.raises(ModelLied, match="cut off"):
        await chat.ask(TASK, Colour)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_refusal_is_not_asked_again(chat: ChatModel, llm: LlmServer, stream: bool) -> None:
    llm.writes("", refusal="I cannot help with that.")
    with pytest.raises(ModelLied, match="I cannot help"):
        await chat.ask(TASK, Colour, follow=_ignore if stream else None)
    assert len(llm.asked) == 1


async def test_a_content_filter_is_a_refusal(chat: ChatModel, llm: LlmServer) -> None:
    llm.writes("", ended="content_filter")
    with pytest.raises(ModelLied, match="filter"):
        await chat.ask(TASK, Colour)


# --- trouble on the line ----------------------------------------------------------------------------


async def test_servers_that_fail_are_asked_again_with_growing_pauses(
    chat: ChatModel, llm: LlmServer, clock: SetClock
) -> None:
    llm.fails(500).fails(503).writes(RED)
    assert (await chat.ask(TASK, Colour)).colour == "red"
    assert clock.slept == [1.0, 2.0]


async def test_after_three_tries_it_is_down(chat: ChatModel, llm: LlmServer) -> None:
    llm.fails(502, times=3)
    with pytest.raises(ModelDown, match="502"):
        await chat.ask(TASK, Colour)
    assert len(llm.asked) == 3


async def test_dropped_connections_are_tried_again(chat: ChatModel, llm: LlmServer) -> None:
    llm.drops(2).writes(RED)
    assert (await chat.ask(TASK, Colour)).colour == "red"


async def test_a_server_that_is_not_there_is_named(make: Any) -> None:
    chat = make(base_url="http://127.0.0.1:9/v1")
    with pytest.raises(ModelDown, match="cannot be reached"):
        await chat.ask(TASK, Colour)
    await chat.close()


async def test_no_answer_in_time(make: Any, llm: LlmServer) -> None:
    chat = make(timeout=0.05, tries=2)
    llm.hangs(2)
    with pytest.raises(ModelDown, match=r"within 0\.05 s"):
        await chat.ask(TASK, Colour)
    await chat.close()


@pytest.mark.parametrize(("told", "waited"), [(7, 7.0), ("Wed, 20 Aug 2025 12:00:09 GMT", 9.0), (None, 1.0)])
async def test_it_waits_as_long_as_it_is_told(
    chat: ChatModel, llm: LlmServer, clock: SetClock, told: float | str | None, waited: float
) -> None:
    llm.throttles(told).writes(RED)
    await chat.ask(TASK, Colour)
    assert sum(clock.slept) == pytest.approx(waited)


async def test_a_long_wait_is_left_to_the_caller(chat: ChatModel, llm: LlmServer, clock: SetClock) -> None:
    llm.throttles(3600)
    with pytest.raises(ModelThrottled) as caught:
        await chat.ask(TASK, Colour)
    assert caught.value.retry_after == 3600
    assert not clock.slept


async def test_an_empty_account_is_not_asked_again(chat: ChatModel, llm: LlmServer) -> None:
    llm.throttles(None, code="insufficient_quota")
    with pytest.raises(ModelThrottled, match="no money left"):
        await chat.ask(TASK, Colour)
    assert len(llm.asked) == 1


@pytest.mark.parametrize(("status", "said"), [(401, "refuses the key"), (404, 'does not know "m"')])
async def test_what_only_the_operator_can_mend_is_said_so(
    chat: ChatModel, llm: LlmServer, status: int, said: str
) -> None:
    llm.fails(status)
    with pytest.raises(ModelError, match=said):
        await chat.ask(TASK, Colour)
    assert len(llm.asked) == 1


@pytest.mark.parametrize(
    "body", ["{}", '{"error": "busy"}', "<html>", '{"choices": []}', '{"choices": [{}]}']
)
async def test_a_body_without_an_answer_is_a_failure(chat: ChatModel, llm: LlmServer, body: str) -> None:
    llm.sends(body).writes(RED)
    assert (await chat.ask(TASK, Colour)).colour == "red"


# --- streams ----------------------------------------------------------------------------------------


async def _ignore(raw: str) -> None:
    pass


async def test_a_stream_is_followed_while_it_grows(chat: ChatModel, llm: LlmServer) -> None:
    seen: list[str] = []

    async def follow(raw: str) -> None:
        seen.append(raw)

    llm.writes(RED)
    await chat.ask(TASK, Colour, follow=follow)
    assert len(seen) > 2
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(seen))


async def test_a_stream_that_breaks_off_is_begun_anew(chat: ChatModel, llm: LlmServer) -> None:
    llm.cuts('{"colour": "blu').writes(RED)
    assert (await chat.ask(TASK, Colour, follow=_ignore)).colour == "red"


async def test_an_error_within_a_stream_is_a_failure(chat: ChatModel, llm: LlmServer) -> None:
    llm.sends('data: {"error": {"message": "out of memory"}}\n\n', content_type="text/event-stream").writes(
        RED
    )
    assert (await chat.ask(TASK, Colour, follow=_ignore)).colour == "red"


async def test_a_stream_of_nonsense_is_a_failure(chat: ChatModel, llm: LlmServer) -> None:
    llm.sends("data: {nonsense\n\n", content_type="text/event-stream").writes(RED)
    assert (await chat.ask(TASK, Colour, follow=_ignore)).colour == "red"


async def test_a_server_that_does_not_stream_is_read_whole(chat: ChatModel, llm: LlmServer) -> None:
    message = {"role": "assistant", "content": json.dumps(RED)}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": choices}
    llm.sends(json.dumps(body))
    assert (await chat.ask(TASK, Colour, follow=_ignore)).colour == "red"
    assert len(llm.asked) == 1


async def test_an_error_instead_of_a_stream_is_a_failure(chat: ChatModel, llm: LlmServer) -> None:
    llm.sends('{"error": "busy"}').writes(RED)
    assert (await chat.ask(TASK, Colour, follow=_ignore)).colour == "red"


async def test_cancelling_settles_the_call(chat: ChatModel, llm: LlmServer, ledger: MemoryLedger) -> None:
    llm.hangs()
    asking = asyncio.create_task(chat.ask(TASK, Colour))
    await llm.called(1)
    asking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asking
    assert ledger.open == 0
    assert ledger.calls[0].tokens_in > 0


async def test_a_fault_of_the_listener_is_not_the_servers(chat: ChatModel, llm: LlmServer) -> None:
    async def follow(raw: str) -> None:
        raise KeyError("mine")

    llm.writes(RED)
    with pytest.raises(KeyError):
        await chat.ask(TASK, Colour, follow=follow)


# --- the breaker ------------------------------------------------------------------------------------


async def test_a_broken_server_is_left_alone_and_then_tried_once(
    chat: ChatModel, llm: LlmServer, clock: SetClock
) -> None:
    llm.fails(500, times=4)
    for _ in range(2):
        with pytest.raises(ModelDown):
            await chat.ask(TASK, Colour)
    with pytest.raises(ModelDown, match="4 times in a row"):
        await chat.ask(TASK, Colour)
    assert len(llm.asked) == 4
    clock.forward(seconds=61)
    llm.writes(RED, RED)
    await chat.ask(TASK, Colour)
    await chat.ask(TASK, Colour)
    assert len(llm.asked) == 6


def test_one_probe_at_a_time(clock: SetClock) -> None:
    breaker = Breaker(clock=clock, failures=1, rest=10)
    breaker.failed("It was down.")
    clock.forward(seconds=11)
    breaker.check()
    with pytest.raises(ModelDown):
        breaker.check()
    breaker.succeeded()
    breaker.check()
    assert not breaker.open


async def test_being_told_to_wait_opens_nothing(chat: ChatModel, llm: LlmServer) -> None:
    llm.throttles(1, times=2).writes(RED).throttles(1, times=2).writes(RED)
    await chat.ask(TASK, Colour)
    await chat.ask(TASK, Colour)


# --- many at once -----------------------------------------------------------------------------------


async def test_calls_at_once_are_bounded(make: Any, llm: LlmServer) -> None:
    chat, gate = make(concurrency=3), asyncio.Event()
    for _ in range(9):
        llm.waits(gate, RED)
    asking = asyncio.gather(*(chat.ask(TASK, Colour) for _ in range(9)))
    await llm.called(3)
    gate.set()
    await asking
    await chat.close()
    assert llm.most == 3


async def test_one_who_is_told_to_wait_waits_for_all(make: Any, llm: LlmServer, clock: SetClock) -> None:
    chat = make(concurrency=1)
    llm.throttles(20).reads(lambda asked: RED)
    began = clock.now()
    await asyncio.gather(*(chat.ask(TASK, Colour) for _ in range(3)))
    await chat.close()
    assert (clock.now() - began).total_seconds() == pytest.approx(20)


# --- the money --------------------------------------------------------------------------------------


async def test_a_call_is_written_down_with_what_it_took(
    chat: ChatModel, llm: LlmServer, ledger: MemoryLedger
) -> None:
    llm.writes(RED)
    await chat.ask(TASK, Colour)
    (call,) = ledger.calls
    assert (call.model, call.purpose, call.channel) == ("m", "answer", "slack:C1")
    assert call.tokens_in > 0
    assert call.usd == pytest.approx((call.tokens_in * 1 + call.tokens_out * 10) / 1e6)
    assert ledger.open == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_tokens_are_estimated_where_the_server_does_not_count(
    chat: ChatModel, llm: LlmServer, ledger: MemoryLedger, stream: bool
) -> None:
    llm.counts = False
    llm.writes({"colour": "r" * 400, "reasons": []})
    await chat.ask(TASK, Colour, follow=_ignore if stream else None)
    assert 80 < ledger.calls[0].tokens_out < 140
    assert ledger.calls[0].tokens_in > 4


async def test_failed_calls_cost_nothing_and_those_without_an_answer_may(
    make: Any, llm: LlmServer, ledger: MemoryLedger
) -> None:
    chat = make(timeout=1.0)
    llm.fails(500).hangs().throttles(1)
    with pytest.raises(ModelThrottled):
        await chat.ask(TASK, Colour)
    await chat.close()
    refused, late, told = ledger.calls
    assert refused.usd == told.usd == 0
    assert late.usd > 0
    assert ledger.open == 0


async def test_money_is_reserved_before_it_is_spent(make: Any, llm: LlmServer, ledger: MemoryLedger) -> None:
    chat = make(day_usd=0.0025, concurrency=8)
    llm.reads(lambda asked: RED)
    results = await asyncio.gather(*(chat.ask(TASK, Colour) for _ in range(5)), return_exceptions=True)
    await chat.close()
    assert [type(result) for result in results].count(BudgetSpent) == 3
    assert len(llm.asked) == 2


async def test_a_channel_has_its_own_limit(make: Any, llm: LlmServer) -> None:
    chat = make(channel_usd=0.0005)
    llm.reads(lambda asked: RED)
    with pytest.raises(BudgetSpent, match="channel"):
        await chat.ask(TASK, Colour)
    await chat.ask(Task("summary", TASK.messages, 100), Colour)
    await chat.close()


# --- the doctor -------------------------------------------------------------------------------------


async def test_the_doctor_says_whether_it_answers(chat: ChatModel, llm: LlmServer) -> None:
    llm.writes({"ok": True})
    found = await chat.check()
    assert found.ok
    assert "Today 1 call of the model" in found.detail
    llm.fails(401)
    found = await chat.check()
    assert not found.ok
    assert "llm.api_key_env" in found.detail


async def test_a_model_is_asked_through_the_proxy_that_is_handed_in(make: Any, llm: LlmServer) -> None:
    llm.writes(RED)
    url = llm.url.replace("127.0.0.1", "model.example")
    async with Proxy() as proxy:
        model: ChatModel = make(base_url=url, proxy=proxy.url)
        assert (await model.ask(TASK, Colour)).colour == "red"
        assert proxy.asked == [f"POST {url}/chat/completions HTTP/1.1"]
        await model.close()


async def test_without_one_the_environment_s_proxy_is_not_asked(
    make: Any, llm: LlmServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    llm.writes(RED)
    async with Proxy(refuses=403) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        model: ChatModel = make()
        assert (await model.ask(TASK, Colour)).colour == "red"
        assert proxy.asked == []
        await model.close()


async def test_the_configured_model_honours_the_proxy_variables(
    llm: LlmServer, ledger: MemoryLedger, clock: SetClock
) -> None:
    section = LlmSection(provider="openai", base_url=llm.url.replace("127.0.0.1", "model.example"), model="m")
    async with Proxy() as proxy:
        environ = {"ALL_PROXY": proxy.url}
        for more, asked in ({}, 1), ({"NO_PROXY": "model.example"}, 0):
            proxy.asked.clear()
            model = ServedModel(
                section, environ | more, ledger=ledger, clock=clock, off_topic=lambda _: False
            )
            await model.check()
            assert min(len(proxy.asked), 1) == asked
            await model.close()
