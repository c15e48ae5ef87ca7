"""Laws of the reducers."""

from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.domain.question import Question
from kosmos_graph.graph.state import Conflict, conflicts, furthest, later, write_once

values = st.sampled_from([Question(text="a"), Question(text="b"), Question(text="ü"), "x", 1])
updates = st.dictionaries(st.sampled_from(["c1", "c1h1", "c1h1g1"]), values, max_size=3)
anything = st.one_of(st.none(), updates, st.text(), st.integers(), st.lists(st.integers()))
counters = st.dictionaries(st.sampled_from(["designer", "analyst"]), st.integers(0, 5))


@settings(deadline=None)
@given(updates, updates)
def test_write_once_is_commutative(first, second):
    assert write_once(first, second) == write_once(second, first)


@settings(deadline=None)
@given(updates, updates, updates)
def test_write_once_is_associative(first, second, third):
    assert write_once(write_once(first, second), third) == write_once(first, write_once(second, third))


@settings(deadline=None)
@given(updates, updates)
def test_write_once_is_idempotent(first, second):
    once = write_once(first, second)
    assert write_once(once, second) == once == write_once(once, once)


@settings(deadline=None)
@given(anything, anything)
def test_write_once_never_raises(first, second):
    assert isinstance(write_once(first, second), dict)


def test_different_values_under_one_key_are_kept_as_a_conflict_that_has_a_name():
    merged = write_once({"c1h1": Question(text="a")}, {"c1h1": Question(text="b")})
    assert isinstance(merged["c1h1"], Conflict)
    assert len(merged["c1h1"].texts) == 2
    assert conflicts({"studies": merged, "cycle": 1}) == ("studies[c1h1]",)


def test_an_equal_rewrite_passes():
    assert write_once({"c1": Question(text="a")}, {"c1": Question(text="a")}) == {"c1": Question(text="a")}


@settings(deadline=None)
@given(counters, counters, counters)
def test_furthest_is_a_semilattice(first, second, third):
    assert furthest(first, second) == furthest(second, first)
    assert furthest(furthest(first, second), third) == furthest(first, furthest(second, third))
    assert furthest(first, first) == first


def test_later_counters_win():
    assert later(None, 2) == 2
    assert later(3, 2) == 3
