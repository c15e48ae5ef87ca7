"""What the entries give: the correct digits of every number, or the refusal."""

from __future__ import annotations

from dataclasses import dataclass, field

from mpmath import mpf

from benchmarks.certification.digits import MOST, correct_digits
from benchmarks.certification.entry import Entry, Within
from benchmarks.certification.reported import PARTS, part_of, reported

TOLERATED = -1.0
"""Stands for the digits of a number that lies within its stated tolerance."""


@dataclass(frozen=True)
class Outcome:
    """Correct digits by number, the numbers that have a tolerance instead, and sentences on what is wrong."""

    entry: Entry
    digits: dict[str, float]
    faults: tuple[str, ...] = ()
    tolerated: dict[str, Within] = field(default_factory=dict)

    def by_part(self) -> dict[str, float]:
        """The fewest digits in each part of the result that has any, parts in the order of PARTS."""
        found: dict[str, list[float]] = {part: [] for part in PARTS.values()}
        for name, digits in self.digits.items():
            if digits != TOLERATED:
                found[part_of(name)].append(digits)
        return {part: min(digits) for part, digits in found.items() if digits}


def measure(entry: Entry) -> Outcome:
    """Run the entry and compare."""
    execution = entry.execution()
    label = f"{entry.method}, {entry.data}"
    if entry.reference is None:
        if execution.error is None or not execution.error.startswith(entry.refusal):
            return Outcome(entry, {}, (f"{label}: it was to be refused ({entry.refusal}…), not: {execution.error}",))
        return Outcome(entry, {})
    if execution.result is None:
        return Outcome(entry, {}, (f"{label}: refused: {execution.error}",))
    found, certified = reported(execution.result), entry.reference()
    faults = [f"{label}: {name} has no reference" for name in found if name not in certified]
    faults += [f"{label}: {name} is not reported" for name in certified if name not in found]
    digits = {name: _digits(name, found[name], certified[name]) for name in found if name in certified}
    for name, right in digits.items():
        if right != TOLERATED and right < entry.least:
            faults.append(f"{label}: {name} is {found[name]!r}, right in {right:.1f} digits")
    tolerated = {name: value for name, value in certified.items() if isinstance(value, Within)}
    return Outcome(entry, digits, tuple(faults), tolerated)


def _digits(name: str, found: float, certified: mpf | Within) -> float:
    if not isinstance(certified, Within):
        return correct_digits(name, found, certified)
    near = abs(mpf(found) - certified.value) <= certified.tolerance
    return TOLERATED if near else 0.0


def stated(digits: float) -> int:
    """Digits as the table states them: whole ones, with a third of a digit to spare for other processors, at most MOST − 3."""
    return min(MOST - 3, int(digits - 1 / 3))
