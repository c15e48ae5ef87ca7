"""Finding an object in a reply, and writing the schema that asks for it."""

from __future__ import annotations

import json
from typing import Literal

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from kosmos_graph.providers.reply_schema import reply_schema
from kosmos_graph.providers.reply_text import REPAIRS, NotOneObject, one_object, repairs_of, without_reasoning
from kosmos_graph.providers.scrubbing import HIDDEN, remember, scrub

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(st.text(st.characters(codec="utf-8")), values, max_size=4)
words = st.text(st.characters(codec="utf-8", exclude_characters="{}<>"))


@settings(max_examples=60, deadline=None)
@given(objects, words, words)
def test_an_object_is_found_whatever_words_surround_it(value, before, after):
    text = json.dumps(value)
    if "think" not in text:
        assert one_object(f"{before}{text}{after}") == value


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_any_text_gives_an_object_or_says_why_not(text):
    try:
        assert isinstance(one_object(text), dict)
    except NotOneObject as error:
        assert str(error)


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("<think>a</think>b", "b"),
        ("<THINK>a\nb</THINK> c <think>d</think> e", "c  e"),
        ("a</think>b", "b"),
        ("a<think>b", "a"),
        ("<thinking>a</thinking>b", "b"),
        ("plain", "plain"),
    ],
)
def test_reasoning_is_left_out(text, rest):
    assert without_reasoning(text) == rest


OBJECT = '{"a": "``` [x]"}'
REPAIRED = {
    OBJECT: (),
    f"  {OBJECT}\n": (),
    f"\ufeff{OBJECT}": (),
    f"<think>maybe</think>{OBJECT}": ("reasoning",),
    f"maybe</think>\n{OBJECT}": ("reasoning",),
    f"```json\n{OBJECT}\n```": ("fences",),
    f"Here it is: {OBJECT}": ("words",),
    f"{OBJECT}.": ("words",),
    f"{OBJECT}\n{OBJECT}": ("repeats",),
    f"[{OBJECT}]": ("list",),
    f"[{OBJECT}, {OBJECT}]": ("repeats", "list"),
    f"<think>{{}}</think>Here:\n```\n[ {OBJECT} ]\n```\nDone.": ("reasoning", "fences", "words", "list"),
    f"[ see below ] {OBJECT}": ("words",),
}


@pytest.mark.parametrize("reply", REPAIRED)
def test_a_repair_is_named(reply):
    assert one_object(reply) == json.loads(OBJECT)
    assert repairs_of(reply) == REPAIRED[reply]
    assert set(repairs_of(reply)) <= set(REPAIRS)


def test_every_repair_is_tried_and_what_is_no_object_has_none():
    assert {name for made in REPAIRED.values() for name in made} == set(REPAIRS)
    with pytest.raises(NotOneObject):
        repairs_of("no object")


class Tree(BaseModel):
    """Refers to itself."""

    name: str
    children: list[Tree] = []


class Bounded(BaseModel):
    """Has limits, and fields called like keywords."""

    title: str = Field(max_length=5)
    default: Literal["a"] = "a"
    format: int = Field(ge=1, le=3)
    pattern: str | None = None


def test_every_field_is_required_and_no_other_allowed():
    schema = reply_schema(Bounded, bounds=True)
    assert (schema["required"], schema["additionalProperties"]) == (["title", "default", "format", "pattern"], False)
    jsonschema.Draft202012Validator.check_schema(schema)


def test_limits_are_kept_or_left_out():
    kept, left = reply_schema(Bounded, bounds=True)["properties"], reply_schema(Bounded, bounds=False)["properties"]
    assert kept["title"] == {"type": "string", "maxLength": 5}
    assert left["title"] == {"type": "string"}
    assert left["format"] == {"type": "integer"}
    assert kept["default"] == {"type": "string", "enum": ["a"]}


def test_a_class_that_refers_to_itself_keeps_its_definitions():
    schema = reply_schema(Tree, bounds=False)
    jsonschema.validate({"name": "a", "children": [{"name": "b", "children": []}]}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "a", "children": [{"name": 1, "children": []}]}, schema)


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-abcdEFGH1234567890",
        "Incorrect API key provided: sk-abcd********wxyz.",
        "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",
        "GET https://host/models?key=AIzaSyA1234567890abc&alt=sse",
        "user AKIAIOSFODNN7EXAMPLE is not allowed",
        "connect to https://me:pa55word@host failed",
    ],
)
def test_what_looks_like_a_key_is_hidden(text):
    hidden = scrub(text)
    assert HIDDEN in hidden
    assert not any(part in hidden for part in ("abcd", "eyJ", "AIzaSy", "AKIA", "pa55word"))


def test_a_remembered_key_is_hidden_and_words_are_not():
    remember("tiger")
    remember("long-company-key-77")
    assert scrub("tiger, tigers and Xlong-company-key-77X") == f"{HIDDEN}, tigers and X{HIDDEN}X"
    remember("a")
    assert scrub("a cat") == "a cat"
