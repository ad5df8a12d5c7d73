"""Coverage-guided fuzzing of every parser of foreign bytes; not part of the test run.

``pip install atheris``, then ``python -m tests.fuzz NAME [-max_total_time=60] [-max_len=20000]``; NAME is one
of ``tests.fuzz.targets.TARGETS``; libFuzzer's flags work. An input that ends in any exception but ours, takes
over a second, or needs over 1 GB ends the run and is written beside it.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any


def main() -> None:
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["bot"]):
        targets = importlib.import_module("tests.fuzz.targets")
        errors = importlib.import_module("bot.errors")
    name, *flags = sys.argv[1:] or [""]
    if name not in targets.TARGETS:
        sys.exit(f"Name one of {', '.join(targets.TARGETS)}.")
    target = targets.TARGETS[name]

    def one(body: bytes) -> None:
        with suppress(errors.PaperboyError):
            target(body)

    corpus = Path(tempfile.mkdtemp(prefix="fuzz-"))
    for number, seed in enumerate(targets.seeds()):
        (corpus / str(number)).write_bytes(seed)
    atheris.Setup([sys.argv[0], str(corpus), "-timeout=1", "-rss_limit_mb=1024", *flags], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
