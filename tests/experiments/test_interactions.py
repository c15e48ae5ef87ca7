"""Slopes that differ between groups or with another number, against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method


def columns(n=60, seed=2):
    draw = np.random.default_rng(seed)
    x, z = draw.normal(5, 2, n), draw.normal(size=n)
    group = np.array(["A", "B", "C"])[np.arange(n) % 3]
    y = 1 + x * np.where(group == "A", 1, 0.3) + 0.5 * z * x + draw.normal(size=n)
    return {"y": list(y), "x": list(x), "z": list(z), "k": list(group), "g": list(np.where(group == "A", "A", "B"))}


def run(data, method, predictors, **more):
    return run_method(make_dataset(data), make_design(method, "y", predictors, interaction=True, **more))


def fitted(data, *variables):
    design = np.column_stack([np.ones(len(data["y"])), *variables])
    return sm.OLS(np.array(data["y"]), design).fit(cov_type="HC3", use_t=True)


def test_the_difference_of_two_slopes_and_each_slope_are_those_of_statsmodels():
    data = columns()
    own, x = (np.array(data["g"]) == "A").astype(float), np.array(data["x"])
    expected = fitted(data, data["z"], x, own, own * x)
    result = run(data, "ancova_interaction", ("g", "x"), covariates=("z",), levels=("A", "B"))
    assert (result.effect.name, result.effect.label) == ("difference of slopes", "A − B")
    assert result.effect.value == pytest.approx(expected.params[4], rel=1e-9)
    assert (result.effect.low, result.effect.high) == pytest.approx(tuple(expected.conf_int()[4]), rel=1e-9)
    assert (result.statistic, result.p_value) == pytest.approx((expected.tvalues[4], expected.pvalues[4]), rel=1e-8)
    contrast = np.array([0, 0, 1, 0, 1.0])
    assert result.terms[0].estimate == pytest.approx(expected.params[2] + expected.params[4], rel=1e-9)
    assert result.terms[0].statistic == pytest.approx(expected.t_test(contrast).tvalue.item(), rel=1e-8)
    assert result.terms[1].statistic == pytest.approx(expected.tvalues[2], rel=1e-8)


def test_three_slopes_are_compared_by_a_robust_f():
    data = columns()
    b, c, x = (np.array(data["k"]) == "B") * 1.0, (np.array(data["k"]) == "C") * 1.0, np.array(data["x"])
    expected = fitted(data, x, b, c, b * x, c * x)
    result = run(data, "ancova_interaction", ("k", "x"))
    test = expected.f_test(np.eye(6)[4:])
    assert (result.statistic, result.p_value) == pytest.approx((test.fvalue, test.pvalue), rel=1e-7)
    assert [term.name for term in result.terms[:3]] == ["slope, B", "slope, C", "slope, A"]


def test_a_slope_that_changes_with_a_number_is_told_at_three_values_of_it():
    data = columns()
    x, z = np.array(data["x"]), np.array(data["z"])
    expected = fitted(data, x, z, x * z)
    result = run(data, "interaction_regression", ("x", "z"))
    assert result.effect.label == "slope along x per unit of z"
    assert (result.effect.value, result.statistic) == pytest.approx((expected.params[3], expected.tvalues[3]), rel=1e-8)
    slopes = [expected.params[1] + expected.params[3] * (z.mean() + step * z.std(ddof=1)) for step in (-1, 0, 1)]
    assert [term.estimate for term in result.terms[:3]] == pytest.approx(slopes, rel=1e-8)


def test_levels_turned_round_turn_the_sign_and_shifts_of_the_number_change_nothing():
    data = columns()
    one = run(data, "ancova_interaction", ("g", "x"), levels=("A", "B"))
    other = run({**data, "x": [value + 1000 for value in data["x"]]}, "ancova_interaction", ("g", "x"), levels=("B", "A"))
    assert other.effect.value == pytest.approx(-one.effect.value, rel=1e-8)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-7)


def test_equal_slopes_are_told_apart_one_time_in_twenty_whatever_the_spreads():
    found = []
    for seed in range(300):
        draw = np.random.default_rng(seed)
        x = draw.normal(size=50)
        y = x + draw.normal(size=50) * np.where(np.arange(50) < 20, 3, 1)
        data = {"y": list(y), "x": list(x), "g": ["A"] * 20 + ["B"] * 30}
        found.append(run(data, "ancova_interaction", ("g", "x")).p_value <= 0.05)
    assert np.mean(found) == pytest.approx(0.05, abs=0.03)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"y": [1.0] * 60}, "same value in all"),
        ({"x": [1.0] * 60}, "same value in all"),
        ({"x": [3.0 if place % 3 == 0 else float(place) for place in range(60)]}, "does not vary where g is A"),
    ],
)
def test_data_without_a_slope_are_refused(change, match):
    with pytest.raises(NotApplicable, match=match):
        run({**columns(), **change}, "ancova_interaction", ("g", "x"))


def test_two_columns_of_levels_have_no_slope():
    with pytest.raises(NotApplicable, match="no slope can differ"):
        run(columns(), "ancova_interaction", ("g", "k"))


def test_slopes_of_a_group_of_few_rows_keep_all_degrees_of_freedom_and_say_how_often_they_are_wrong():
    """Satterthwaite's, which a level's mean has, would find next to none of the differences: HC3 errors are long enough here."""
    data = columns()
    data["g"] = ["A"] * 5 + ["B"] * 55
    few = run(data, "ancova_interaction", ("g", "x"), levels=("A", "B"))
    assert few.df == (56.0,)
    assert any("smallest group has 5 rows" in caveat and "11 %" in caveat for caveat in few.caveats)
    assert not any("smallest group" in caveat for caveat in run(columns(), "ancova_interaction", ("g", "x")).caveats)
