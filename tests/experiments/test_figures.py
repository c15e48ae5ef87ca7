"""Figures: one for every method, the same bytes each time, hostile names drawn as they are."""

from __future__ import annotations

import struct

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.certification.degenerate import ordinary
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.experiments import figures
from kosmos_graph.experiments.catalogue import get_method, own_methods
from kosmos_graph.experiments.figures import DPI, SIZE_INCHES, draw_figure
from kosmos_graph.experiments.plain_text import axis_label, plain
from tests.experiments.factories import make_dataset, make_design, make_sample, pair_columns, run_method

GENERATOR = np.random.default_rng(4)
COLUMNS = {
    "y": list(GENERATOR.normal(10, 2, 60)),
    "g": ["A"] * 30 + ["B"] * 30,
    "k": ["low"] * 20 + ["mid"] * 20 + ["high"] * 20,
    "grade": list(GENERATOR.choice(["poor", "fair", "good"], 60)),
}
DATA = make_dataset(
    COLUMNS, orders={"k": ["low", "mid", "high"], "grade": ["poor", "fair", "good"]}, statements={"y": {"unit": "g"}}
)
PAIRS = pair_columns(COLUMNS["y"][:30], COLUMNS["y"][30:])
TWO = {"predictors": ("g",), "levels": ("A", "B")}
DESIGNS = {
    "welch_t": (DATA, make_design("welch_t", "y", **TWO)),
    "welch_t one-sided": (DATA, make_design("welch_t", "y", **TWO, alternative="less")),
    "mann_whitney": (DATA, make_design("mann_whitney", "y", **TWO)),
    "mann_whitney of grades": (DATA, make_design("mann_whitney", "grade", **TWO)),
    "permutation_test": (DATA, make_design("permutation_test", "y", **TWO)),
    "bootstrap_interval": (DATA, make_design("bootstrap_interval", "y", **TWO, quantity="quantile")),
    "tost": (DATA, make_design("tost", "y", **TWO, delta=1.0)),
    "welch_anova": (DATA, make_design("welch_anova", "y", ("k",))),
    "linear_contrast": (DATA, make_design("linear_contrast", "y", ("k",))),
    "kruskal_wallis": (DATA, make_design("kruskal_wallis", "grade", ("k",))),
    "one_sample_t": (DATA, make_design("one_sample_t", "y", reference=9.0, delta=1.0)),
    "one_sample_wilcoxon": (DATA, make_design("one_sample_wilcoxon", "y", reference=9.0)),
    "one_sample_tost": (DATA, make_design("one_sample_tost", "y", reference=9.0, delta=1.0)),
    "paired_t": (PAIRS, make_design("paired_t", "after", baseline="before", delta=1.0)),
    "wilcoxon_signed_rank": (PAIRS, make_design("wilcoxon_signed_rank", "after", baseline="before")),
    "sign_test": (PAIRS, make_design("sign_test", "after", baseline="before")),
    "paired_tost": (PAIRS, make_design("paired_tost", "after", baseline="before", delta=1.0)),
    "estimate of a mean": (DATA, make_design("estimate", "y")),
    "estimate of a quantile": (DATA, make_design("estimate", "y", quantity="quantile", quantile=0.9)),
    "estimate of a proportion": (DATA, make_design("estimate", "grade", success="fair")),
    "estimate by group": (DATA, make_design("estimate", "y", ("k",))),
}


def figure_of(data, design):
    return draw_figure(get_method(design.method), make_sample(data, design), design, run_method(data, design))


def texts_of(data, design):
    figure = Figure(layout="constrained")
    axes = figure.add_subplot()
    get_method(design.method).draw(axes, make_sample(data, design), design, run_method(data, design))
    FigureCanvasAgg(figure).draw()
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text"))]


@pytest.mark.parametrize("name", DESIGNS)
def test_every_method_draws_a_figure_of_the_stated_size(name):
    content = figure_of(*DESIGNS[name])
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == tuple(round(inches * DPI) for inches in SIZE_INCHES)


def test_a_figure_has_the_same_bytes_each_time_and_no_date_or_version():
    one, again = (figure_of(*DESIGNS["welch_t"]) for _ in range(2))
    assert one == again
    assert b"matplotlib" not in one.lower()
    assert b"tIME" not in one


def test_a_users_own_matplotlib_settings_do_not_change_the_figure():
    expected = figure_of(*DESIGNS["welch_t"])
    with mpl.rc_context({"font.size": 30.0, "axes.facecolor": "black", "text.parse_math": True}):
        assert figure_of(*DESIGNS["welch_t"]) == expected
        assert mpl.rcParams["font.size"] == 30.0


def test_axes_carry_the_unit_the_group_sizes_and_the_interval():
    texts = texts_of(*DESIGNS["welch_t"])
    assert "y (g)" in texts
    assert "A\nn = 30" in texts
    assert any(text.startswith("difference of means: A − B\n") and "95 % interval" in text for text in texts)


UNITS = {"y": "furlongs", "before": "furlongs", "g": "pecks", "h": "pecks", "c": "pecks", "t": "fortnights"}


def texts_shown(method, data, design):
    with mpl.rc_context(dict(figures.STYLE)):
        figure = figures.figure_of(method, make_sample(data, design), design, run_method(data, design))
        FigureCanvasAgg(figure).draw()
    return [text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")) if text.get_visible()]


@pytest.mark.parametrize("method", own_methods(), ids=lambda method: method.name)
def test_every_methods_figure_says_n_its_interval_and_the_units_that_are_declared(method):
    situation = ordinary(method)
    columns, asked = situation.columns, dict(situation.asked)
    counted = {"y": Kind.COUNT} if situation.numeric and Kind.CONTINUOUS not in method.needs.outcome else {}
    numeric = [name for name, cells in columns.items() if not isinstance(cells[0], str)]
    data = make_dataset(
        columns,
        kinds={"unit": Kind.IDENTIFIER, **counted},
        orders={name: sorted(set(columns[name])) for name in situation.ordered - set(numeric)},
        statements={name: {"unit": UNITS[name]} for name in numeric if name in UNITS},
    )
    design = make_design(method.name, asked.pop("outcome"), asked.pop("predictors", ()), **asked)
    text = "\n".join(texts_shown(method, data, design))
    hanging = next((f" in 24 {what}" for name, what in (("k", "clusters"), ("unit", "units")) if name in columns), "")
    n = f"n = 72{' pairs' if method.needs.sampling == 'paired' else hanging}"
    outcome_or_predictor = UNITS["y"] if "y" in numeric else UNITS["g"] if "g" in numeric else ""
    assert [part for part in (n, "% interval", outcome_or_predictor) if part not in text] == []


CLUSTERED = make_dataset({"y": list(GENERATOR.normal(size=60)), "g": [*"AB"] * 30, "k": [f"k{row % 12}" for row in range(60)]})


def whiskers(figure):
    """Vertical extents of the intervals in the first axes."""
    lines = [line for container in figure.axes[0].containers for collection in container[2] for line in collection.get_segments()]
    return [float(abs(line[1][1] - line[0][1])) for line in lines]


def test_levels_of_rows_that_hang_together_are_drawn_without_the_intervals_of_independent_rows():
    asked = {"predictors": ("g",), "levels": ("A", "B")}
    drawn = {}
    for method, more in (("cluster_robust_regression", {"cluster": "k"}), ("linear_regression", {})):
        design = make_design(method, "y", **asked, **more)
        drawn[method] = figures.figure_of(get_method(method), make_sample(CLUSTERED, design), design, run_method(CLUSTERED, design))
    assert whiskers(drawn["cluster_robust_regression"]) == [0.0, 0.0]
    assert min(whiskers(drawn["linear_regression"])) > 0.1
    ticks = [label.get_text() for label in drawn["cluster_robust_regression"].axes[0].get_xticklabels()]
    assert ticks == ["B\nn = 30 in 6 clusters", "A\nn = 30 in 6 clusters"]


@pytest.mark.parametrize("method", ["spearman", "kendall"])
def test_ordered_levels_stand_on_the_axes_of_a_rank_correlation_by_their_names(method):
    over_a_number = texts_of(DATA, make_design(method, "grade", ("y",)))
    of_two = texts_of(DATA, make_design(method, "grade", ("k",)))
    assert {"poor", "fair", "good"} <= set(over_a_number) and "0.5" not in over_a_number
    assert {"poor", "fair", "good", "low", "mid", "high"} <= set(of_two)
    counts = [int(text) for text in of_two if text.isdigit()]
    assert sum(counts) == 60


def test_n_stands_on_a_line_of_its_own_where_the_headline_is_full():
    columns = {"y": [value * 1e-7 / 3 for value in COLUMNS["y"]], "g": COLUMNS["g"], "k": [f"k{row % 12}" for row in range(60)]}
    data = make_dataset(columns, statements={"y": {"unit": "furlongs / month"}})
    design = make_design("cluster_robust_regression", "y", **TWO, cluster="k")
    shown = texts_shown(get_method(design.method), data, design)
    (head,) = (text for text in shown if text.startswith("difference of means"))
    assert head.endswith("% interval\nn = 60 in 12 clusters")


HOSTILE = [
    "$\\frac{1}{0}$",
    "a\nb\tc",
    "x" * 500,
    "\u202eevil",
    "_leading",
    "\x07bell",
    "   ",
    "日本語",
    "<script>alert(1)</script>",
    "{0!r}%s",
]


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_drawn_and_not_interpreted(name):
    columns = {name: COLUMNS["y"], "g": [f"{name}1"] * 30 + [f"{name}2"] * 30}
    data = make_dataset(columns, statements={name: {"unit": name}})
    assert figure_of(data, make_design("welch_t", name, ("g",))).startswith(b"\x89PNG")
    assert figure_of(data, make_design("estimate", name, ("g",))).startswith(b"\x89PNG")


def test_plain_text_is_one_short_line_without_control_characters():
    assert [plain(name) for name in ("a\nb\tc", "\u202eevil", "\x07bell", "   ", "$x_1$")] == [
        "a b c",
        "evil",
        "bell",
        "(unnamed)",
        "$x_1$",
    ]
    assert plain("x" * 500) == "x" * 39 + "…"


def test_an_axis_is_called_by_the_label_of_the_dictionary():
    data = make_dataset({"m": [1.0]}, statements={"m": {"label": "body mass", "unit": "g"}})
    assert axis_label(data.card, "m") == "body mass (g)"
    assert axis_label(data.card, "unknown") == "unknown"


@pytest.mark.parametrize("values", [[5.0, 5.0, 5.0, 5.0], [1e-300, 2e-300, 3e-300, 4e-300], [1e15, 1e15 + 1, 1e15 + 2, 1e15 + 4]])
def test_values_that_hardly_vary_can_be_drawn(values):
    assert figure_of(make_dataset({"y": values}), make_design("estimate", "y")).startswith(b"\x89PNG")


def test_large_groups_are_thinned_evenly_with_their_extremes():
    from kosmos_graph.experiments.catalogue.group_plots import MOST_POINTS, thinned

    shown = thinned(np.arange(100_000.0))
    assert (shown.size, shown[0], shown[-1]) == (MOST_POINTS, 0.0, 99_999.0)
