import pytest

from bot import doc as d
from bot.render import html, markdown, plain
from bot.render.clean import visible

HOSTILE = "<!channel> *bold* [x](http://evil) `code` ![i](u) <script>alert(1)</script> \x1b[31m"

PAGE: d.Doc = (
    d.heading("Papers & more"),
    d.heading("Part", level=2),
    d.paragraph(d.bold("Bold"), " and ", d.link("a link", "https://arxiv.org/abs/1"), small=True),
    d.bullets(["one", ["two ", d.code("code")]], numbered=True),
    d.bullets(["three"]),
    d.Fields((("Task", d.text("a value")),)),
    d.Quote(d.text("what it says"), d.text("Page 3")),
    d.Picture("https://x/y.png", "a picture"),
    d.Divider(),
    d.Buttons((d.Button("Show", "show 1"),)),
    d.Form(
        "A form",
        "settings",
        (d.Input("at", "Time", "09:00"), d.Select("d", "Days", (d.Choice("Mon", "m"),), ("m",))),
    ),
    d.File("saved.bib", "@misc{x}"),
)


@pytest.mark.parametrize("render", [plain.render, markdown.render, html.render])
def test_every_block_keeps_its_words(render: object) -> None:
    out = render(PAGE)  # type: ignore[operator]
    for words in (
        "Papers",
        "Part",
        "Bold",
        "a link",
        "one",
        "code",
        "three",
        "a value",
        "what it says",
        "Page 3",
        "a picture",
        "show 1",
        "A form",
        "09",
        "@misc",
    ):
        assert words in out, words


def test_plain_text_keeps_links_and_commands_whole() -> None:
    out = plain.render(PAGE, width=20)
    assert "<https://arxiv.org/abs/1>" in out
    assert "/paper show 1" in out


def test_markdown_shows_hostile_text_as_it_is() -> None:
    out = markdown.render((d.paragraph(HOSTILE),))
    assert r"\<\!channel\>" in out
    assert r"\*bold\*" in out
    assert r"\[x\](http://evil)" in out
    assert r"\`code\`" in out


def test_markdown_link_addresses_cannot_break_out() -> None:
    out = markdown.render((d.paragraph(d.link("x", "https://a/>) [y](https://evil")),))
    assert "https://a/%3E" in out


def test_markdown_lines_do_not_become_lists() -> None:
    assert markdown.escape("1. first\n- dash") == "1\\. first\n\\- dash"


def test_html_escapes_and_keeps_only_web_links() -> None:
    out = html.render((d.paragraph(HOSTILE, d.link("x", "javascript:alert(1)")),))
    assert "<script>" not in out
    assert "javascript:" not in out


def test_control_and_direction_characters_are_not_visible() -> None:
    assert visible("a\x1b[31mb\u202ec\u200bd\u00ad\n") == "a[31mbcd\n"
    assert visible("می\u200cخواهم") == "می\u200cخواهم"


def test_a_line_for_notifications_is_cut() -> None:
    assert plain.line((d.paragraph("word " * 100),), 20).endswith("…")
    assert plain.line(()) == ""


def test_a_button_s_command_has_at_most_100_characters() -> None:
    with pytest.raises(ValueError, match="100"):
        d.Button("x", "y" * 101)
