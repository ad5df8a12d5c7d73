"""Forms as modals and back."""

import pytest

from adapters.slack_forms import Origin, errors, form_in, home, modal, values
from bot.doc import Button, Buttons, Choice, Doc, Form, Input, Select, heading, paragraph
from tests.fakes.slack_limits import check_blocks, check_view

DAYS = tuple(Choice(day.title(), day) for day in ("mon", "tue", "wed"))
SETTINGS = Form(
    "What this channel gets, and when it comes",
    "settings save",
    (
        Input("topics", "Topics, one a line", "gaussian splatting\nvideo", lines=4),
        Input("at", "Time of day", "09:00", hint="Such as 09:00", required=True),
        Select("days", "Days", DAYS, ("mon", "wed"), many=True),
        Select("quiet", "On quiet days", (Choice("Say so", "say"), Choice("Nothing", "silent")), ("say",)),
        Select("nothing", "Nothing to choose", ()),
    ),
    typed="/paper schedule 09:00",
)
ORIGIN = Origin("settings save", "C0PAPERS", "1760000000.000001", "T0PAPER")


def view() -> dict:  # type: ignore[type-arg]
    return modal((heading("Settings"), paragraph("For this channel."), SETTINGS), SETTINGS, ORIGIN)


def test_a_form_is_a_modal_that_slack_takes() -> None:
    told = view()
    assert check_view(told) == []
    assert len(told["title"]["text"]) <= 24
    assert [block["type"] for block in told["blocks"]] == ["header", "rich_text", *["input"] * 4]
    assert told["blocks"][2]["element"]["initial_value"] == "gaussian splatting\nvideo"
    assert [block["optional"] for block in told["blocks"][2:]] == [True, False, False, False]
    assert [o["value"] for o in told["blocks"][4]["element"]["initial_options"]] == ["mon", "wed"]


def test_what_a_form_cannot_hold_is_left_out_and_stays_as_it_is() -> None:
    """Shown cut, it would be saved cut."""
    topics = "\n".join(f"{number} " + "gaussian splatting of rooms and streets " * 3 for number in range(50))
    form = Form(
        "S", "x", (Input("topics", "Topics", topics), Input("at", "Time", "09:00")), typed="/paper follow"
    )
    told = modal((form,), form, ORIGIN, command="/papers")
    assert check_view(told) == []
    assert [block["block_id"] for block in told["blocks"] if block["type"] == "input"] == ["at"]
    assert "“Topics” has grown too long" in str(told["blocks"][0])
    assert "To change it: /papers follow." in str(told["blocks"][0])


def test_where_it_was_asked_travels_along() -> None:
    assert Origin.load(view()["private_metadata"]) == ORIGIN
    for strange in ("", "[]", '{"evil": 1}', "null"):
        with pytest.raises(ValueError, match="not made by this program"):
            Origin.load(strange)


def test_answers_come_back_by_name() -> None:
    state = {
        "topics": {"topics": {"type": "plain_text_input", "value": "a\nb"}},
        "at": {"at": {"type": "plain_text_input", "value": None}},
        "days": {"days": {"type": "checkboxes", "selected_options": [{"value": "mon"}, {"value": "tue"}]}},
        "quiet": {"quiet": {"type": "static_select", "selected_option": {"value": "say"}}},
        "zone": {"zone": {"type": "static_select", "selected_option": None}},
    }
    assert values({"state": {"values": state}}) == {
        "topics": "a\nb",
        "at": "",
        "days": "mon,tue",
        "quiet": "say",
        "zone": "",
    }


def test_an_error_stands_at_its_field_or_at_the_first() -> None:
    assert errors(view(), "at", "No time.") == {"response_action": "errors", "errors": {"at": "No time."}}
    assert errors(view(), "gone", "No.")["errors"] == {"topics": "No."}


@pytest.mark.parametrize("count", [1, 10, 11, 100, 101, 450])
def test_choices_of_any_number_fit(count: int) -> None:
    zones = tuple(Choice(f"Zone {number}" + "é" * 80, f"z{number}") for number in range(count))
    for many in (False, True):
        form = Form("Zone", "x", (Select("zone", "Zone", zones, ("z0",), many=many),))
        assert check_view(modal((form,), form, ORIGIN)) == []


def test_the_home_tab_holds_a_page() -> None:
    doc: Doc = (heading("Paperboy"), paragraph("You follow."), Buttons((Button("Change", "settings"),)))
    assert check_view(home(doc)) == []
    assert check_blocks(home((*doc, SETTINGS) * 60)["blocks"], "home") == []
    assert form_in((*doc, SETTINGS)) is SETTINGS
    assert form_in(doc) is None
