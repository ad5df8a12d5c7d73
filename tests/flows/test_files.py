"""A PDF named on a line of the terminal, through the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.terminal import dropped
from bot.errors import Unreachable
from tests.core.test_files import moss
from tests.flows.conftest import Lab


def test_a_pdf_on_a_line_is_read_and_asked_about(lab: Lab) -> None:
    file = lab.folder / "my moss.pdf"
    file.write_bytes(moss())
    said = lab.chat(f"'{file}'", "How many grams of moss does the north side carry?")
    assert "Counting moss on roofs" in said
    assert "Read from my moss.pdf (2 pages)" in said
    assert "312 grams" in said
    assert "page 2" in said.lower()


def test_a_question_on_the_same_line_is_answered(lab: Lab) -> None:
    file = lab.folder / "moss.pdf"
    file.write_bytes(moss())
    said = lab.chat(f"{file.as_uri()} How many grams of moss does the north side carry?")
    assert "312 grams" in said


def test_a_path_that_leads_nowhere_is_told(lab: Lab) -> None:
    said = lab.chat(f"{lab.folder}/none.pdf")
    assert "none.pdf cannot be read (there is no such file)." in " ".join(said.split())


@pytest.mark.parametrize(
    ("line", "name", "rest"),
    [
        ("/papers/a.pdf", "a.pdf", ""),
        ("~/a.pdf what is new?", "a.pdf", "what is new?"),
        (r"/papers/my\ paper.PDF", "my paper.PDF", ""),
        ('read "/papers/my paper.pdf" please', "my paper.pdf", "read please"),
        ("file:///papers/my%20paper.pdf", "my paper.pdf", ""),
        ("is that in appendix.pdf?", None, "is that in appendix.pdf?"),
        ("what's in none.pdf", None, "what's in none.pdf"),
        ("https://arxiv.org/pdf/2509.10432v1.pdf", None, "https://arxiv.org/pdf/2509.10432v1.pdf"),
    ],
)
def test_paths_as_terminals_write_them(line: str, name: str | None, rest: str) -> None:
    file, words = dropped(line)
    assert (file.name if file else None, words) == (name, rest)


async def test_a_folder_called_like_a_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "x.pdf").mkdir()
    file, _ = dropped(str(tmp_path / "x.pdf"))
    assert file is not None
    with pytest.raises(Unreachable, match="no such file"):
        await file.fetch(10)
