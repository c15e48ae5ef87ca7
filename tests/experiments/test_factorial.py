"""Factorial analysis of variance against scipy and formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from kosmos_graph.experiments.method import NotApplicable
from tests.experiments.factories import make_dataset, make_design, run_method


def columns(seed=0, sizes=(8, 12, 10, 6), spreads=(1, 2, 1, 3), effect=0.0):
    draw = np.random.default_rng(seed)
    cells = [("A", "p"), ("A", "q"), ("B", "p"), ("B", "q")]
    y = [draw.normal(effect * (place == 0), s, n) for place, (n, s) in enumerate(zip(sizes, spreads, strict=True))]
    return {
        "y": list(np.concatenate(y)),
        "g": [cell[0] for cell, n in zip(cells, sizes, strict=True) for _ in range(n)],
        "h": [cell[1] for cell, n in zip(cells, sizes, strict=True) for _ in range(n)],
    }


def run(data, predictors=("g", "h"), **more):
    return run_method(make_dataset(data), make_design("factorial_anova", "y", predictors, **more))


def cells_of(data):
    y, g, h = (np.array(data[name]) for name in "ygh")
    return [y[(g == a) & (h == b)] for a in "AB" for b in "pq"]


@pytest.mark.parametrize(("interaction", "weights"), [(False, (0.5, 0.5, -0.5, -0.5)), (True, (1, -1, -1, 1))])
def test_an_effect_of_two_by_two_groups_is_welchs_contrast_of_the_cell_means(interaction, weights):
    data = columns()
    cells = cells_of(data)
    parts = np.array([w**2 * cell.var(ddof=1) / cell.size for w, cell in zip(weights, cells, strict=True)])
    value, error = sum(w * cell.mean() for w, cell in zip(weights, cells, strict=True)), np.sqrt(parts.sum())
    df = parts.sum() ** 2 / sum(part**2 / (cell.size - 1) for part, cell in zip(parts, cells, strict=True))
    result = run(data, interaction=interaction)
    assert (result.effect.value, result.statistic) == pytest.approx((value, value / error), rel=1e-9)
    assert result.df[0] == pytest.approx(df, rel=1e-9)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(value / error), df), rel=1e-9)
    term = result.terms[2 if interaction else 0]
    assert (term.statistic, term.p_value) == pytest.approx((result.statistic**2, result.p_value), rel=1e-8)


def test_equal_cells_of_equal_spread_have_the_classic_f():
    draw = np.random.default_rng(1)
    raw = draw.normal(size=(3, 2, 5))
    raw = (raw - raw.mean(-1, keepdims=True)) / raw.std(-1, keepdims=True) + np.array([0, 0.5, 0.9])[:, None, None]
    data = {
        "y": list(raw.ravel()),
        "g": [level for level in "ABC" for _ in range(10)],
        "h": [level for _ in "ABC" for level in "pq" for _ in range(5)],
    }
    within = np.sum((raw - raw.mean(-1, keepdims=True)) ** 2) / 24
    between = 10 * np.sum((raw.mean((1, 2)) - raw.mean()) ** 2) / 2
    result = run(data)
    assert result.statistic == pytest.approx(between / within, rel=1e-9)
    assert result.df == pytest.approx((2, 24), rel=1e-9)
    assert result.effect.directed is False


def test_levels_turned_round_turn_the_sign():
    one, other = (run(columns(effect=2.0), levels=levels) for levels in (("A", "B"), ("B", "A")))
    assert (one.effect.label, other.effect.label) == ("A − B", "B − A")
    assert other.effect.value == pytest.approx(-one.effect.value, rel=1e-12)


@pytest.mark.parametrize("interaction", [False, True])
def test_no_effect_is_rejected_one_time_in_twenty_whatever_sizes_and_spreads(interaction):
    found = [run(columns(seed), interaction=interaction).p_value <= 0.05 for seed in range(400)]
    assert np.mean(found) == pytest.approx(0.05, abs=0.03)


def test_a_main_effect_beside_an_interaction_is_said_to_be_an_average():
    data = columns(effect=4.0)
    assert any("depends on h" in caveat for caveat in run(data).caveats)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"y": [1.0] * 36}, "does not vary within"),
        ({"g": ["A"] * 36}, "same value in all"),
        ({"h": ["p"] * 8 + ["q"] * 12 + ["p"] * 16}, "B, q has 0 complete rows"),
    ],
)
def test_data_without_an_answer_are_refused(change, match):
    with pytest.raises(NotApplicable, match=match):
        run({**columns(), **change})
