"""Every number of the catalogue against an independent route, as docs/certification.md states it."""

from __future__ import annotations

import re
from functools import cache

import pytest
from mpmath import mpf

from benchmarks.certification.degenerate import answers
from benchmarks.certification.digits import correct_digits
from benchmarks.certification.families import entries
from benchmarks.certification.measured import measure, stated
from benchmarks.certification.page import PAGE, exceptions, matrix_section, rows
from benchmarks.certification.pending import PENDING
from kosmos_graph.experiments.catalogue import CATALOGUE

ENTRIES = tuple(entries())
METHODS = tuple(dict.fromkeys(entry.method for entry in ENTRIES))


@cache
def outcome_of(place):
    """Of an entry; once for all tests, and method by method, so that none takes long."""
    return measure(ENTRIES[place])


answers_of = cache(answers)


def cells_of(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("|\n").split(" | "))


@pytest.fixture(scope="module")
def outcomes():
    return [outcome_of(place) for place in range(len(ENTRIES))]


@pytest.fixture(scope="module")
def written():
    return PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("method", METHODS)
def test_every_number_that_a_method_reports_has_the_digits_that_are_owed(method):
    own = [outcome_of(place) for place, entry in enumerate(ENTRIES) if entry.method == method]
    assert [fault for outcome in own for fault in outcome.faults] == []


def test_the_page_lists_these_entries_and_no_part_has_fewer_digits_than_it_states(outcomes, written):
    table = written.split("## Methods")[1].split("## Numbers")[0]
    lines = {cells[:3]: cells[3] for line in table.splitlines() if line.startswith("|") for cells in [cells_of(line)]}
    found = {row[:3]: row[3] for row in rows(outcomes)}
    assert set(lines) - {("method", "data", "source"), ("---", "---", "---")} == set(found)
    assert {key: re.sub(r" \d+(?=;|$)", "", lines[key]) for key in found} == {
        key: re.sub(r" \d+(?=;|$)", "", numbers) for key, numbers in found.items()
    }
    for outcome in outcomes:
        if outcome.entry.reference is not None:
            line = lines[outcome.entry.method, outcome.entry.data, outcome.entry.source].partition(": ")[2]
            says = {part: int(digits) for part, _, digits in (piece.rpartition(" ") for piece in line.split("; "))}
            short = {part: digits for part, digits in outcome.by_part().items() if digits < says[part]}
            assert short == {}, outcome.entry


def test_the_page_says_what_is_certified_otherwise(outcomes, written):
    assert exceptions(outcomes) in written


def test_every_method_is_certified_or_says_why_it_is_not():
    certified = {entry.method for entry in ENTRIES}
    assert [name for name in CATALOGUE if name not in certified and name not in PENDING] == []
    assert certified & set(PENDING) == set()
    assert certified <= set(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_method_answers_degenerate_data_with_a_sensible_result_or_a_sentence(name):
    row = answers_of(CATALOGUE[name])
    assert row["ordinary"] == "result"
    assert [cell for cell in row.values() if cell.startswith("!")] == []


def test_the_page_has_the_answers_to_degenerate_data(written):
    assert matrix_section({name: answers_of(method) for name, method in CATALOGUE.items()}) in written


@pytest.mark.parametrize(
    ("name", "found", "certified", "digits"),
    [
        ("effect", 1.0001, "1", 4.0),
        ("effect", 0.0, "1", 0.0),
        ("effect", 1e-9, "0", 15.0),
        ("effect", 1e-7, "0", 0.0),
        ("measure skewness, A", 1e-3 + 1e-9, "1e-3", 9.0),
        ("p", 1.001e-30, "1e-30", 4.84),
        ("term x p", 0.0, "1e-30", 0.0),
    ],
)
def test_digits_are_those_of_the_log_relative_error(name, found, certified, digits):
    assert correct_digits(name, found, mpf(certified)) == pytest.approx(digits, abs=0.01)


def test_some_number_that_is_off_by_a_billionth_fails():
    entry = next(entry for entry in ENTRIES if entry.method == "welch_t" and entry.reference)
    off = dict(entry.reference())
    off["p"] *= 1 + mpf(10) ** -8
    outcome = measure(type(entry)(**{**vars(entry), "reference": lambda: off}))
    assert [fault.split(": ")[1].split(" is ")[0] for fault in outcome.faults] == ["p"]
    assert stated(12.2) == 11
