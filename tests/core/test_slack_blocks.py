"""Documents as Block Kit: within every limit, no word lost, hostile words harmless."""

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block

from adapters.slack_blocks import BLOCKS, CHARACTERS, length, render
from adapters.slack_text import cut, escape, escape_markdown, unescape
from bot import doc as d
from bot.doc import Button, Buttons, Doc, Fields, Heading, Picture, Quote, Span, text
from bot.render.clean import visible
from tests.fakes.slack_limits import all_texts, check_blocks, mrkdwn_texts, pings, unescaped

HOSTILE = [
    "<!channel> deep learning <@U0ANA>",
    "*bold* _italic_ ~struck~ `code` ```fence```",
    "Q&A: a < b > c &amp; &lt;!here&gt;",
    "https://evil.example|click <https://evil.example|arXiv>",
    "zero\u200bwidth and \u202eright to left\u202c and \u2066isolate",
    "x" * 300,
    "עברית וגם English ועוד",
    "NUL\x00 and bell\x07",
    "@channel @here @everyone",
]


def shown(doc: Doc) -> str:
    return "\n".join(words for message in render(doc) for words in all_texts(message.blocks))


def card(title: str) -> Doc:
    return (
        Heading(text(d.link(title, "https://arxiv.org/abs/2509.10432")), 2),
        d.paragraph("By ", d.bold(title), " and ", d.code(title)),
        d.paragraph(title, " ", d.link(title, "https://arxiv.org/abs/2509.10432"), small=True),
        d.bullets([title, title]),
        Fields((("Title", text(title)),)),
        Quote(text(title), text(title)),
        Picture("https://arxiv.org/figure.png", title),
        Buttons((Button(title, "save arxiv:2509.10432"), Button("Forget", "forget", "danger"))),
        d.Divider(),
        d.Form(title, "settings", (d.Input("a", title, title),)),
    )


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_titles_ping_nobody_and_break_nothing(title: str) -> None:
    for message in render(card(title), alt=title):
        assert check_blocks(message.blocks) == []
        for words in [message.text, *mrkdwn_texts(message.blocks)]:
            assert pings(words) == []
            assert unescaped(words) == []
        links = [node["url"] for node in walk(message.blocks) if node.get("type") == "link"]
        assert set(links) <= {"https://arxiv.org/abs/2509.10432"}
    assert visible(title) in shown(card(title))


def walk(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for item in node for found in walk(item)]
    if isinstance(node, dict):
        return [node, *[found for value in node.values() for found in walk(value)]]
    return []


@pytest.mark.parametrize("title", HOSTILE)
def test_what_we_send_is_what_slacks_own_library_knows(title: str) -> None:
    for message in render(card(title)):
        for block in message.blocks:
            parsed = Block.parse(block)
            assert parsed is not None
            assert parsed.to_dict() == block


def test_links_that_are_none_become_words() -> None:
    doc = (d.paragraph(d.link("run me", "javascript:alert(1)"), " ", d.link("file", "file:///etc/passwd")),)
    assert [node["type"] for node in walk(render(doc)[0].blocks) if "text" in node] == ["text"] * 3
    assert "run me" in shown(doc)


def test_a_link_with_a_bar_stays_one_link() -> None:
    doc = (d.paragraph(d.link("a>b", "https://x.org/?q=a|b<c>"), small=True),)
    element = render(doc)[0].blocks[0]["elements"][0]
    assert element["text"] == "<https://x.org/?q=a%7Cb%3Cc%3E|a&gt;b>"
    barred = render((d.paragraph(d.link("a|b", "https://x.org/"), small=True),))[0].blocks
    assert barred[0]["elements"][0]["elements"] == [{"type": "link", "url": "https://x.org/", "text": "a|b"}]


words = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs", "Cf")), max_size=60)
spans = st.builds(
    Span, words, st.booleans(), st.booleans(), st.booleans(), st.sampled_from([None, "https://x.org/a"])
)
texts = st.lists(spans, max_size=4).map(tuple)
blocks = st.one_of(
    st.builds(Heading, texts, st.sampled_from([1, 2])),
    st.builds(d.Paragraph, texts, st.booleans()),
    st.builds(d.Bullets, st.lists(texts, max_size=5).map(tuple), st.booleans()),
    st.builds(Fields, st.lists(st.tuples(words, texts), max_size=4).map(tuple)),
    st.builds(Quote, texts, texts),
    st.builds(Picture, st.sampled_from(["https://x.org/p.png", "data:,x", ""]), words),
    st.builds(d.File, st.just("a.bib"), words),
    st.just(d.Divider()),
    st.builds(
        Buttons,
        st.lists(st.builds(Button, words, st.just("help"), st.just("primary")), max_size=30).map(tuple),
    ),
)


@given(st.lists(blocks, max_size=12).map(tuple))
@settings(max_examples=50, deadline=None)
def test_whatever_is_said_slack_takes_it(doc: Doc) -> None:
    for message in render(doc):
        assert check_blocks(message.blocks) == []
        assert len(message.blocks) <= BLOCKS
        assert message.text
        for said in [message.text, *mrkdwn_texts(message.blocks)]:
            assert unescaped(said) == []


def test_a_long_document_loses_no_word_and_keeps_its_order() -> None:
    rng = random.Random(5)
    story = [f"w{number}" + "x" * rng.randint(0, 12) for number in range(6_000)]
    doc = (
        d.paragraph(" ".join(story[:2_000])),
        d.bullets([" ".join(story[i : i + 40]) for i in range(2_000, 4_000, 40)], numbered=True),
        Quote(text(" ".join(story[4_000:5_000]))),
        Fields((("Name", text(" ".join(story[5_000:]))),)),
    )
    messages = render(doc)
    assert len(messages) > 3
    for message in messages:
        assert check_blocks(message.blocks) == []
        assert sum(length(block) for block in message.blocks) <= CHARACTERS
    found = [word for word in shown(doc).split() if word.startswith("w")]
    assert found == story


def test_a_numbered_list_goes_on_counting_in_the_next_block() -> None:
    doc = (d.bullets(["word " * 100 for _ in range(20)], numbered=True),)
    lists = [part for message in render(doc) for block in message.blocks for part in block["elements"]]
    assert [part.get("offset", 0) for part in lists] == [0, 5, 10, 15]


def test_buttons_stay_with_what_they_belong_to() -> None:
    entry = (d.paragraph("x" * 2_000), Buttons((Button("Save", "save a"),)))
    for message in render(entry * 9):
        kinds = [block["type"] for block in message.blocks]
        assert kinds[0] != "actions"
        assert kinds == ["rich_text", "actions"] * (len(kinds) // 2)


def test_sixty_buttons_make_three_rows_with_names_of_their_own() -> None:
    doc = (Buttons(tuple(Button(f"B{i}", f"show {i}") for i in range(60))),)
    rows = render(doc)[0].blocks
    assert [len(row["elements"]) for row in rows] == [25, 25, 10]
    names = [element["action_id"] for row in rows for element in row["elements"]]
    assert len(set(names)) == 60


def test_what_cannot_be_taken_back_is_asked_again() -> None:
    element = render((Buttons((Button("Forget me", "forget sure: yes", "danger"),)),))[0].blocks[0][
        "elements"
    ][0]
    assert element["style"] == "danger"
    assert "cannot be taken back" in element["confirm"]["text"]["text"]


@given(texts, st.integers(20, 60))
@settings(max_examples=50, deadline=None)
def test_cutting_loses_only_the_gaps(parts: tuple[Span, ...], limit: int) -> None:
    pieces = cut(parts, limit)
    whole = "".join(span.text for span in parts)
    assert all(sum(len(span.text) for span in piece) <= limit for piece in pieces)
    joined = "".join(span.text for piece in pieces for span in piece)
    assert joined.replace(" ", "") == whole.replace(" ", "").replace("\n", "") or "\n" in whole


@given(st.text(max_size=200))
def test_escaping_can_be_undone(said: str) -> None:
    assert unescape(escape(said)) == visible(said)
    assert "<" not in escape_markdown(said)


def test_an_empty_document_still_says_something() -> None:
    assert render(())[0].text == "…"
    assert render((d.paragraph(""),))[0].blocks == []
