"""The catalogue of statistical methods: every method that a design may name, by its name.

A module of this package that has METHODS is part of it, and so is what an installed package gives under the entry point group
`kosmos_graph.methods`: a Method, or several.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Container, Iterable, Iterator, Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from pkgutil import iter_modules
from types import MappingProxyType
from typing import get_args

from kosmos_graph.data.nearest import did_you_mean
from kosmos_graph.domain.design import CODE
from kosmos_graph.domain.hypothesis import Task
from kosmos_graph.errors import BadInput
from kosmos_graph.experiments.foreign import guarded
from kosmos_graph.experiments.method import Method

ENTRY_POINTS = "kosmos_graph.methods"
REMEDY = "mend or remove the package that has it"
NAME = r"[a-z][a-z0-9_]*"
TEXTS = ("name", "title", "summary", "estimand", "source", "asked_for", "assumption")
"""The fields of a method that are texts; another package's types may not have been checked."""
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
    """The methods of installed packages, by the entry points' names. Raises BadInput for one that gives no method, or a method that
    cannot be used, such as one whose name is `taken`.
    """
    names = {*taken, CODE}
    for point in sorted(points, key=lambda point: point.name):
        for method in _given(point):
            fault = _fault(method, names)
            if fault is not None:
                raise BadInput(f"{_where(point)} has a method called {method.name!r}, {fault}; {REMEDY}")
            names.add(method.name)
            yield guarded(method, _package(point))


def _given(point: EntryPoint) -> tuple[Method, ...] | list[Method]:
    """What an entry point gives."""
    try:
        given = point.load()
    except Exception as error:  # importing another package runs its code, which may raise anything; the user is told whose it is
        raise BadInput(f"{_where(point)} cannot be loaded: {type(error).__name__}: {error}; {REMEDY}") from error
    found = (given,) if isinstance(given, Method) else given
    if not isinstance(found, (tuple, list)) or not all(isinstance(method, Method) for method in found):
        raise BadInput(f"{_where(point)} is no Method, nor a list of them; {REMEDY}")
    return found


def _package(point: EntryPoint) -> str:
    """The distribution that has the entry point; its module where none is known."""
    return point.value.partition(":")[0] if point.dist is None else point.dist.name


def _where(point: EntryPoint) -> str:
    return f"the entry point {point.name!r} ({point.value}) of the group {ENTRY_POINTS}"


def _fault(method: Method, taken: Container[str]) -> str | None:
    """Why a package's method cannot be used, in words that follow its name; None where it can."""
    odd = [name for name in TEXTS if not isinstance(getattr(method, name), str)]
    if odd or not all(isinstance(names, tuple) for names in (method.tasks, method.sensitivity)):
        return f"whose {odd[0]} is no text" if odd else "whose tasks or sensitivity are no tuple"
    if method.name in taken:
        return "and that name is taken"
    if re.fullmatch(NAME, method.name) is None:
        return "and a name is lower-case letters, digits and underscores"
    if not method.tasks or not set(method.tasks) <= set(get_args(Task)):
        return f"whose tasks are not among {', '.join(get_args(Task))}"
    try:
        re.compile(method.asked_for)
    except re.error as error:
        return f"whose asked_for is no regular expression ({error})"
    return None


def _all_methods() -> Iterator[Method]:
    own = tuple(own_methods())
    yield from own
    yield from methods_of(entry_points(group=ENTRY_POINTS), [method.name for method in own])


class Catalogue(Mapping[str, Method]):
    """The methods by their names, loaded when they are first asked for: a package that brings one may be imported before us."""

    @cached_property
    def _methods(self) -> Mapping[str, Method]:
        return by_name(_all_methods())

    def __getitem__(self, name: str) -> Method:
        return self._methods[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._methods)

    def __len__(self) -> int:
        return len(self._methods)


CATALOGUE: Mapping[str, Method] = Catalogue()
"""Every method, in the order in which a list of them is shown. Its first use raises BadInput where a package's own is broken."""


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


def package_folders() -> tuple[Path, ...]:
    """Where other packages lie whose methods are in the catalogue: a method may import from its own when it is run."""
    tops = dict.fromkeys(method.run.__module__.partition(".")[0] for method in CATALOGUE.values())
    modules = (sys.modules[top] for top in tops if top != __name__.partition(".")[0])
    return tuple(Path(place) for module in modules for place in getattr(module, "__path__", (module.__file__,)) if place)
