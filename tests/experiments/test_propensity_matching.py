"""Rows of one group matched with the most similar rows of another."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.catalogue.propensity_matching import local_variance, match
from kosmos_graph.experiments.figures import draw_figure
from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method
from tests.experiments.test_inverse_probability_weighting import confounded


def found_in(columns: dict[str, list], covariates=("age", "site"), **options) -> TestResult:
    design = make_design("propensity_matching", "y", ("g",), **({"levels": ("drug", "none")} | options), covariates=covariates)
    return run_method(make_dataset(columns), design)


def by_hand(columns: dict[str, list]) -> tuple[float, float, int]:
    """Estimate, error and matched rows, a row at a time (Abadie and Imbens 2006)."""
    y, d = np.array(columns["y"]), np.array(columns["g"]) == "drug"
    x = np.column_stack([np.ones(len(y)), np.array(columns["age"]) / 10, np.array(columns["site"]) == "north"])
    logits = x @ sm.Logit(d.astype(float), x).fit(disp=0, tol=1e-14, method="newton").params
    caliper, controls = 0.2 * logits.std(ddof=1), np.flatnonzero(~d)
    uses, differences = np.zeros(len(y)), []
    for row in np.flatnonzero(d):
        nearest = controls[np.argmin(np.abs(logits[controls] - logits[row]))]
        if abs(logits[nearest] - logits[row]) <= caliper:
            uses[nearest] += 1
            differences.append(y[row] - y[nearest])
    tau, n, extra = np.mean(differences), len(differences), 0.0
    for row in controls:
        others = controls[controls != row]
        two = others[np.argsort(np.abs(logits[others] - logits[row]))[:2]]
        extra += uses[row] * (uses[row] - 1) * 2 / 3 * (y[row] - y[two].mean()) ** 2
    return tau, np.sqrt(np.sum((np.array(differences) - tau) ** 2) + extra) / n, n


def test_estimate_and_error_are_those_of_matching_row_by_row():
    columns = confounded()
    found, (tau, error, n) = found_in(columns), by_hand(columns)
    assert found.effect.value == pytest.approx(tau, rel=1e-10)
    assert found.effect.value / (found.statistic or 1) == pytest.approx(error, rel=1e-9)
    assert found.df == (n - 1.0,)


def test_equally_near_rows_share_the_place():
    pairs = match(np.array([0.0, 1.0, 9.0]), np.array([-0.5, 0.5, 0.5, 1.0]), np.array([1.0, 2.0, 6.0, 10.0]), 0.6)
    assert pairs.kept.tolist() == [True, True, False]
    assert pairs.opposite[:2].tolist() == [3.0, 10.0]
    assert pairs.uses.tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])
    assert pairs.squares.tolist() == pytest.approx([1 / 9, 1 / 9, 1 / 9, 1.0])


def test_the_local_variance_uses_the_two_nearest_and_all_as_near():
    values = np.array([1.0, 2.0, 4.0, 8.0, 0.0])
    found = local_variance(np.array([0.0, 1.0, 1.0, 1.0, 5.0]), values)
    assert found[1] == pytest.approx(2 / 3 * (2 - 6) ** 2)
    assert found[0] == pytest.approx(3 / 4 * (1 - 14 / 3) ** 2)


def test_matching_takes_confounding_away():
    found = found_in(confounded(3000, effect=1.0))
    named = {term.name: term.estimate for term in found.terms}
    assert named["difference of means without matching"] > 1.4
    assert found.effect.value == pytest.approx(1.0, abs=0.2)
    assert abs(named["standardised difference of age, after matching"]) < 0.1


def test_covariates_of_few_values_match_within_their_cells():
    """With one yes/no covariate the estimate is the mean of the cells' differences, weighted by the treated."""
    columns = confounded(400)
    y, d, north = np.array(columns["y"]), np.array(columns["g"]) == "drug", np.array(columns["site"]) == "north"
    cells = [
        (y[d & (north == side)].mean() - y[~d & (north == side)].mean(), (d & (north == side)).sum()) for side in (True, False)
    ]
    known = sum(value * n for value, n in cells) / d.sum()
    assert found_in(columns, covariates=("site",)).effect.value == pytest.approx(known, rel=1e-10)


def test_row_order_does_not_matter():
    columns = confounded()
    order = np.random.default_rng(0).permutation(200)
    moved = found_in({name: [cells[place] for place in order] for name, cells in columns.items()})
    assert moved.effect.value == pytest.approx(found_in(columns).effect.value, rel=1e-9)
    assert moved.p_value == pytest.approx(found_in(columns).p_value, rel=1e-7)


def test_rows_without_a_match_are_counted_and_told():
    found = found_in(confounded(150, seed=3, strength=2.5))
    measures = {measure.name: measure.value for measure in found.measures}
    assert measures["rows of drug without a match"] > 0
    assert measures["rows of drug with a match"] + measures["rows of drug without a match"] == found.groups[0].n
    assert any("have no match" in caveat for caveat in found.caveats)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"y": [2.0] * 200}, "same value"),
        ({"g": ["drug"] * 5 + ["none"] * 195}, "smaller group has 5"),
        ({"age": list(np.arange(200.0)), "g": ["none"] * 100 + ["drug"] * 100}, "no overlap"),
    ],
)
def test_samples_without_an_answer_are_refused(change, reason):
    with pytest.raises(NotApplicable, match=reason):
        found_in(confounded() | change)


def test_the_interval_covers_about_as_often_as_it_says():
    found = [found_in(confounded(150, seed, strength=0.5)).effect for seed in range(100)]
    assert np.mean([(one.low or 0) <= 1.0 <= (one.high or 0) for one in found]) == pytest.approx(0.95, abs=0.05)


def test_a_figure_shows_the_balance():
    data = make_dataset(confounded())
    design = make_design("propensity_matching", "y", ("g",), levels=("drug", "none"), covariates=("age", "site"))
    png = draw_figure(get_method(design.method), make_sample(data, design), design, run_method(data, design))
    assert png.startswith(b"\x89PNG")
