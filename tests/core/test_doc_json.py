from __future__ import annotations

import json
from dataclasses import fields
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import doc as d
from bot.doc import Doc
from bot.render.json import VERSION, decode, encode

words = st.text(max_size=20)
spans = st.lists(
    st.builds(d.Span, words, st.booleans(), st.booleans(), st.booleans(), st.none() | words), max_size=3
).map(tuple)
buttons = st.builds(d.Button, words, st.text(min_size=1, max_size=100), st.sampled_from(["plain", "danger"]))
form_fields = st.builds(d.Input, words, words, lines=st.integers(1, 5)) | st.builds(
    d.Select, words, words, st.lists(st.builds(d.Choice, words, words), max_size=2).map(tuple)
)
blocks = st.one_of(
    st.builds(d.Heading, spans, st.sampled_from([1, 2])),
    st.builds(d.Paragraph, spans, st.booleans()),
    st.builds(d.Bullets, st.lists(spans, max_size=3).map(tuple), st.booleans()),
    st.builds(d.Fields, st.lists(st.tuples(words, spans), max_size=2).map(tuple)),
    st.builds(d.Quote, spans, spans),
    st.builds(d.Picture, words, words),
    st.just(d.Divider()),
    st.builds(d.Buttons, st.lists(buttons, max_size=2).map(tuple)),
    st.builds(d.Form, words, words, st.lists(form_fields, max_size=2).map(tuple)),
)
docs = st.lists(blocks, max_size=4).map(tuple)


@given(docs)
def test_a_document_comes_back_as_it_was(doc: Doc) -> None:
    assert decode(json.loads(json.dumps(encode(doc)))) == doc


def test_every_kind_of_block_is_known() -> None:
    for kind in get_args(d.Block):
        told: dict[str, object] = {field.name: [] for field in fields(kind)}
        assert isinstance(decode([{"is": kind.__name__, **told}])[0], kind)


@pytest.mark.parametrize("value", [{}, "x", [{"is": "Nothing"}], [{"is": "Picture", "size": 3}], [{}]])
def test_what_is_no_document_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"document|cannot be read"):
        decode(value)


def test_a_newer_document_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        decode([], VERSION + 1)
