from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.domain.results import Effect
from kosmos_graph.render import numbers


def effect(
    value: float, low: float | None, high: float | None, name: str = "difference of means", unit: str | None = "g"
) -> Effect:
    return Effect(name=name, label="A − B", value=value, low=low, high=high, level=0.95, unit=unit)


@pytest.mark.parametrize(
    ("value", "low", "high", "estimate", "interval"),
    [
        (1375.354, 1236.1, 1514.6, "1,375 g", "95 % CI 1,236 to 1,515 g"),
        (-0.34812, -0.75801, 0.06177, "−0.35 g", "95 % CI −0.76 to 0.06 g"),
        (0.0000123, 0.0000101, 0.0000145, "0.0000123 g", "95 % CI 0.0000101 to 0.0000145 g"),
        (2.5e12, 2.4e12, 2.6e12, "2.50 × 10^12 g", "95 % CI 2.40 × 10^12 to 2.60 × 10^12 g"),
        (3.2, 1.1, None, "3.2 g", "95 % CI from 1.1 g upwards"),
        (3.2, None, 5.3, "3.2 g", "95 % CI up to 5.3 g"),
        (3.21987, None, None, "3.22 g", ""),
    ],
)
def test_an_estimate_is_as_precise_as_its_interval_is_wide(value, low, high, estimate, interval):
    found = effect(value, low, high)
    assert (numbers.estimate(found), numbers.interval(found)) == (estimate, interval)


def test_shares_are_percentages_and_their_differences_percentage_points():
    share = effect(0.4751, 0.388, 0.564, "proportion", None)
    difference = effect(0.352, 0.17, 0.5, "adjusted risk difference", None)
    assert numbers.estimate(share) == "47.5 %"
    assert numbers.interval(difference) == "95 % CI 17 to 50 percentage points"


@pytest.mark.parametrize(
    ("name", "null", "distance", "alternative", "text"),
    [
        ("difference of means", 0.0, 2.345, "two-sided", "2.3 g"),
        ("hazard ratio", 1.0, 0.86, "two-sided", "1.86 or 0.54 (no effect: 1)"),
        ("hazard ratio", 1.0, 0.043, "two-sided", "1.043 or 0.959 (no effect: 1)"),
        ("odds ratio", 1.0, 24.0, "two-sided", "25 or 0.040 (no effect: 1)"),
        ("odds ratio", 1.0, 0.86, "greater", "1.86 (no effect: 1)"),
        ("hazard ratio", 1.0, 0.86, "greater", "0.54 (no effect: 1)"),
        ("probability of superiority", 0.5, 0.17, "two-sided", "0.67 or 0.33 (no effect: 0.5)"),
        ("proportion", 0.05, 0.1, "two-sided", "15 % (no effect: 5 %)"),
        ("proportion", 0.3, 0.1, "less", "20 % (no effect: 30 %)"),
        ("mean", 40.0, 3.21, "two-sided", "43.2 g or 36.8 g (no effect: 40 g)"),
        ("mean", 1.0, 0.5, "two-sided", "1.50 g or 0.50 g (no effect: 1 g)"),
        ("probability of a higher value", 0.5, 0.6, "two-sided", "0.6"),
    ],
)
def test_what_a_sample_detects_is_said_on_the_scale_of_the_effect(name, null, distance, alternative, text):
    found = effect(2.0, 1.0, 3.0, name, "g" if name in ("mean", "difference of means") else None)
    found = found.model_copy(update={"null": null, "inverse": name == "hazard ratio", "value": 2.1, "low": 1.1, "high": 3.1})
    assert numbers.detectable(distance, found, alternative) == text


@pytest.mark.parametrize(
    ("p", "alpha", "text"),
    [
        (0.0, 0.05, "< 0.001"),
        (0.00099, 0.05, "< 0.001"),
        (0.0312, 0.05, "= 0.031"),
        (0.3456, 0.05, "= 0.35"),
        (0.995, 0.05, "> 0.99"),
        (1.0, 0.05, "= 1.00"),
        (0.05004, 0.05, "= 0.05004"),
        (0.04996, 0.05, "= 0.050"),
        (0.05, 0.05, "= 0.050"),
    ],
)
def test_a_rounded_p_value_stays_on_its_side_of_alpha(p, alpha, text):
    assert numbers.p_value(p, alpha) == text


@settings(deadline=None, max_examples=300)
@given(st.floats(0, 1), st.sampled_from([0.001, 0.01, 0.05, 0.1]))
def test_the_side_of_alpha_is_kept_whatever_the_p_value(p, alpha):
    text = numbers.p_value(p, alpha)
    if text.startswith("= "):
        assert (float(text[2:]) <= alpha) == (p <= alpha) or abs(p - alpha) < 1e-8


@settings(deadline=None, max_examples=300)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_any_number_can_be_written(value):
    text = numbers.number(value)
    assert re.fullmatch(r"−?[\d,]+(\.\d+)?( × 10\^−?\d+)?", text)
    assert text not in ("−0", "-0")


def test_counts_levels_and_statistics():
    assert numbers.count(1234567) == "1,234,567"
    assert numbers.level(1 - 0.05) == "95 %" and numbers.level(0.999) == "99.9 %"
    assert numbers.statistic("t", -34.4456, (271.4321,)) == "t(271.4) = −34.4"
    assert numbers.statistic("F", 594.8, (2.0, 172.04)) == "F(2, 172.0) = 595"
    assert numbers.statistic("t (nearer bound)", 3.1612, (115.5,)) == "t (nearer bound) = 3.16, df = 115.5"
    assert numbers.number(0.05) == "0.05" and numbers.number(12.0) == "12" and numbers.number(0.0) == "0"
