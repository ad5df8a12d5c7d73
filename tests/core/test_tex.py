"""TeX made readable."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tex import readable

CASES = {
    # chemistry, astronomy, mathematics as they stand in titles
    r"MoS$_2$ and Cr$_3$Si": "MoS₂ and Cr₃Si",
    r"Bi$_2$Sr$_2$CaCu$_2$O$_{8+x}$": "Bi₂Sr₂CaCu₂O₈₊ₓ",
    r"Emission at $z \gtrsim 7.6$": "Emission at z ≳ 7.6",
    r"[C$_2$H$_2]^{6+}$": "[C₂H₂]⁶⁺",
    r"$N_\mathrm{HI}>10^{17.8}\, \mathrm{cm}^{-2}$": "N_HI>10^17.8 cm⁻²",
    r"CD^2: K^2RAG, E_G, DL_POLY, O(n^2)": "CD²: K²RAG, E_G, DL_POLY, O(n²)",
    r"360$^\circ$ views, 0.036$^{\prime\prime}$, 10$^{th}$": "360° views, 0.036′′, 10th",
    r"$M_{\odot}$, $f_{NL}$, $z_{\text{spec}}$": "M⊙, f_NL, z_spec",
    r"$5.4^{+0.3}_{-0.2}$": "5.4^+0.3_-0.2",
    r"$O(n\log n)$ and $\log T$": "O(n log n) and log T",
    r"6$\times$2pt": "6×2pt",
    r"Sub-Solar$\unicode{x2013}$GW": "Sub-Solar–GW",
    r"$|\psi\rangle$ in $\mathbb{R}^n$": "|ψ⟩ in ℝⁿ",
    r"$\left\{ x \right.$": "{ x",
    # fractions and roots
    r"\frac 1\alpha": "1/α",
    r"$S=\frac{5}{2}$, $\frac12$, $\frac{a+b}{c}$": "S=5/2, 1/2, (a+b)/c",
    r"$\sqrt2$, $\sqrt{x+1}$": "√2, √(x+1)",
    r"a half \frac a b of the words": "a half a/b of the words",
    # accents
    r"Goos-H$\ddot{a}$nchen": "Goos-Hänchen",
    r"Erd\H{o}s, P\'olya, \v{S}ari\'c, na\"{\i}ve, {\AA}str\"om, Bart{\l}omiej": (
        "Erdős, Pólya, Šarić, naïve, Åström, Bartłomiej"
    ),
    r"syst{è}me, Bie{\ss}mann": "système, Bießmann",
    # macros around words
    r"\textbf{I}terative {\tt\string zeus21} and \texttt{a_b}": "Iterative zeus21 and a_b",
    r"{\em Bit-ViP}, \emph{ab initio}": "Bit-ViP, ab initio",
    r"\href{https://x.org/a_b}{the site}": "the site (https://x.org/a_b)",
    r"\href{this https URL}{here}": "here",
    r"shown by \cite{lee2025}": "shown by [lee2025]",
    r"tasks, \ie, sorting, \eg{} by Lee \etal at 3 \angstrom, \Ac{RAG}": (
        "tasks, i.e., sorting, e.g. by Lee et al. at 3 Å, RAG"
    ),
    r"\ce{H2O} and \ion{O}{III}": "H₂O and O III",
    # what is not TeX, or not known, stays
    "costs $5 and $10 a day": "costs $5 and $10 a day",
    "from $5 to $3, with $n$-grams": "from $5 to $3, with n-grams",
    "between $5-$10": "between $5-$10",
    "about $28$ stars": "about 28 stars",
    "our \\ours{} beats \\foo{bar}": "our \\ours{} beats \\foo{bar}",
    "3\\% of {A, B}": "3% of {A, B}",
    "unbalanced } and { and $": "unbalanced } and { and $",
    '{"key": 1}': '{"key": 1}',
    "http://a.b/~me, ~1500 au, 0.5~1, Task~13": "http://a.b/~me, ~1500 au, 0.5~1, Task 13",
    "``quoted'' and `so' but Kamo`oalewa": "“quoted” and ‘so’ but Kamo`oalewa",
    "a -- b, c---d, 1--2, --json": "a – b, c—d, 1–2, --json",
    '\\"Know it\\"': '"Know it"',
    "two\n  lines": "two lines",
    "un\u200bseen\ufeff \u202eright to left\u202c, half a pair \ud800, a zero\x00": (
        "unseen right to left, half a pair , a zero"
    ),
    "": "",
}


@pytest.mark.parametrize(("written", "shown"), CASES.items())
def test_is_made_readable(written: str, shown: str) -> None:
    assert readable(written) == shown


@given(st.text())
def test_never_fails(text: str) -> None:
    assert readable(text) == " ".join(readable(text).split())


@given(st.text(alphabet="\\${}^_~`'-&[]() abfrct123\"", max_size=200))
def test_never_fails_on_what_looks_like_tex(text: str) -> None:
    assert len(readable(text)) <= 10 * len(text) + 10


@given(st.text(alphabet=st.characters(exclude_characters="\\$^{}~`-", exclude_categories=["Cs", "Cc", "Cf"])))
def test_leaves_text_without_tex_alone(text: str) -> None:
    assert readable(text) == " ".join(text.split())


@pytest.mark.parametrize(
    "bomb",
    [
        "{" * 50_000,
        "$" * 50_000,
        "\\frac" * 20_000,
        "{" * 20_000 + "}" * 20_000,
        "x^{" * 20_000,
        "$5 and " * 20_000,
        "`" * 50_000,
        "``a" * 20_000,
        "\\(" * 20_000,
        "\\sqrt{" * 10_000 + "}" * 10_000,
        "~" * 50_000,
        "-" * 50_000,
    ],
    ids=lambda bomb: bomb[:6],
)
def test_takes_linear_time(bomb: str) -> None:
    start = time.process_time()
    readable(bomb)
    assert time.process_time() - start < 2
