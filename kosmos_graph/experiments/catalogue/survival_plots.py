"""Kaplan–Meier curves with their intervals and the rows still at risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.catalogue.plots import INK, OKABE_ITO, headline
from kosmos_graph.experiments.design_matrix import FloatArray
from kosmos_graph.experiments.follow_up import Curve, FollowUp, kaplan_meier_curve, survival_ends
from kosmos_graph.experiments.method import Sample
from kosmos_graph.experiments.plain_text import axis_label, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CURVES = 6
TICKS = 6


def draw_curves(
    axes: Axes, arms: Mapping[str, FollowUp], sample: Sample, design: Design, result: TestResult, at: float | None = None
) -> None:
    """Survival by group with intervals and marks where rows were cut off; `at` is the time that the result is about."""
    shown = dict(list(arms.items())[:MOST_CURVES])
    for place, (label, follow_up) in enumerate(shown.items()):
        draw_curve(axes, label, follow_up, OKABE_ITO[place], result.effect.level)
    if at is not None:
        axes.axvline(at, color="#888888", lw=1, ls="--")
    axes.set_ylim(0, 1.03)
    axes.set_xlim(0, None)
    axes.set_ylabel("share still without the event")
    if len(arms) > 1:
        axes.legend(frameon=False, loc="upper right")
    name_times(axes, shown)
    left_out = f"   ({len(arms) - len(shown)} groups not drawn)" if len(arms) > len(shown) else ""
    axes.set_xlabel(f"{axis_label(sample.card, design.target.outcome)}; below: rows still followed{left_out}")
    headline(axes, result.effect)


def draw_curve(axes: Axes, label: str, follow_up: FollowUp, colour: str, level: float) -> None:
    """One curve as steps, its band, and a tick for each time at which rows were censored."""
    curve = kaplan_meier_curve(follow_up)
    times = np.concatenate([[0.0], curve.times])
    low, high = band(curve, follow_up.n, level)
    axes.step(times, np.concatenate([[1.0], curve.survival]), where="post", color=colour, lw=1.8, label=plain(label, 28))
    axes.fill_between(times, low, high, step="post", color=colour, alpha=0.15, lw=0)
    cut = np.unique(follow_up.times[~follow_up.events])
    axes.plot(cut, [curve.at(float(time))[0] for time in cut], "|", color=colour, ms=6, mew=1)


def band(curve: Curve, n: int, level: float) -> tuple[FloatArray, FloatArray]:
    """Ends of the survival's interval from time 0 on."""
    z = float(stats.norm.isf((1 - level) / 2))
    ends = [survival_ends(float(s), float(v), n, z) for s, v in zip(curve.survival, curve.greenwood, strict=True)]
    found = np.array([(1.0, 1.0), *ends])
    return found[:, 0], found[:, 1]


def name_times(axes: Axes, arms: Mapping[str, FollowUp]) -> None:
    """Tick labels with the time and, group by group below it, the rows still at risk."""
    longest = max(float(follow_up.times.max()) for follow_up in arms.values())
    axes.set_xlim(0, longest * 1.02)
    ticks = [tick for tick in axes.get_xticks() if 0 <= tick <= longest][: 2 * TICKS]
    names = [
        "\n".join([f"{tick:g}", *(str(int(np.count_nonzero(follow_up.times >= tick))) for follow_up in arms.values())])
        for tick in ticks
    ]
    axes.set_xticks(ticks, names)
    rows = "\n".join(["", *(plain(label, 12) for label in arms)])
    axes.annotate(
        rows, (0, 0), xycoords="axes fraction", xytext=(-14, -5), textcoords="offset points", ha="right", va="top", color=INK
    )
