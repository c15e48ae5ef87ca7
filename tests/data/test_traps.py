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


PLOTS = "".join(f"{plot},{when},{plot * 7 % 13}.5\n" for plot in range(1, 41) for when in ("before", "after"))


def test_units_measured_repeatedly_are_seen_without_a_name_that_says_so(tmp_path: Path) -> None:
    for name in ("plot", "farm", "no"):
        assert traps(tmp_path, f"{name},time,y\n{PLOTS}") == [("repeated ids", name, 40)]
    named = "".join(f"T{tree},{method},{tree * 7 % 13}.5\n" for tree in range(8) for method in "abc")
    assert traps(tmp_path, f"tree,method,y\n{named}") == [("repeated ids", "tree", 8)]
    years = "".join(f"{farm * 3},{year},{farm * 7 % 13}.5\n" for farm in range(30) for year in (1999, 2004, 2009))
    assert traps(tmp_path, f"farm,year,y\n{years}") == [("repeated ids", "farm", 30)]


def test_a_few_measurements_that_were_not_taken_do_not_hide_the_units(tmp_path: Path) -> None:
    rows = [row for place, row in enumerate(PLOTS.splitlines()) if place not in (3, 10, 51)]
    assert traps(tmp_path, "plot,time,y\n" + "\n".join(rows)) == [("repeated ids", "plot", 37)]


def test_units_measured_several_times_under_each_condition_are_seen(tmp_path: Path) -> None:
    rows = "".join(f"{plot},{when},{side},{plot * 7 % 13}.5\n" for plot in range(25) for when in ("pre", "post") for side in "LR")
    assert traps(tmp_path, f"plot,when,side,y\n{rows}") == [("repeated ids", "plot", 25)]


def test_a_factorial_experiment_with_few_levels_has_no_repeated_units(tmp_path: Path) -> None:
    rows = "".join(
        f"v{variety},s{site},{year},{(variety * 7 + site * 3 + year) % 29}.5\n"
        for variety in range(10)
        for site in range(6)
        for year in (1931, 1932)
    )
    assert traps(tmp_path, f"variety,site,year,y\n{rows}") == []
    groups = "".join(f"{group},{number * 7 % 23}.5\n" for number in range(6) for group in "ABCDEFGHIJ")
    assert traps(tmp_path, f"group,y\n{groups}") == []


def test_replicates_running_numbers_quantities_and_stated_numbers_are_no_units(tmp_path: Path) -> None:
    rows = "".join(f"{number},{group},{number * 7 % 5}.5\n" for group in "AB" for number in range(1, 13))
    for name in ("replicate", "rep", "no", "age", "dose", "score", "month"):
        assert traps(tmp_path, f"{name},group,y\n{rows}") == []
    assert traps(tmp_path, f"well,group,y\n{rows}") == [("repeated ids", "well", 12)]
    assert traps(tmp_path, f"well,group,y\n{rows}", {"dictionary": {"well": {"kind": "count"}}}) == []
    assert traps(tmp_path, f"well,group,y\n{rows}", {"stratum": "well"}) == []


def test_values_that_occur_unequally_often_are_no_units(tmp_path: Path) -> None:
    rows = "".join(f"{number * number % 23},{'ab'[number % 2]},{number}.5\n" for number in range(60))
    assert traps(tmp_path, f"site_code,group,y\n{rows}") == []


def test_a_year_and_its_parts_are_a_series_in_any_order_and_under_names(tmp_path: Path) -> None:
    floats = "".join(f"{1959 + number // 4}.0,{number % 4 + 1}.0,{number * 37 % 11}.5\n" for number in range(203))
    assert traps(tmp_path, f"year,quarter,gdp\n{floats}") == [("ordered series", "year", 203)]
    shuffled = [(number * 7 % 20) for number in range(20)]
    named = "".join(f"{2000 + number // 4},Q{number % 4 + 1},{number * 37 % 11}.5\n" for number in shuffled)
    assert traps(tmp_path, f"year,quarter,gdp\n{named}") == [("ordered series", "year", 20)]
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    spelled = "".join(f"{2000 + number // 12},{months[number % 12]},{number * 37 % 11}.5\n" for number in range(36))
    assert traps(tmp_path, f"year,month,gdp\n{spelled}") == [("ordered series", "year", 36)]


def test_scattered_quarters_of_years_are_no_series(tmp_path: Path) -> None:
    rows = "".join(f"{2000 + number * 7 % 13},{number * 3 % 4 + 1},{number}.5\n" for number in range(20))
    assert traps(tmp_path, f"year,quarter,y\n{rows}") == []


def test_of_repeated_units_it_is_counted_in_how_many_each_grouping_varies(tmp_path: Path) -> None:
    rows = "".join(f"p{unit},{visit},{'ab'[unit % 2]},{unit * 7 % 13}.5\n" for unit in range(20) for visit in ("pre", "post"))
    rows = rows.replace("p3,post,b", "p3,post,a").replace("p5,post,b", "p5,post,")
    (trap,) = read(tmp_path, f"patient_id,visit,arm,y\n{rows}").card.traps
    assert trap.varying == (("visit", 20), ("arm", 1))
