"""The catalogue of statistical methods: every method that a design may name, by its name.

A module of this package that has METHODS is part of it, and so is what an installed package gives under the entry point group
`kosmos_graph.methods`: a Method, or several.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pkgutil import iter_modules
from types import MappingProxyType

from kosmos_graph.data.nearest import did_you_mean
from kosmos_graph.domain.design import CODE
from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.method import Method

ENTRY_POINTS = "kosmos_graph.methods"
FAMILIES = (
    "means",
    "several_groups",
    "ranks",
    "proportions",
    "contingency",
    "association",
    "regression",
    "logistic",
    "series",
    "equivalence",
    "resampling",
    "estimate",
)
"""The modules whose methods come first, in the order in which a list of them is shown: defaults before alternatives."""


def by_name(methods: Iterable[Method]) -> Mapping[str, Method]:
    """The methods under their names, in their order. Raises BadInput when two share a name or a sensitivity does not exist."""
    named: dict[str, Method] = {}
    for method in methods:
        if method.name in named:
            raise BadInput(f"two methods of the catalogue are called {method.name!r}")
        named[method.name] = method
    for method in named.values():
        unknown = [name for name in method.sensitivity if name not in named]
        if unknown:
            raise BadInput(f"{method.name!r} names sensitivity methods that the catalogue does not have: {unknown}")
    return MappingProxyType(named)


def own_methods() -> Iterator[Method]:
    """The methods of this package's modules: those of FAMILIES in their order, then the others' by the module's name."""
    names = {module.name for module in iter_modules(__path__)}
    for name in (*FAMILIES, *sorted(names.difference(FAMILIES))):
        yield from getattr(import_module(f"{__name__}.{name}"), "METHODS", ())


def methods_of(points: Iterable[EntryPoint], taken: Iterable[str] = ()) -> Iterator[Method]:
    """The methods of installed packages, by the entry points' names. Raises BadInput for one that gives no method, a method whose
    name is taken, or one by which no question could ask.
    """
    names = {*taken, CODE}
    for point in sorted(points, key=lambda point: point.name):
        where = f"the entry point {point.name!r} ({point.value}) of the group {ENTRY_POINTS}"
        remedy = "mend or remove the package that has it"
        try:
            given = point.load()
        except Exception as error:
            raise BadInput(f"{where} cannot be loaded: {type(error).__name__}: {error}; {remedy}") from error
        found = (given,) if isinstance(given, Method) else given
        if not isinstance(found, (tuple, list)) or not all(isinstance(method, Method) for method in found):
            raise BadInput(f"{where} is no Method, nor a list of them; {remedy}")
        for method in found:
            if method.name in names:
                raise BadInput(f"{where} has a method called {method.name!r}, and that name is taken; {remedy}")
            if not _is_pattern(method.asked_for):
                raise BadInput(f"{where}: asked_for of {method.name!r} is no regular expression; {remedy}")
            names.add(method.name)
            yield method


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True


def _all_methods() -> Iterator[Method]:
    own = tuple(own_methods())
    yield from own
    yield from methods_of(entry_points(group=ENTRY_POINTS), [method.name for method in own])


CATALOGUE: Mapping[str, Method] = by_name(_all_methods())
"""Every method, in the order in which a list of them is shown."""


def get_method(name: str) -> Method:
    """The method called `name`. Raises KeyError where the catalogue has none."""
    return CATALOGUE[name]


def named(name: str) -> Method:
    """The method called `name`. Raises BadInput, with the nearest names, where the catalogue has none."""
    found = CATALOGUE.get(name)
    if found is None:
        near = did_you_mean(name, CATALOGUE)
        raise BadInput(f"there is no method called {name!r}{near}{'' if near else ';'} `kosmos-graph methods` lists them")
    return found
