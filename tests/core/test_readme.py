"""The README names everything that can be typed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli import parser
from bot.commands.table import INFOS

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("name", [info.name for info in INFOS])
def test_every_command_of_the_chat_is_named(name: str) -> None:
    assert re.search(rf"`(/paper )?{name}\b", section("Commands"))


def test_every_verb_of_the_command_line_is_named() -> None:
    verbs = re.findall(r"^    ([a-z]+) ", parser().format_help(), re.MULTILINE)
    assert len(verbs) >= 12
    text = section("The command line")
    assert [verb for verb in verbs if not re.search(rf"`paperboy {verb}\b", text)] == []
