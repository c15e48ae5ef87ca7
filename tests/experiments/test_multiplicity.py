"""Holm's correction."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from kosmos_graph.experiments.multiplicity import holm

P = st.floats(0, 1)
FAMILIES = st.lists(P, min_size=1, max_size=12).map(lambda values: {f"h{place}": p for place, p in enumerate(values)})


def test_holms_own_steps() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02})


@settings(deadline=None, max_examples=10)
@given(FAMILIES)
def test_holm_agrees_with_statsmodels(family: dict[str, float]) -> None:
    expected = multipletests(list(family.values()), method="holm")[1]
    assert list(holm(family).values()) == pytest.approx(list(expected), rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(FAMILIES, st.integers(0, 5))
def test_hypotheses_without_a_p_count_as_one(family: dict[str, float], absent: int) -> None:
    padded = family | {f"absent{place}": 1.0 for place in range(absent)}
    expected = {key: p for key, p in holm(padded).items() if key in family}
    assert holm(family, len(family) + absent) == pytest.approx(expected, rel=1e-12)


@settings(deadline=None, max_examples=50)
@given(FAMILIES, st.randoms(use_true_random=False))
def test_order_of_entries_does_not_matter(family: dict[str, float], random: object) -> None:
    items = list(family.items())
    random.shuffle(items)  # type: ignore[attr-defined]
    assert holm(dict(items)) == holm(family)


@settings(deadline=None, max_examples=50)
@given(FAMILIES)
def test_adjusted_values_keep_the_order_and_never_fall(family: dict[str, float]) -> None:
    found = holm(family)
    assert all(family[key] <= found[key] <= 1 for key in family)
    ordered = sorted(family, key=lambda key: family[key])
    assert [found[key] for key in ordered] == sorted(found.values())


def test_a_family_of_one_is_not_adjusted() -> None:
    assert holm({"only": 0.04}) == {"only": 0.04}
    assert holm({}) == {}


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(p: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        holm({"a": p})


def test_a_family_smaller_than_its_tests_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot hold"):
        holm({"a": 0.1, "b": 0.2}, 1)
