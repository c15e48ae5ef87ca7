"""A method of another package, guarded: whatever its functions raise or give ends its own study and nothing else."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from kosmos_graph.domain.design import Design
from kosmos_graph.domain.results import TestResult
from kosmos_graph.experiments.method import Case, Context, Draw, Method, NotApplicable, Prefer, Run, Sample

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Given = TypeVar("Given")
MOST_SAID = 400
"""Characters of another package's message that are repeated."""
ROUNDING = 1e-9


def guarded(method: Method, package: str) -> Method:
    """The method with its functions guarded; what they fail of is a sentence that names it and its `package`."""
    who = f"{method.title} ({method.name} of the package {package})"
    prefer = None if method.prefer is None else _prefer(method.prefer, who)
    return replace(method, run=_run(method.run, method.name, who), draw=_draw(method.draw, who), prefer=prefer)


def _run(run: Run, name: str, who: str) -> Run:
    @wraps(run)
    def guarded_run(sample: Sample, design: Design, context: Context) -> TestResult:
        result = _called(lambda: run(sample, design, context), who)
        if not isinstance(result, TestResult):
            raise NotApplicable(f"{who} gave no TestResult, but {'nothing' if result is None else type(result).__name__}.")
        try:
            checked = TestResult.model_validate({**result.model_dump(warnings=False), "method": name})
        except ValidationError as error:
            raise NotApplicable(f"{who} gave a result that is none: {_refused(error)}.") from error
        for fault in _faults(checked):
            raise NotApplicable(f"{who} gave a result that cannot be: {fault}.")
        return checked

    return guarded_run


def _draw(draw: Draw, who: str) -> Draw:
    """Laid out as well as drawn, since matplotlib asks what it was given only then."""

    @wraps(draw)
    def guarded_draw(axes: Axes, sample: Sample, design: Design, result: TestResult) -> None:
        def drawn() -> None:
            draw(axes, sample, design, result)
            figure = axes.get_figure(root=True)
            if figure is not None:
                figure.draw_without_rendering()

        _called(drawn, who)

    return guarded_draw


def _prefer(prefer: Prefer, who: str) -> Prefer:
    """A choice that fails is none; a warning says so."""

    @wraps(prefer)
    def guarded_prefer(case: Case) -> str | None:
        try:
            reason = _called(lambda: prefer(case), who)
        except NotApplicable as failed:
            warnings.warn(f"{failed} So it is not taken for the usual choice.", RuntimeWarning, stacklevel=2)
            return None
        return reason if isinstance(reason, str) and reason else None

    return guarded_prefer


def _called(function: Callable[[], Given], who: str) -> Given:
    try:
        return function()
    except NotApplicable:
        raise
    except ValidationError as error:
        raise NotApplicable(f"{who} failed: {_refused(error)}.") from error
    except BaseException as error:  # another package's code may raise anything; it fails its own study and no other
        message = _cut(" ".join(str(error).split()).rstrip("."))
        raise NotApplicable(f"{who} failed: {type(error).__name__}{f': {message}' if message else ''}.") from error


def _refused(error: ValidationError) -> str:
    """What a value was refused for: its fields, each with the reason."""
    return _cut("; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()))


def _cut(message: str) -> str:
    return message if len(message) <= MOST_SAID else f"{message[:MOST_SAID]}…"


def _faults(result: TestResult) -> Iterator[str]:
    """What a number of the result cannot be."""
    equivalence = () if result.equivalence is None else (result.equivalence.p_value,)
    for p in (result.p_value, *equivalence, *(term.p_value for term in result.terms)):
        if p is not None and not 0 <= p <= 1:
            yield f"p = {p:g} lies outside [0, 1]"
    effects = (result.effect, *result.other_effects, *(() if result.standardised is None else (result.standardised,)))
    for effect in effects:
        if not 0 < effect.level < 1:
            yield f"the level of the interval of {_cut(effect.label)} is {effect.level:g}, not between 0 and 1"
        yield from _interval_faults(effect.label, effect.value, effect.low, effect.high)
    for term in result.terms:
        yield from _interval_faults(term.name, term.estimate, term.low, term.high)
    counts = (group.n for group in result.groups), (exclusion.n for exclusion in result.exclusions)
    for n in (result.n_read, result.n_analysed, *chain(*counts)):
        if n < 0:
            yield f"a number of rows is {n}"
    if result.n_analysed > result.n_read:
        yield f"{result.n_analysed} rows were analysed, and {result.n_read} read"
    for group in result.groups:
        if group.n_success is not None and not 0 <= group.n_success <= group.n:
            yield f"{group.n_success} of the {group.n} rows of {_cut(group.label)} have the success level"


def _interval_faults(name: str, value: float, low: float | None, high: float | None) -> Iterator[str]:
    """What an interval cannot be; beyond its ends the value may lie by rounding."""
    slack = ROUNDING * max(abs(end) for end in (value, low or 0.0, high or 0.0))
    if low is not None and high is not None and low > high:
        yield f"the interval of {_cut(name)} runs from {low:g} to {high:g}"
    elif (low is not None and value < low - slack) or (high is not None and value > high + slack):
        ends = "−∞" if low is None else f"{low:g}", "∞" if high is None else f"{high:g}"
        yield f"{_cut(name)} is {value:g}, outside its interval from {ends[0]} to {ends[1]}"
