"""What the catalogue's figures share: colours, numbers, the headline with the effect, and the panel that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kosmos_graph.domain.results import Effect
from kosmos_graph.experiments.plain_text import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, VERMILLION, GREEN, ORANGE, SKY, PURPLE, YELLOW = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9", "#CC79A7", "#F0E442"
OKABE_ITO = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILLION)
"""Colours of groups, told apart with any kind of colour vision (Okabe and Ito 2008)."""
INK = "#222222"


def number(value: float) -> str:
    """A number for a figure: four significant digits."""
    return f"{value:.4g}".replace("-", "−")


def interval_text(effect: Effect) -> str:
    """The effect's value with its interval and level."""
    value = f"{number(effect.value)} {plain(effect.unit, 16)}" if effect.unit else number(effect.value)
    if effect.low is None and effect.high is None:
        return value
    low = "−∞" if effect.low is None else number(effect.low)
    high = "∞" if effect.high is None else number(effect.high)
    return f"{value}  [{low}, {high}], {100 * effect.level:g} % interval"


def headline(axes: Axes, effect: Effect) -> None:
    """Write what the effect is, and its value with the interval, above the axes."""
    named = effect.label if effect.label.startswith(effect.name) else f"{effect.name}: {effect.label}"
    axes.set_title(f"{plain(named, 72)}\n{interval_text(effect)}", color=INK)


def draw_effect_panel(axes: Axes, effect: Effect, anchor: float | None, delta: float | None = None) -> None:
    """The effect with its interval in a panel at the right (Gardner and Altman 1986, BMJ 292:746).

    With `anchor`, the value at which the effect is null, the panel shares the outcome's scale; without, it has its own. `delta`
    is drawn as a band around the null.
    """
    panel = _beside(axes)
    if delta is not None:
        panel.axhspan(effect.null - delta, effect.null + delta, color=YELLOW, alpha=0.4, lw=0)
    panel.axhline(effect.null, color="#888888", lw=1, ls="--")
    draw_interval(panel, effect)
    if anchor is not None:
        bottom, top = axes.get_ylim()
        panel.set_ylim(bottom - anchor + effect.null, top - anchor + effect.null)
    panel.set_xlim(-1, 1)
    panel.set_xticks([0], [effect_tick(effect)])
    panel.spines[["left", "top"]].set_visible(False)
    panel.spines["right"].set_visible(True)
    panel.yaxis.tick_right()


def _beside(axes: Axes) -> Axes:
    """A narrow panel at the right of the axes, which give it their place."""
    place, figure = axes.get_subplotspec(), axes.get_figure(root=True)
    if place is None or figure is None:
        return axes.inset_axes((1.03, 0.0, 0.27, 1.0))
    grid = place.subgridspec(1, 2, width_ratios=(3.4, 1), wspace=0.02)
    axes.set_subplotspec(grid[0, 0])
    return figure.add_subplot(grid[0, 1])


def effect_tick(effect: Effect) -> str:
    """The effect's label on two short lines, broken at the minus sign."""
    for sign in ("−", "+"):
        first, found, second = effect.label.partition(f" {sign} ")
        if found:
            return f"{plain(first, 14)}\n{sign} {plain(second, 14)}"
    return f"{plain(effect.label, 16)}\n"


def draw_interval(panel: Axes, effect: Effect) -> None:
    """Point and interval; an end that is open becomes an arrow to the panel's edge."""
    low = effect.value if effect.low is None else effect.low
    high = effect.value if effect.high is None else effect.high
    whiskers = [[max(0.0, effect.value - low)], [max(0.0, high - effect.value)]]
    panel.errorbar(0, effect.value, yerr=whiskers, fmt="o", ms=6, color=VERMILLION, capsize=5, lw=2)
    if (effect.low is None) != (effect.high is None):
        edge = 0 if effect.low is None else 1
        arrow = {"arrowstyle": "<-", "color": VERMILLION, "lw": 2}
        panel.annotate(
            "", xy=(0, effect.value), xytext=(0, edge), xycoords="data", textcoords=("data", "axes fraction"), arrowprops=arrow
        )
