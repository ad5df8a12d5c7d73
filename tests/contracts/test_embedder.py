"""What every embedder must do, whatever makes its vectors."""

import asyncio
import time

import numpy as np
import pytest

from bot.llm.embed import StaticEmbedder
from bot.ports import Embedder

SPLATS = "Real-time novel view synthesis with 3D Gaussian splatting."
FIELDS = "Rendering new views of a scene from radiance fields."
YEAST = "Protein folding stress in budding yeast mitochondria."
TEXTS = (SPLATS, FIELDS, YEAST)


@pytest.fixture(params=["static"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return StaticEmbedder()


async def test_one_unit_row_a_text(embedder: Embedder) -> None:
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (3, embedder.size)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_texts_that_mean_the_same_are_nearer(embedder: Embedder) -> None:
    splats, fields, yeast = await embedder.embed(TEXTS)
    assert splats @ fields > splats @ yeast + 0.1


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
