"""The entries of the certification, one module for each module of the catalogue.

A module has ENTRIES, the certifications of its methods. A method without an entry fails the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from benchmarks.certification.entry import Entry


def entries() -> Iterator[Entry]:
    """All entries, by the modules' names."""
    for name in sorted(module.name for module in iter_modules(__path__)):
        yield from import_module(f"{__name__}.{name}").ENTRIES
