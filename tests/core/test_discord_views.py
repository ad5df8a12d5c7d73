"""Documents on Discord: every block, every limit, no word lost, nothing hostile comes through."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simcord.components import validate_components

from adapters.discord_text import address, cut, escape, inline, shorten
from adapters.discord_views import V2, Page, mark, pages
from bot import doc as d
from tests.fakes.discord_rules import TEXT, check_message, walk


def judge(page: Page) -> None:
    """Two judges: our reading of Discord's reference, and simcord's."""
    components = list(page.marked("key").components)
    check_message({"flags": V2, "components": components})
    validate_components(components, flags=V2)


def shown(found: list[Page]) -> str:
    return "\n".join(
        one["content"] for page in found for one in walk(list(page.components)) if one["type"] == TEXT
    )


def labels(found: list[Page]) -> list[str]:
    return [one["label"] for page in found for one in walk(list(page.components)) if one["type"] == 2]


EVERY_BLOCK: d.Doc = (
    d.heading("Papers for Wednesday, 20 May 2026"),
    d.heading("Method", level=2),
    d.paragraph(d.bold("5 of 312 new papers"), "; details in the ", d.italic("thread"), "."),
    d.paragraph("Sentences of the paper", small=True),
    d.bullets([d.link("A title", "https://arxiv.org/abs/2308.04079"), "second"], numbered=True),
    d.bullets(["dash"]),
    d.Fields((("Task", d.text("Radiance fields")), ("Authors", d.text("Ada")))),
    d.Quote(d.text("We reach\n30 fps."), d.text("section “Results”, page 5")),
    d.Picture("https://example.org/figure.png", "The pipeline"),
    d.Divider(),
    d.Buttons(
        (d.Button("Summary", "show 2308.04079 full", "primary"), d.Button("Delete", "forget", "danger"))
    ),
    d.Form("Schedule", "schedule", (d.Input("at", "Time"),), typed="/paper schedule 09:00"),
    d.File("saved list.bib", "@article{a}"),
)


def test_every_block_is_shown() -> None:
    found = pages(EVERY_BLOCK)
    assert len(found) == 1
    judge(found[0])
    assert shown(found) == (
        "## Papers for Wednesday, 20 May 2026\n"
        "\n### Method\n"
        "\n**5 of 312 new papers**; details in the *thread*.\n"
        "-# Sentences of the paper\n"
        "1. [A title](<https://arxiv.org/abs/2308.04079>)\n"
        "2. second\n"
        "- dash\n"
        "**Task:** Radiance fields\n"
        "**Authors:** Ada\n"
        "\n> We reach\n> 30 fps.\n"
        "-# section “Results”, page 5\n"
        "**Schedule**\n"
        "-# By command: /paper schedule 09:00"
    )
    assert labels(found) == ["Summary", "Delete", "Schedule"]
    assert found[0].files == (("saved_list.bib", "@article{a}"),)
    kinds = [one["type"] for one in found[0].components]
    assert kinds == [10, 12, 14, 1, 10, 1, 10, 13]


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("@everyone look", "\\@everyone look"),
        ("<@&123> and <@1> <#2>", "\\<\\@&123\\> and \\<\\@1\\> \\<\\#2\\>"),
        ("[click](https://evil.example)", "\\[click\\](https\\://evil.example)"),
        ("||spoiler||", "\\|\\|spoiler\\|\\|"),
        ("```\ncode\n```", "\\`\\`\\`\ncode\n\\`\\`\\`"),
        ("*a* _b_ ~~c~~ \\*d", "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\\\\\*d"),
        ("# big\n> quote\n- list\n1. one\n-# small", "\\# big\n\\> quote\n\\- list\n1\\. one\n\\-\\# small"),
        ("abc\u202edcba\u200b\x00", "abcdcba"),
        ("https://evil.example/x", "https\\://evil.example/x"),
        ("3D: fast, 2:1 and a_b", "3D: fast, 2:1 and a\\_b"),
    ],
)
def test_hostile_words_are_shown_as_they_are(hostile: str, harmless: str) -> None:
    assert escape(hostile) == harmless
    for page in pages(
        (d.heading(hostile), d.paragraph(hostile), d.bullets([hostile]), d.Quote(d.text(hostile)))
    ):
        judge(page)
        assert "\n# " not in shown([page])


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "https://a b", "ftp://x.org", "discord://-/settings", "", "https://" + "x" * 600],
)
def test_only_sound_addresses_become_links(url: str) -> None:
    found = address(url)
    assert found is None or re.fullmatch(r"https?://\S+", found)


def test_an_address_cannot_leave_its_link() -> None:
    assert inline(d.text(d.link("x", "https://a.org/)>[y](<z"))) == "[x](<https://a.org/%29%3E[y]%28%3Cz>)"


def test_code_keeps_what_is_typed() -> None:
    assert inline(d.text(d.code("/paper follow a_b *c*"))) == "`/paper follow a_b *c*`"
    assert inline(d.text(d.code("a`b"))) == "a\\`b"


def test_spaces_stay_outside_the_marks() -> None:
    assert inline(d.text(d.bold(" a "), d.italic("b "), d.bold("  "))) == " **a** *b*   "


def test_a_command_is_offered_once_a_message() -> None:
    twice = d.Buttons((d.Button("Save", "save 1"), d.Button("Save again", "save 1")))
    found = pages((twice, twice))
    assert labels(found) == ["Save"]
    judge(found[0])


def test_many_buttons_make_rows_and_pages() -> None:
    many = tuple(d.Button(f"Paper {n}", f"show {n}") for n in range(120))
    found = pages((d.paragraph("x"), d.Buttons(many)))
    assert labels(found) == [f"Paper {n}" for n in range(120)]
    for page in found:
        judge(page)


def test_a_key_stands_in_the_first_component() -> None:
    first = pages(EVERY_BLOCK)[0].marked("abc")
    assert first.components[0]["id"] == mark("abc")
    assert 1 << 30 <= mark("abc") < 1 << 31
    assert mark("abc") != mark("abd")


def test_an_empty_document_makes_no_message() -> None:
    assert pages(()) == []
    assert pages((d.paragraph("  "), d.Buttons(()))) == []


HOSTILE = st.text(
    st.one_of(st.sampled_from("`*_~|<>[]()#@-+.1 \n\\:/"), st.characters(codec="utf-8")),
    max_size=80,
)
SPANS = st.builds(d.Span, HOSTILE, bold=st.booleans(), italic=st.booleans(), code=st.booleans())
TEXTS = st.lists(SPANS, max_size=6).map(tuple)
BLOCKS = st.one_of(
    st.builds(d.Heading, TEXTS, st.sampled_from([1, 2])),
    st.builds(d.Paragraph, TEXTS, st.booleans()),
    st.builds(d.Bullets, st.lists(TEXTS, max_size=4).map(tuple), st.booleans()),
    st.builds(d.Fields, st.lists(st.tuples(HOSTILE, TEXTS), max_size=3).map(tuple)),
    st.builds(d.Quote, TEXTS, TEXTS),
    st.builds(d.Picture, HOSTILE, HOSTILE),
    st.builds(d.Divider),
    st.builds(
        d.Buttons, st.lists(st.builds(d.Button, HOSTILE, st.text("abc", min_size=1, max_size=9))).map(tuple)
    ),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(BLOCKS, max_size=12).map(tuple))
def test_whatever_is_said_discord_takes_it(doc: d.Doc) -> None:
    for page in pages(doc):
        judge(page)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.text("abc_*.", min_size=1, max_size=12), min_size=1, max_size=400), st.integers(40, 400))
def test_cutting_loses_no_word(words: list[str], limit: int) -> None:
    whole = d.text(" ".join(words[: len(words) // 2]), " ", d.bold(" ".join(words[len(words) // 2 :])))
    pieces = cut(whole, limit)
    assert all(len(inline(piece)) <= limit for piece in pieces)
    assert " ".join(d.plain(piece) for piece in pieces).split() == d.plain(whole).split()


def test_a_long_answer_is_split_without_losing_a_word() -> None:
    words = [f"word{n}" for n in range(6000)]
    found = pages((d.heading("Long"), d.paragraph(" ".join(words)), d.Quote(d.text(" ".join(words)))))
    assert len(found) > 10
    assert re.findall(r"word\d+", shown(found)) == words + words
    for page in found:
        judge(page)


def test_a_long_title_stays_one_link() -> None:
    """Its address stands once in the message, however many words it is on."""
    title = " ".join(f"word{n}" for n in range(60))
    address = "https://doi.org/10.1101/" + "2" * 100
    assert cut((d.Span("## "), d.Span(title, link=address)), 700) == [
        (d.Span("## "), d.Span(title, link=address))
    ]


def test_a_word_without_gaps_is_cut_within() -> None:
    pieces = cut(d.text("x" * 1000), 300)
    assert "".join(d.plain(piece) for piece in pieces) == "x" * 1000
    assert all(len(inline(piece)) <= 300 for piece in pieces)


def test_labels_are_shortened_at_a_word() -> None:
    assert shorten("one two three", 10) == "one two…"
    assert shorten("short", 10) == "short"
