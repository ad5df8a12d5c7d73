"""The first minutes: ``init`` asks and writes a file that works, ``demo`` shows what the program does."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import run
from bot.config import load
from tests.flows.conftest import Lab, Said

ABSTRACT = (
    "Gaussian splatting draws scenes in real time. We propose a pruning rule that halves the memory of "
    "a scene. On nine rooms it loses 0.08 dB. Mirrors remain hard for our method."
)
Verb = Callable[..., Said]


@pytest.fixture
def verb(lab: Lab) -> Verb:
    """A verb as it is typed, with answers on standard input and no file but what it writes."""

    def started(*arguments: str, typed: str = "") -> Said:
        lab.capsys.readouterr()
        lab.monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run(list(arguments))
        printed = lab.capsys.readouterr()
        return Said(code, printed.out, printed.err)

    return started


def test_init_writes_what_was_answered(verb: Verb, tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    answers = 'discord\n123\n"quoted" topic | 3D\\GS, speech\ncs.CV\n7:30\ntokyo\n'
    said = verb("init", "--config", str(file), typed=answers)
    assert (said.code, said.err) == (0, "")
    assert f"Wrote {file}. Next: `paperboy check`" in said.out
    config = load(str(file))
    (channel,) = config.channels
    assert channel.channel == "discord:123"
    assert channel.topics == ['"quoted" topic | 3D\\GS', "speech"]
    assert (f"{channel.time:%H:%M}", config.bot.timezone) == ("07:30", "Asia/Tokyo")
    assert config.sources.arxiv.categories == ["cs.CV"]
    assert config.discord is not None
    assert config.slack is None
    assert not (tmp_path / "slack-manifest.json").exists()
    assert "`paperboy init --discord` prints it then" in said.out


@pytest.mark.parametrize("answer", ["<#123>", "https://discord.com/channels/9/123", "123"])
def test_a_channel_is_taken_from_a_link_or_a_mention_and_its_invitation_printed(
    verb: Verb, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "MTIzNDU2Nzg5MA.x.y")
    file = tmp_path / "lab.toml"
    said = verb("init", "--config", str(file), typed=f"discord\n{answer}\n\n\n\n\n")
    assert load(str(file)).channels[0].channel == "discord:123"
    assert "https://discord.com/oauth2/authorize?client_id=1234567890&" in said.out


def test_enter_takes_what_stands_in_brackets(verb: Verb, tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    said = verb("init", "--config", str(file), typed="\n" * 6)
    assert said.code == 0
    assert "[gaussian splatting, video understanding]" in said.out
    config = load(str(file))
    (channel,) = config.channels
    assert (channel.channel, f"{channel.time:%H:%M}", config.bot.timezone) == (
        "terminal:main",
        "09:00",
        "UTC",
    )


def test_init_overwrites_only_when_told_to(verb: Verb, tmp_path: Path) -> None:
    file = tmp_path / "lab.toml"
    file.write_text("# mine\n")
    said = verb("init", "--config", str(file), typed="\n" * 6)
    assert said.code == 2
    assert "--force overwrites it" in said.err
    assert file.read_text() == "# mine\n"
    assert verb("init", "--force", "--config", str(file), typed="\n" * 6).code == 0
    assert "# mine" not in file.read_text()


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ("\n\n\n\n25:99\n\n", "“25:99” is no time of day"),
        ("\n\n\n\n\nAtlantis\n", "no time zone"),
        ("telegram\n\n\n\n\n\n", "telegram"),
        ("discord\n#papers\n\n\n\n\n", "Copy Channel ID"),
    ],
)
def test_an_answer_that_cannot_be_writes_nothing(
    verb: Verb, tmp_path: Path, answers: str, sentence: str
) -> None:
    file = tmp_path / "lab.toml"
    said = verb("init", "--config", str(file), typed=answers)
    assert said.code == 2
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert not file.exists()


def test_where_nothing_can_be_written_init_says_so(verb: Verb, tmp_path: Path) -> None:
    said = verb("init", "--config", str(tmp_path / "no" / "lab.toml"), typed="\n" * 6)
    assert said.code == 2
    assert "cannot be written (No such file or directory)" in said.err
    (tmp_path / "slack-manifest.json").mkdir()
    said = verb("init", "--config", str(tmp_path / "lab.toml"), typed="slack\nC0PAPERS\n\n\n\n\n")
    assert said.code == 2
    assert "slack-manifest.json: cannot be written (Is a directory)" in said.err


def test_the_demo_reads_today_s_papers_and_takes_questions(lab: Lab) -> None:
    number = lab.feed.paper("Pruned Gaussian splatting for phones", ABSTRACT)
    said = lab.run("demo", typed="what remains hard?\n/paper status\n")
    assert said.code == 0, said.err
    assert "1 new papers." in said.out
    assert f"https://arxiv.org/abs/{number}" in said.out
    assert "“Mirrors remain hard for our method.”" in " ".join(said.out.replace("|", " ").split())
    assert "bundled sample" not in said.out
    assert not lab.database.exists(), "a demo leaves nothing behind"


@pytest.mark.parametrize("network", [True, False])
def test_without_papers_the_demo_shows_the_bundled_edition(lab: Lab, network: bool) -> None:
    if not network:
        lab.monkeypatch.setattr(type(lab.site), "url", "http://nowhere.invalid")
    said = lab.run("demo")
    assert said.code == 0, said.err
    why = "announces nothing today" if network else "could not be reached"
    assert f"arXiv {why}, so this is the bundled sample edition: invented papers." in said.out
    assert "Pruned Gaussian Splatting for Phones" in said.out
    assert "Traceback" not in said.err
