"""The catalogue of statistical methods: every method that a design may name, by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from kosmos_graph.experiments.catalogue import (
    association,
    contingency,
    equivalence,
    estimate,
    logistic,
    means,
    proportions,
    ranks,
    regression,
    resampling,
    series,
    several_groups,
)
from kosmos_graph.experiments.method import Method


def by_name(methods: Iterable[Method]) -> Mapping[str, Method]:
    """The methods under their names, in their order. Raises ValueError when two share a name or a sensitivity does not exist."""
    named: dict[str, Method] = {}
    for method in methods:
        if method.name in named:
            raise ValueError(f"two methods of the catalogue are called {method.name!r}")
        named[method.name] = method
    for method in named.values():
        unknown = [name for name in method.sensitivity if name not in named]
        if unknown:
            raise ValueError(f"{method.name!r} names sensitivity methods that the catalogue does not have: {unknown}")
    return MappingProxyType(named)


CATALOGUE: Mapping[str, Method] = by_name(
    (
        *means.METHODS,
        *several_groups.METHODS,
        *ranks.METHODS,
        *proportions.METHODS,
        *contingency.METHODS,
        *association.METHODS,
        *regression.METHODS,
        *logistic.METHODS,
        *series.METHODS,
        *equivalence.METHODS,
        *resampling.METHODS,
        *estimate.METHODS,
    )
)
"""Every method, in the order in which a list of them is shown: defaults before alternatives."""


def get_method(name: str) -> Method:
    """The method called `name`. Raises KeyError where the catalogue has none."""
    return CATALOGUE[name]
