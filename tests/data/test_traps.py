from __future__ import annotations

from pathlib import Path

from kosmos_graph.domain.data_card import Trap

from .reading import read


def traps(folder: Path, content: str, about: dict[str, object] | None = None) -> list[tuple[str, str | None, int]]:
    return [(trap.kind, trap.column, trap.n) for trap in read(folder, content, about=about).card.traps]


def test_repeated_ids_are_seen(tmp_path: Path) -> None:
    rows = "".join(f"{number // 2},{number * 1.5}\n" for number in range(19))
    assert read(tmp_path, f"patient_id,y\n{rows}").card.traps == (
        Trap(kind="repeated ids", column="patient_id", n=9, detail="9 of 10 values of `patient_id` have several rows (up to 2)."),
    )


def test_a_declared_id_is_seen_whatever_its_name(tmp_path: Path) -> None:
    content = "animal,y\nrex,1.5\nrex,2.5\ntom,3.5\n"
    assert traps(tmp_path, content) == []
    assert traps(tmp_path, content, {"id": "animal"}) == [("repeated ids", "animal", 1)]


def test_unique_ids_are_no_trap(tmp_path: Path) -> None:
    assert traps(tmp_path, "id,y\n" + "".join(f"{number * 7},{number}.5\n" for number in range(9))) == []


def test_an_ordered_series_is_seen(tmp_path: Path) -> None:
    years = "".join(f"{1900 + number},{number * 37 % 11}.5\n" for number in range(30))
    assert traps(tmp_path, f"year,flow\n{years}") == [("ordered series", "year", 30)]
    months = "".join(f"{2000 + number // 12}-{number % 12 + 1:02d},{number * 37 % 11}.5\n" for number in range(30))
    assert traps(tmp_path, f"m,flow\n{months}") == [("ordered series", "m", 30)]
    shuffled = "".join(f"2020-01-{number * 7 % 29 + 1:02d},{number}.5\n" for number in range(29))
    assert traps(tmp_path, f"d,flow\n{shuffled}") == [("ordered series", "d", 29)]


def test_a_year_and_its_quarters_are_an_ordered_series(tmp_path: Path) -> None:
    rows = "".join(f"{2000 + number // 4},{number % 4 + 1},{number * 37 % 11}.5\n" for number in range(20))
    assert traps(tmp_path, f"year,quarter,gdp\n{rows}") == [("ordered series", "year", 20)]


def test_times_of_many_units_or_in_no_order_are_no_series(tmp_path: Path) -> None:
    assert traps(tmp_path, "year,y\n" + "".join(f"{2007 + number % 3},{number}.5\n" for number in range(30))) == []
    visits = "".join(f"20{number * 7 % 20 + 1:02d}-0{number % 9 + 1}-1{number % 7},{number}.5\n" for number in range(20))
    assert traps(tmp_path, f"visit_date,y\n{visits}") == []


def test_a_panel_has_repeated_units(tmp_path: Path) -> None:
    rows = "".join(f"C{unit:02d},{2000 + year},{unit * year}.5\n" for unit in range(12) for year in range(5))
    assert traps(tmp_path, f"country,year,gdp\n{rows}") == [("repeated ids", "country", 12)]


def test_duplicate_rows_are_counted_where_rows_can_be_told_apart(tmp_path: Path) -> None:
    assert traps(tmp_path, "a,b\n1.5,x\n1.5,x\n1.5,x\n2.5,y\n") == [("duplicate rows", None, 2)]
    assert traps(tmp_path, "a,b\n" + "1,x\n2,x\n3,y\n" * 9) == []
    assert traps(tmp_path, "a,b\nno,x\nno,x\nyes,y\nno,y\n") == []
