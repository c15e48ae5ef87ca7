"""Figures of counts, ordered outcomes, quantiles, robust lines and durations, drawn with hostile names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kosmos_graph.domain.data_card import Kind
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.figures import draw_figure
from tests.experiments.factories import make_dataset, make_design, make_sample, run_method

RANDOM = np.random.default_rng(6)
Y, X, G, HAPPENED = "$\\frac{1}{0}$", "__import__('os')", "a\nb", "\u202ehappened"
LEVELS = ("{0!r}%s", "x" * 200, "_third")
COLUMNS: dict[str, Any] = {
    Y: RANDOM.poisson(4, 90) + 1.0,
    X: RANDOM.normal(size=90),
    G: list(RANDOM.choice(LEVELS, 90)),
    "two": list(RANDOM.choice(LEVELS[:2], 90)),
    "grade": list(RANDOM.choice(LEVELS, 90)),
    HAPPENED: list(RANDOM.choice(["yes", "no"], 90)),
}
FOLLOWED = {"event": HAPPENED, "event_level": "yes"}
DESIGNS = [
    (method, outcome, predictors, more)
    for method, outcome, more in (
        ("poisson_regression", Y, {}),
        ("negative_binomial_regression", Y, {}),
        ("ordinal_logistic", "grade", {}),
        ("quantile_regression", Y, {}),
        ("robust_regression", Y, {}),
        ("cox_regression", Y, FOLLOWED),
    )
    for predictors in ((X,), ("two",), (G,), ("two", X))
] + [
    (method, Y, predictors, FOLLOWED)
    for method, predictors in (("log_rank", ("two",)), ("log_rank", (G,)), ("kaplan_meier", ()), ("kaplan_meier", ("two",)))
]


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize(("method", "outcome", "predictors", "more"), DESIGNS)
def test_names_are_drawn_and_not_interpreted(method: str, outcome: str, predictors: tuple[str, ...], more: dict[str, Any]) -> None:
    data = make_dataset(COLUMNS, kinds={Y: Kind.COUNT}, orders={"grade": LEVELS})
    design = make_design(method, outcome, predictors, **more)
    content = draw_figure(get_method(method), make_sample(data, design), design, run_method(data, design))
    assert content.startswith(b"\x89PNG")
