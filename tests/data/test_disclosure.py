from __future__ import annotations

from pathlib import Path

from kosmos_graph.data.disclosure import disclosure

from .reading import read


def test_nothing_leaves_without_a_host(tmp_path: Path) -> None:
    assert disclosure([read(tmp_path, "a,b\n1,x\n2,y\n").card], []) == "Nothing leaves this machine."


def test_hosts_and_data_are_named_and_rows_are_not_sent(tmp_path: Path) -> None:
    card = read(tmp_path, "a,b\n1.5,x\n2.5,y\n").card
    assert disclosure([card], ["b.example", "a.example", "b.example"]) == (
        "What leaves this machine, to a.example and b.example: your question, what you state about the study, the names, kinds, "
        "units, ranges and levels of the columns of data.csv (2 columns, 2 levels), and the computed results; never a row."
    )


def test_where_a_model_may_write_code_it_is_said_that_errors_go_to_it(tmp_path: Path) -> None:
    card = read(tmp_path, "a,b\n1.5,x\n2.5,y\n").card
    said = disclosure([card], ["a.example"])
    assert disclosure([card], ["a.example"], code=True).removeprefix(said) == (
        " The errors of code that a model writes go to it for repair, less the numbers and quotations that it did not write itself."
    )
