"""The table in docs/certification.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from benchmarks.certification.entry import LEAST
from benchmarks.certification.measured import Outcome, stated
from benchmarks.certification.pending import PENDING

PAGE = Path(__file__).parents[2] / "docs" / "certification.md"

HEAD = f"""\
# Certified numbers

Every number that a method reports, against a route that shares no code with it: NIST's Statistical Reference Datasets as they
ship inside scipy and statsmodels, Wampler's polynomials by their formula, and otherwise data made by a seeded generator with the
published formula in arithmetic of 50 digits (mpmath), or with all tables, signs and labellings counted. The file that a method gets
has the decimals as they are written; that reading rounds them to binary counts against us.

The digits are those of the log relative error, −log₁₀ |found − certified| / |certified|, of the number that is furthest off in its
part of the result; at least {LEAST} are owed, or a refusal. A skewness is held against 1 where it is smaller, a certified zero is
met within 10⁻⁸, and a p below 10⁻¹² is compared by its logarithm.

A decimal is rounded when it is read: of 1000000000000.4 a floating-point number keeps three decimals. Where the values of a column,
a group's values or the differences within pairs lie so close together for their size that their spread would have fewer than nine
right digits, every method refuses: `ill-conditioned: …`. Whole numbers up to 2⁵³ are not rounded, and not refused.

This page is written by `python -m benchmarks.certification --write`; do not edit it by hand.
"""


def page(outcomes: Iterable[Outcome], matrix: str) -> str:
    """The whole page."""
    listed = list(outcomes)
    parts = [HEAD, "\n## Methods\n\n", table(listed), "\n## Numbers that are certified otherwise\n\n", exceptions(listed), matrix]
    return "".join(parts)


def rows(outcomes: Iterable[Outcome]) -> list[tuple[str, ...]]:
    """Method, data, source, numbers with their digits; sorted by method."""
    found = []
    for outcome in sorted(outcomes, key=lambda one: one.entry.method):
        entry = outcome.entry
        if entry.reference is None:
            found.append((entry.method, entry.data, "—", f"refused: “{entry.refusal.strip()} …”"))
            continue
        numbers = "; ".join(f"{part} {stated(digits)}" for part, digits in outcome.by_part().items())
        found.append((entry.method, entry.data, entry.source, f"{len(outcome.digits)} numbers: {numbers}"))
    return found


def table(outcomes: Iterable[Outcome]) -> str:
    """The rows as Markdown."""
    return _markdown(("method", "data", "source", "correct digits"), rows(outcomes))


def exceptions(outcomes: Iterable[Outcome]) -> str:
    """Fewer digits than owed, tolerances, and methods without an entry, each with the reason."""
    lines = []
    for outcome in outcomes:
        entry = outcome.entry
        if entry.reason:
            lines.append(f"- {entry.method}, {entry.data}: at least {entry.least} digits; {entry.reason}.")
        tolerated: dict[str, list[str]] = {}
        for name, value in outcome.tolerated.items():
            tolerated.setdefault(value.reason, []).append(f"{name} ± {float(value.tolerance):.2g}")
        lines += [f"- {entry.method}, {entry.data}: {', '.join(names)}: {reason}." for reason, names in tolerated.items()]
    lines += [f"- {method} has no entry: {reason}." for method, reason in PENDING.items()]
    return "\n".join(lines) + "\n"


def matrix_section(matrix: Mapping[str, Mapping[str, str]]) -> str:
    """Method by degeneracy."""
    kinds = list(next(iter(matrix.values())))
    sentences = list(dict.fromkeys(cell for row in matrix.values() for cell in row.values() if cell not in ("result", "—")))
    place = {sentence: str(number) for number, sentence in enumerate(sentences, 1)}
    cells = [(method, *(place.get(row[kind], row[kind]) for kind in kinds)) for method, row in matrix.items()]
    head = (
        "\n## Degenerate data\n\n"
        "What a method answers, past the review, to data on which there may be no answer: a result, all of whose numbers are\n"
        "finite and whose p lies within [0, 1], or the refusal whose sentence stands below under its number; — where the data\n"
        "cannot be so.\n\n"
    )
    return head + _markdown(("method", *kinds), cells) + "\n" + "".join(f"{number}. {text}\n" for text, number in place.items())


def _markdown(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
