"""Draws one figure per execution as a PNG whose bytes depend on nothing but what is drawn."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.method import BASELINE, Method, Sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE_INCHES = (6.4, 4.2)
DPI = 150
STYLE: Mapping[str, Any] = {
    "text.parse_math": False,
    "text.usetex": False,
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlepad": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.labelcolor": "#222222",
    "axes.formatter.useoffset": False,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "svg.hashsalt": "kosmos-graph",
}

_drawing = threading.Lock()


LONGEST_LINE = 78
"""Characters of a headline that fit the figure's width."""


def draw_figure(method: Method, sample: Sample, design: Design, result: TestResult) -> bytes:
    """The PNG of a result, drawn by its method. One figure is drawn at a time: matplotlib's settings are the process's."""
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    settings: dict[Any, Any] = {
        key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith(("backend", "webagg"))
    }
    with _drawing, mpl.rc_context(settings | dict(STYLE)):
        canvas = FigureCanvasAgg(figure_of(method, sample, design, result))
        buffer = io.BytesIO()
        # print_figure would draw twice, first for the layout alone
        canvas.print_png(buffer, metadata={"Software": None}, pil_kwargs={"compress_level": 1})  # type: ignore[no-untyped-call]  # matplotlib has no hint here
    return buffer.getvalue()


def figure_of(method: Method, sample: Sample, design: Design, result: TestResult) -> Figure:
    """The figure that the method draws, with n in its headline."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    method.draw(axes, sample, design, result)
    head, n = axes.get_title(loc="left"), rows_text(sample, design, result)
    joint = ", " if len(head.rpartition("\n")[2]) + len(n) + 2 <= LONGEST_LINE else "\n"
    axes.set_title(f"{head}{joint if head else ''}{n}", loc="left")
    return figure


def rows_text(sample: Sample, design: Design, result: TestResult) -> str:
    """How much was analysed: rows, or pairs; with the clusters or units that several rows are of."""
    target = design.target
    if BASELINE in sample.frame:
        return f"n = {result.n_analysed} pairs"
    for name, what in ((target.cluster, "clusters"), (target.pair, "units")):
        several = sample.frame[name].nunique() if name is not None and name in sample.frame else 0
        if 0 < several < result.n_analysed:
            return f"n = {result.n_analysed} in {several} {what}"
    return f"n = {result.n_analysed}"


def caption_of(result: TestResult, design: Design) -> str:
    """What the figure shows, in one line; names stand in it as the data give them."""
    by = f" by {design.target.predictors[0]}" if design.target.predictors else ""
    return f"{design.target.outcome}{by}: {result.title}, {result.n_analysed} of {result.n_read} analysed"
