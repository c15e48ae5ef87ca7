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

Each title leads to a worked example. `kosmos-graph methods NAME` prints what is said here, and `kosmos-graph methods --data FILE
--outcome COLUMN --predictor COLUMN` says which methods fit columns of yours, which is preferred, and why not the others.
`run_method` runs one from Python.

This page is written by `python scripts/methods_page.py` from what the methods declare; do not edit it by hand.
"""

TAIL = """
## Adding a method

A method is one file. What it declares is all that anyone reads of it: review and `rules` for what it needs, the command line and
this page for what it is, reports for what it assumed.

```python
from kosmos_graph.experiments.catalogue.kinds import GROUPING, NUMERIC
from kosmos_graph.experiments.method import Method, Needs

METHODS = (
    Method(
        name="median_shift",
        title="Shift of medians",
        summary="Difference of the medians of a numeric outcome between two independent groups.",
        estimand="difference of the group medians",
        source="the paper or the function that it computes",
        tasks=("compare",),
        needs=Needs(outcome=NUMERIC, predictor=GROUPING, predictors=(1, 1), groups=(2, 2), rows=20, per_group=10),
        run=median_shift,  # (Sample, Design, Context) -> TestResult
        draw=draw_medians,  # (Axes, Sample, Design, TestResult) -> None
        sensitivity=("mann_whitney",),
        prefer=usual_choice,  # (Case) -> why it is the usual choice, or None
        asked_for=r"\\bmedian shift",
        assumption="By rule, …",
    ),
)
```

`run` raises `NotApplicable`, with a sentence, for a sample on which it has no answer, returns no NaN, and draws by chance from
`context.seed` alone. `kosmos_graph/experiments/method.py` says what each field means. In this repository the file goes into
`kosmos_graph/experiments/catalogue/`, where being there is enough, with a page in `docs/methods/` that the tests execute. A package
of your own names it in its `pyproject.toml`; once installed, its methods are everywhere that ours are:

```toml
[project.entry-points."kosmos_graph.methods"]
median_shift = "my_package.median_shift:METHODS"
```
"""


def page() -> str:
    """The whole page."""
    sections = (f"\n## {TITLES[task]}\n\n" + "\n".join(map(entry, methods)) for task, methods in by_task().items())
    return HEAD + "".join(sections) + TAIL


def entry(method: Method) -> str:
    """One method, as an item of a list."""
    parts = [f"Estimates: {method.estimand}.", f"Needs: {', '.join(needs(method.needs))}."]
    if method.sensitivity:
        parts.append(f"Beside it: {', '.join(get_method(name).title for name in method.sensitivity)}.")
    parts.append(f"Source: {method.source}.")
    return f"- **[{method.title}](methods/{method.name}.md)** (`{method.name}`). {method.summary}\n  {' '.join(parts)}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
