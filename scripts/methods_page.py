"""Write docs/methods.md from what the methods of the catalogue declare about themselves."""

from __future__ import annotations

from pathlib import Path

from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.method import Method
from kosmos_graph.render.methods import TITLES, by_task, needs

PAGE = Path(__file__).parent.parent / "docs" / "methods.md"

HEAD = """\
# The methods

Every design names one of these methods as its primary one, before any outcome is looked at. It is never switched by a test on the
data. The methods listed as *beside it* run on the same rows; they cannot change a verdict, and a disagreement is a caveat in the
answer. Columns are numeric (continuous or count), yes/no (two levels), ordinal or nominal; the last three are categorical. A method
that does not fit the data is not offered, and a design that names it is rejected with the reason.

This page is written by `python scripts/methods_page.py` from what the methods declare; do not edit it by hand.
"""


def page() -> str:
    """The whole page."""
    sections = (f"\n## {TITLES[task]}\n\n" + "\n".join(map(entry, methods)) for task, methods in by_task().items())
    return HEAD + "".join(sections)


def entry(method: Method) -> str:
    """One method, as an item of a list."""
    parts = [f"Estimates: {method.estimand}.", f"Needs: {', '.join(needs(method.needs))}."]
    if method.sensitivity:
        parts.append(f"Beside it: {', '.join(get_method(name).title for name in method.sensitivity)}.")
    parts.append(f"Source: {method.source}.")
    return f"- **{method.title}** (`{method.name}`). {method.summary}\n  {' '.join(parts)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
