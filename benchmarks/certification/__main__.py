"""Print the certification, or write it to docs/certification.md."""

from __future__ import annotations

import argparse
import sys

from benchmarks.certification.degenerate import answers
from benchmarks.certification.families import entries
from benchmarks.certification.measured import measure, stated
from benchmarks.certification.page import PAGE, matrix_section, page
from kosmos_graph.experiments.catalogue import CATALOGUE


def main() -> int:
    """Print a line for each entry and what is wrong; 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.certification", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/certification.md")
    parser.add_argument("--method", help="one method alone")
    asked = parser.parse_args()
    outcomes = [measure(entry) for entry in entries() if asked.method in (None, entry.method)]
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    for outcome in outcomes:
        numbers = "; ".join(f"{part} {stated(digits)}" for part, digits in outcome.by_part().items())
        print(f"{outcome.entry.method:24} | {outcome.entry.data:40} | {numbers or f'refused: {outcome.entry.refusal}'}")
    matrix = {name: answers(method) for name, method in CATALOGUE.items() if asked.method in (None, name)}
    for name, row in matrix.items():
        for kind, cell in row.items():
            print(f"{name:24} | {kind:20} | {cell}")
    faults += [f"{name}, {kind}: {cell}" for name, row in matrix.items() for kind, cell in row.items() if cell.startswith("!")]
    print("\n".join(faults) or "nothing is wrong")
    if asked.write and not asked.method:
        PAGE.write_text(page(outcomes, matrix_section(matrix)), encoding="utf-8")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
