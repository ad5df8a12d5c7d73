"""Pictures of what people see on Discord: ``python -m benchmarks.discord_pictures FOLDER [CHROMIUM]``.

The same documents as in the pictures of Slack (:mod:`benchmarks.pictures`). The looks are ours, after
Discord's.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from adapters.discord_forms import modal
from adapters.discord_views import pages
from benchmarks import discord_page
from benchmarks.pictures import QUESTION, documents, draw, height_of
from bot.doc import Doc, Form


def bodies(docs: dict[str, tuple[Doc, ...]]) -> dict[str, str]:
    """The pages' bodies by name."""

    def post(name: str, when: str, *, thread: bool = False) -> str:
        return "".join(
            discord_page.message(one.components, when=when, thread=thread)
            for doc in docs[name]
            for one in pages(doc)
        )

    form = docs["settings"][0][0]
    assert isinstance(form, Form)
    asked = discord_page.said("Ana", QUESTION, when="09:12")
    talk = asked + post("answer", "09:12", thread=True)
    return {
        "discord": post("digest", "09:00") + post("card", "09:00", thread=True) + talk,
        "discord-settings": discord_page.modal(modal(form)),
    }


def main() -> None:
    """Draw every page into the folder."""
    folder = Path(sys.argv[1])
    chromium = sys.argv[2] if len(sys.argv) > 2 else shutil.which("chromium") or "chromium"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for name, body in bodies(asyncio.run(documents())).items():
            html = Path(place) / f"{name}.html"
            html.write_text(discord_page.page(body), encoding="utf-8")
            draw(html, folder / f"{name}.png", chromium, height_of(html, chromium))


if __name__ == "__main__":
    main()
