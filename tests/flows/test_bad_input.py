"""What goes wrong is one sentence, the right exit code, and nothing is lost."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from bot.cli import run
from tests.flows.conftest import Lab

GOOD = {"id": "2508.00001", "title": "A title", "abstract": "Words.", "published": "2025-08-01"}


def _lines(*rows: object) -> bytes:
    return b"".join(row if isinstance(row, bytes) else json.dumps(row).encode() + b"\n" for row in rows)


BAD = _lines(
    GOOD,
    b"{not json}\n",
    b"[1]\n",
    {"title": "no id"},
    {"id": "2508.00002"},
    {"id": "nonsense id", "title": "x"},
    {**GOOD, "id": "2508.00003", "published": "yesterday"},
    {**GOOD, "id": "2508.00004", "authors": 7},
    b"\xff\xfe\n",
    b"\n",
    b"[" * 5000 + b"\n",
    {**GOOD, "id": "hep-th/9901001"},
)


@pytest.mark.parametrize("pack", [lambda b: b, gzip.compress, zstandard.ZstdCompressor().compress])
def test_bad_lines_are_told_with_their_number_and_good_ones_kept(lab: Lab, pack: object) -> None:
    packed = pack(BAD)  # type: ignore[operator]
    suffix = {b"\x1f\x8b": ".gz", b"\x28\xb5": ".zst"}.get(packed[:2], "")
    file = lab.folder / f"papers.jsonl{suffix}"
    file.write_bytes(packed)
    said = lab.run("import", str(file), "--json")
    assert said.code == 0
    (row,) = said.rows
    assert (row["new"], row["rejected"]) == (2, 9)
    assert "papers.jsonl" + suffix + ":2: this is no JSON" in said.err
    assert "published: 'yesterday' is no date" in said.err
    assert "papers.jsonl" + suffix + ":9: this is no UTF-8 text" in said.err
    (found,) = lab.run("search", "hep-th/9901001", "--json").rows
    assert found["id"] == "arxiv:hep-th/9901001"


def test_a_file_without_any_paper_is_a_failure(lab: Lab) -> None:
    file = lab.folder / "papers.jsonl"
    file.write_bytes(b"{not json}\n")
    said = lab.run("import", str(file))
    assert said.code == 1
    assert "1 line: 0 new papers" in said.out
    assert said.err.splitlines()[-1].startswith("paperboy: there was no paper to take in; each line must be")
    file.write_bytes(_lines(GOOD))
    assert [lab.run("import", str(file)).code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize("typed", ["/paperhelp", "/help", "/pape help"])
def test_a_slip_at_the_terminal_is_no_question(lab: Lab, typed: str) -> None:
    said = lab.chat("/paper topics", typed)
    assert "/paper help" in said
    assert "What Paperboy can do" in said or "There is no command" in said


def test_a_file_that_is_cut_off_keeps_what_was_whole(lab: Lab) -> None:
    rows = [{**GOOD, "id": f"2508.{n:05d}", "abstract": os.urandom(50).hex()} for n in range(1, 200)]
    file = lab.folder / "cut.jsonl.gz"
    packed = gzip.compress(_lines(*rows))
    file.write_bytes(packed[: len(packed) // 2])
    said = lab.run("import", str(file), "--json")
    (row,) = said.rows
    assert 10 < row["new"] < 199
    assert "damaged or cut off" in said.err


def test_search_says_so_where_papers_are_found_by_words_alone(lab: Lab) -> None:
    file = lab.folder / "papers.jsonl"
    file.write_bytes(_lines(GOOD, {**GOOD, "id": "2508.00002", "title": "Another title"}))
    assert "words alone" not in lab.run("import", str(file)).err
    with closing(sqlite3.connect(lab.database)) as connection, connection:
        connection.execute("DELETE FROM paper_vector WHERE number = 1")
    said = lab.run("search", "another title", "--json")
    assert len(said.rows) == 2
    assert "1 of 2 papers are found by their words alone so far; `paperboy run` makes" in said.err
    lab.run("import", str(file))
    assert "words alone" not in lab.run("search", "title").err


def test_a_file_that_is_not_there(lab: Lab) -> None:
    said = lab.run("import", str(lab.folder / "none.jsonl"))
    assert said.code == 2
    assert "cannot be read (No such file or directory)" in said.err


@pytest.mark.parametrize(
    "argv",
    [
        ["digst"],
        [],
        ["search"],
        ["search", " "],
        ["digest", "--date", "soon"],
        ["search", "x", "--limit", "0"],
        ["run", "--only", "x"],
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(argv) == 2
    told = capsys.readouterr().err
    assert told.startswith("paperboy: ")
    assert "Traceback" not in told


def test_a_verb_that_does_not_exist_is_told_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["imprt", "x"]) == 2
    assert (
        capsys.readouterr().err
        == "paperboy: “imprt” is no verb; did you mean `import`? See `paperboy --help`.\n"
    )
    assert run(["zzz"]) == 2
    assert "“zzz” is no verb; there are run, fetch, digest," in capsys.readouterr().err


def test_a_mistake_in_the_configuration_is_exit_code_2(lab: Lab) -> None:
    lab.extra = "[bto]\n"
    said = lab.run("fetch")
    assert said.code == 2
    assert said.err.startswith("paperboy: bto: there is no such key")


def test_check_examines_everything(lab: Lab) -> None:
    lab.feed.paper("A title")
    said = lab.run("check", "--json")
    assert said.code == 0
    assert {row["name"] for row in said.rows} >= {"configuration", "packaging", "storage", "arxiv", "model"}
    lab.extra = "[slack]\n"
    broken = lab.run("check", "--json")
    assert broken.code == 1
    assert any("SLACK_BOT_TOKEN" in row["detail"] for row in broken.rows if not row["ok"])


@pytest.mark.parametrize(
    ("free", "told"), [(2**19, "only less than 1 MB free"), (150 * 2**20, "only 150 MB free")]
)
def test_check_tells_that_the_disk_is_nearly_full(lab: Lab, free: int, told: str) -> None:
    lab.monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    said = lab.run("check", "--json")
    assert said.code == 1
    (room,) = [row for row in said.rows if row["name"] == "storage room"]
    assert (room["ok"], room["detail"]) == (False, f"{told} beside {lab.database}; make room")


def test_a_database_of_a_newer_program_is_left_alone(lab: Lab) -> None:
    lab.run("search", "x")
    with sqlite3.connect(lab.database) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    said = lab.run("search", "x")
    assert said.code == 1
    assert "newer" in said.err


def test_a_database_that_is_none(lab: Lab) -> None:
    lab.database.write_text("this is a letter to my aunt" * 100)
    said = lab.run("search", "x")
    assert said.code == 1
    assert "Traceback" not in said.err
    assert lab.database.read_text().startswith("this is a letter")


def test_a_folder_that_is_not_there(lab: Lab) -> None:
    file = lab.write()
    file.write_text(file.read_text().replace("lab.db", "nowhere/lab.db"))
    assert run(["search", "--config", str(file), "x"]) == 1


def _paperboy(lab: Lab, *arguments: str, **environ: str) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-m", "bot", arguments[0], "--config", str(lab.write()), *arguments[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, **environ},
    )


def test_a_digest_killed_before_delivery_is_delivered_once(lab: Lab) -> None:
    lab.feed.paper("Pruned Gaussian splatting for phones")
    lab.feed.paper("Gaussian splatting for robots")
    killed = _paperboy(lab, "digest", PAPERBOY_CRASH_AT="after-outbox")
    out, _ = killed.communicate(timeout=60)
    assert killed.returncode == 137
    assert "Pruned" not in out
    half = _paperboy(lab, "digest", PAPERBOY_CRASH_AT="after-reply")
    first, _ = half.communicate(timeout=60)
    assert half.returncode == 137
    rest = lab.run("digest").out
    shown = first + rest
    assert shown.count("2 of 2 new papers") == 1
    assert shown.count("/paper show 2508.00001 full") == 1
    assert shown.count("/paper show 2508.00002 full") == 1
    assert lab.run("digest", "--json").rows[0]["posts"] == 0


def test_one_service_a_database_and_a_clean_end(lab: Lab) -> None:
    lab.extra = "[server]\nenabled = false\n"
    lab.feed.paper("Pruned Gaussian splatting for phones")
    service = _paperboy(lab, "run")
    assert service.stderr is not None
    while "ready" not in (line := service.stderr.readline()):
        assert line, "the service ended early"
    second = lab.run("run")
    assert second.code == 1
    assert "Another Paperboy" in second.err
    assert lab.run("search", "splatting").code == 0
    service.send_signal(signal.SIGTERM)
    assert service.wait(timeout=30) == 0
    service.communicate()


@pytest.mark.parametrize("start", range(3))
def test_a_stop_right_after_the_start_ends_the_service(lab: Lab, start: int) -> None:
    """What the service began beside its work must not hold the database while it is closed: a hang here came
    in two of five starts, hence several."""
    lab.extra = "[server]\nenabled = false\n"
    lab.monkeypatch.delenv("PAPERBOY_NOW")
    service = _paperboy(lab, "run")
    assert service.stderr is not None
    while "ready" not in (line := service.stderr.readline()):
        assert line, "the service ended early"
    service.send_signal(signal.SIGTERM)
    try:
        assert service.wait(timeout=20) == 0
    finally:
        service.kill()
        service.communicate()
