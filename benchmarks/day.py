"""A morning from fetch to digest: 20 channels, 1,000 new papers, network time aside.

    python -m benchmarks.day [LIBRARY] [--papers 1000] [--channels 20]

LIBRARY (JSON lines, .gz or .zst) is imported first, so that topics are taught by it; its last papers are the
day's announcement, served by arXiv's feed on loopback to the ordinary source. Prints CPU seconds of fetch and
of composing and posting the digests, and peak memory.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from bot.cli import run
from bot.jsonl import batches
from tests.fakes.feed import Feed
from tests.fakes.web import Answer, Site

TOPICS = """gaussian splatting, video understanding, neural rendering, talking head avatars, LLM agents,
retrieval-augmented generation, federated learning, medical image segmentation, vision-language-action models,
diffusion language models, jailbreak attacks, graph neural networks, dark matter, exoplanet atmospheres,
materials discovery, recommender systems, speech recognition, reinforcement learning, point clouds,
machine translation""".replace("\n", " ").split(", ")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("library", nargs="?", type=Path)
    parser.add_argument("--papers", type=int, default=1000)
    parser.add_argument("--channels", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Site() as site:
        folder = Path(name)
        feed = Feed()
        feed.serve(site)
        site.on("/html/*", Answer(b"", 404))
        site.on("/pdf/*", Answer(b"", 404))
        library = _announce(feed, asked.library, asked.papers, folder)
        config = _configured(folder, site, asked.channels)
        if library:
            _timed("import", ["import", "--config", str(config), str(library)])
        _timed(f"fetch of {asked.papers} papers", ["fetch", "--config", str(config)])
        _timed(f"digests of {asked.channels} channels", ["digest", "--config", str(config), "--json"])
        print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _announce(feed: Feed, library: Path | None, count: int, folder: Path) -> Path | None:
    """The last papers are announced, the others become the library."""
    if library is None:
        for number in range(count):
            feed.paper(f"Paper {number} on {TOPICS[number % len(TOPICS)]}", "We study it at length. " * 40)
        return None
    papers = [paper for batch in batches(library, 1000) for paper in batch.papers]
    for paper in papers[-count:]:
        id_ = paper.id.removeprefix("arxiv:")
        names = {"authors": paper.authors[:20], "categories": ("cs.CV",)}
        feed.paper(paper.title, paper.abstract, id=id_, **names)  # type: ignore[arg-type]
    rest = folder / "library.jsonl"
    with rest.open("w") as file:
        for paper in papers[:-count]:
            row = {
                "id": paper.id,
                "title": paper.title,
                "abstract": paper.abstract,
                "categories": paper.categories,
                "published": paper.published.isoformat() if paper.published else None,
                "announced": paper.announced.isoformat() if paper.announced else None,
            }
            file.write(json.dumps(row) + "\n")
    return rest


def _configured(folder: Path, site: Site, channels: int) -> Path:
    file = folder / "paperboy.toml"
    days = '["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
    file.write_text(
        f'[storage]\nurl = "sqlite:///{folder}/day.db"\n[sources.arxiv]\ncategories = ["cs.CV"]\n'
        f'min_interval = 0.0\nfeed_url = "{site.url}/atom"\napi_url = "{site.url}/api/query"\n'
        f'html_url = "{site.url}/html"\npdf_url = "{site.url}/pdf"\n'
        + "".join(
            f'[[channels]]\nchannel = "terminal:c{n}"\n'
            f'topics = ["{TOPICS[n % len(TOPICS)]}"]\ndays = {days}\n'
            for n in range(channels)
        )
    )
    return file


def _timed(what: str, argv: list[str]) -> None:
    before, out, err = time.process_time(), sys.stdout, sys.stderr
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    try:
        code = run(argv)
        lines = sys.stdout.getvalue().splitlines()
    finally:
        sys.stdout, sys.stderr = out, err
    print(f"{what}: {time.process_time() - before:.2f} CPU s (exit {code}, {len(lines)} lines)")


if __name__ == "__main__":
    main()
