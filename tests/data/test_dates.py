from __future__ import annotations

from pathlib import Path

import pytest

from kosmos_graph.domain.data_card import Kind

from .reading import column


@pytest.mark.parametrize(
    ("cells", "earliest", "latest"),
    [
        (("2020-01-31", "2020-02-01"), "2020-01-31", "2020-02-01"),
        (("31/01/2020", "02/03/2020"), "2020-01-31", "2020-03-02"),
        (("01/31/2020", "02/03/2020"), "2020-01-31", "2020-02-03"),
        (("03.04.2020", "05.06.2020"), "2020-04-03", "2020-06-05"),
        (("1/5/20", "1/31/20"), "2020-01-05", "2020-01-31"),
        (("2020-01", "2020-12"), "2020-01-01", "2020-12-01"),
        (("2020Q1", "2020-Q4"), "2020-01-01", "2020-10-01"),
        (("5 Jan 2020", "February 3, 2021"), "2020-01-05", "2021-02-03"),
        (("19-Sep-03", "3-Jan-99"), "1999-01-03", "2003-09-19"),
        (("Jan-1-1995", "Feb-1-1995"), "1995-01-01", "1995-02-01"),
        (("Jan 2020", "Mar 2020"), "2020-01-01", "2020-03-01"),
        (("2020-01-31 10:30", "2020-01-31T23:59:59.5"), "2020-01-31T10:30:00", "2020-01-31T23:59:59"),
        (("01/31/2020 1:05 PM", "01/31/2020 12:05 am"), "2020-01-31T00:05:00", "2020-01-31T13:05:00"),
        (("2020-01-31T10:00:00+02:00", "2020-01-31T10:00:00Z"), "2020-01-31T08:00:00", "2020-01-31T10:00:00"),
        (("1500-01-01", "1600-01-01"), "1500-01-01", "1600-01-01"),
    ],
)
def test_dates_are_read(tmp_path: Path, cells: tuple[str, ...], earliest: str, latest: str) -> None:
    card = column(tmp_path, *cells)
    assert (card.kind, card.earliest, card.latest, card.missing) == (Kind.DATETIME, earliest, latest, 0)


def test_an_undecidable_order_of_day_and_month_is_noted(tmp_path: Path) -> None:
    card = column(tmp_path, "03/04/2020", "05/06/2020")
    assert card.earliest == "2020-03-04"
    assert any("day or month" in note for note in card.notes)


def test_a_day_that_does_not_exist_is_missing(tmp_path: Path) -> None:
    card = column(tmp_path, *(f"2020-01-{day:02d}" for day in range(1, 30)), "2020-02-30")
    assert (card.missing, card.notes) == (1, ("Cells that are no dates and count as missing: 1 of 30.",))


@pytest.mark.parametrize("cells", [("12:30", "13:45", "12:30"), ("1.2.3", "1.2.4", "1.2.3"), ("2019-20", "2020-21", "2019-20")])
def test_what_is_no_date_is_not_made_one(tmp_path: Path, cells: tuple[str, ...]) -> None:
    assert column(tmp_path, *cells).kind is not Kind.DATETIME
