"""Records which tests of scipy and statsmodels the code calls by their public names.

A lower bound: code can compute a p-value by itself, import from private modules, or undo this. A test that another test
calls is not counted: only the outermost call is.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

MOST_CALLS = 1000
_MOST_P_VALUES = 50

_OF_FUNCTIONS = (
    "scipy.stats",
    "scipy.stats.mstats",
    "statsmodels.stats.api",
    "statsmodels.stats.anova",
    "statsmodels.stats.contingency_tables",
    "statsmodels.stats.contrast",
    "statsmodels.stats.descriptivestats",
    "statsmodels.stats.diagnostic",
    "statsmodels.stats.multicomp",
    "statsmodels.stats.multitest",
    "statsmodels.stats.nonparametric",
    "statsmodels.stats.oneway",
    "statsmodels.stats.outliers_influence",
    "statsmodels.stats.proportion",
    "statsmodels.stats.rates",
    "statsmodels.stats.stattools",
    "statsmodels.stats.weightstats",
    "statsmodels.tsa.stattools",
    "statsmodels.tsa.api",
)
_OF_MODELS = ("statsmodels.api", "statsmodels.tsa.api", "statsmodels.formula.api", "statsmodels.discrete.conditional_models")
_MARK = "__recorded_in_jail__"
_NAMES_OF_P = ("pvalue", "pvalues", "p_value", "pval")

Calls = list[dict[str, Any]]


class Recorder:
    """The calls of one job, in order."""

    def __init__(self) -> None:
        self.calls: Calls = []
        self._depth = 0

    def recorded(self, function: Callable[..., Any], name: str | None) -> Callable[..., Any]:
        """`function`, noting what it returns when it looks like a test; without a `name`, a method of some model."""

        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            self._depth += 1
            try:
                result = function(*arguments, **named)
            finally:
                self._depth -= 1
            if self._depth == 0 and len(self.calls) < MOST_CALLS:
                self._note(name or _method(function, arguments), result)
            return result

        return call

    def _note(self, name: str, result: Any) -> None:
        self._depth += 1  # what a lazy result computes now is not the code's own call
        try:
            p_values = _p_values(name, result)
            if p_values is not None:
                self.calls.append({"function": name, "p_values": p_values, "statistic": _statistic(result)})
        finally:
            self._depth -= 1


RECORDER = Recorder()
"""The one of this process: the zygote puts it in place once, and each job's process has its own copy."""


def instrument(recorder: Recorder) -> None:
    """Put recording functions in the place of the public ones, in the modules that are there."""
    for module in filter(None, map(_module, _OF_FUNCTIONS)):
        for name, function in list(vars(module).items()):
            if inspect.isfunction(function) and not name.startswith("_") and not hasattr(function, _MARK):
                _replace(module, name, recorder.recorded(function, f"{module.__name__}.{name}"))
    for module in filter(None, map(_module, _OF_MODELS)):
        for model in list(vars(module).values()):
            if inspect.isclass(model) and model.__module__.startswith("statsmodels."):
                _instrument_fits(model, recorder)


def _instrument_fits(model: type, recorder: Recorder) -> None:
    """Also where a fit is inherited: in the class that defines it."""
    for owner in model.__mro__:
        for method in ("fit", "fit_regularized", "fit_constrained"):
            function = vars(owner).get(method)
            if inspect.isfunction(function) and owner.__module__.startswith("statsmodels.") and not hasattr(function, _MARK):
                _replace(owner, method, recorder.recorded(function, None))


def _replace(owner: Any, name: str, wrapper: Callable[..., Any]) -> None:
    setattr(wrapper, _MARK, True)
    setattr(owner, name, wrapper)


def _method(function: Callable[..., Any], arguments: tuple[Any, ...]) -> str:
    model = type(arguments[0]) if arguments else object
    return f"{model.__module__}.{model.__qualname__}.{function.__name__}"


def _module(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _p_values(name: str, result: Any) -> list[float] | None:
    """The p-values in what a public function returned; None where it is no test's result."""
    for attribute in _NAMES_OF_P:
        try:
            value = getattr(result, attribute, None)
        except Exception:  # noqa: BLE001 - a result that cannot compute its p-values has none
            return []
        if value is not None and not callable(value):
            return _finite(value)
    if name.startswith("statsmodels.") and isinstance(result, tuple) and len(result) >= 2:
        return _p_values_of_tuple(result)
    return None


def _p_values_of_tuple(result: tuple[Any, ...]) -> list[float] | None:
    """(statistic, p-value, …), the older convention of statsmodels' tests."""
    first, second = result[0], result[1]
    if _scalar(first) is None or (p := _scalar(second)) is None or not 0 <= p <= 1:
        return None
    return [p]


def _statistic(result: Any) -> float | None:
    for attribute in ("statistic", "fvalue"):
        try:
            value = _scalar(getattr(result, attribute, None))
        except Exception:  # noqa: BLE001 - a result that cannot compute its statistic has none
            return None
        if value is not None:
            return value
    return _scalar(result[0]) if isinstance(result, tuple) and result else None


def _finite(value: Any) -> list[float]:
    values = getattr(value, "ravel", None)
    flat = values() if callable(values) else getattr(value, "values", value)
    try:
        return [number for item in list(flat)[:_MOST_P_VALUES] if (number := _scalar(item)) is not None]
    except TypeError:
        number = _scalar(value)
        return [] if number is None else [number]


def _scalar(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
