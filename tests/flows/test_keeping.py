"""A database is backed up, restored and copied through the real command line."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from bot.cli import run

PAPER = {"id": "2604.00001", "title": "Splatting Everything", "abstract": "We splat.", "authors": ["A. B"]}


@pytest.fixture
def config(tmp_path: Path) -> str:
    file = tmp_path / "paperboy.toml"
    file.write_text(f'[storage]\nurl = "sqlite:///{tmp_path / "paperboy.db"}"\n')
    papers = tmp_path / "papers.jsonl"
    papers.write_text(json.dumps(PAPER))
    assert run(["import", str(papers), "--config", str(file)]) == 0
    return str(file)


def _found(url: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    other = folder / "other.toml"
    other.write_text(f'[storage]\nurl = "{url}"\n')
    capsys.readouterr()
    assert run(["search", "splatting", "--json", "--config", str(other)]) == 0
    return [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]


def test_a_backup_can_take_the_place_of_the_original(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["backup", str(tmp_path / "kept.db"), "--config", config]) == 0
    assert "restore" in capsys.readouterr().out
    assert _found(f"sqlite:///{tmp_path / 'kept.db'}", tmp_path, capsys) == ["arxiv:2604.00001"]


def test_a_copy_is_told_and_can_be_used(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"sqlite:///{tmp_path / 'copy.db'}"
    capsys.readouterr()
    assert run(["copy", "--to", url, "--json", "--config", config]) == 0
    rows = {line["table"]: line["rows"] for line in map(json.loads, capsys.readouterr().out.splitlines())}
    assert rows["paper"] == 1
    assert _found(url, tmp_path, capsys) == ["arxiv:2604.00001"]
    assert run(["copy", "--to", url, "--config", config]) == 1
    assert "is not empty" in capsys.readouterr().err


def test_nothing_is_copied_while_the_service_runs(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    service = sqlite3.connect(tmp_path / "paperboy.db.lock", isolation_level=None)
    service.execute("BEGIN EXCLUSIVE")
    assert run(["copy", "--to", f"sqlite:///{tmp_path / 'copy.db'}", "--config", config]) == 1
    assert "stop it first" in capsys.readouterr().err
    service.close()
