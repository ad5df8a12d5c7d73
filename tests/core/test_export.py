import csv
import io
from datetime import date

from bot import export
from bot.domain import Paper, PaperId

SPLAT = Paper(
    PaperId("arxiv:2308.04079"),
    "3D Gaussian Splatting & {50%} of $10",
    authors=("Bernhard Kerbl", "José Ñandú"),
    categories=("cs.GR", "cs.CV"),
    published=date(2023, 8, 8),
    url="https://arxiv.org/abs/2308.04079",
)
FORMULA = Paper(PaperId("doi:10.1/x"), "=HYPERLINK(1)", journal="Nature", doi="10.1/x")


def test_bibtex_escapes_keeps_the_order_of_authors_and_makes_keys_unique() -> None:
    out = export.bibtex([SPLAT, SPLAT, FORMULA])
    assert r"3D Gaussian Splatting \& \{50\%\} of \$10" in out
    assert "author = {Bernhard Kerbl and José Ñandú}" in out
    assert "@misc{kerbl2023gaussian," in out
    assert "@misc{kerbl2023gaussiana," in out
    assert "eprint = {2308.04079}" in out
    assert "@article{anonymous" in out


def test_ris_turns_names_around_and_ends_each_record() -> None:
    out = export.ris([SPLAT, FORMULA])
    assert "AU  - Kerbl, Bernhard\nAU  - Ñandú, José" in out
    assert out.count("ER  - ") == 2


def test_csv_cells_cannot_be_formulas() -> None:
    rows = list(csv.reader(io.StringIO(export.table([SPLAT, FORMULA]))))
    assert rows[2][1] == "'=HYPERLINK(1)"
    assert rows[1][2] == "Bernhard Kerbl; José Ñandú"
