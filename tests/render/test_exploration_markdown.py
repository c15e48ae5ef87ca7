"""An exploration by code as Markdown."""

from kosmos_graph.domain.code_experiment import NamedTable
from kosmos_graph.domain.report import Exploration
from kosmos_graph.render.exploration_markdown import exploration_lines


def shown(*results):
    fixed = dict.fromkeys(
        ("id", "hypothesis", "rationale", "objective", "method_reason", "dataset", "author", "design_author", "code"), "x"
    )
    lists = dict.fromkeys(("calls", "files", "repairs", "caveats"), ())
    return "\n".join(exploration_lines(Exploration(**fixed, **lists, kind="compare", rung="landlock", results=results)))


def test_a_table_that_came_back_empty_is_shown_as_empty():
    empty = NamedTable(name="spread", columns=("a",), rows=(), meaning="spread of each group")
    missing = NamedTable(name="gap", columns=("a",), rows=((None,),), meaning="gap of each group")
    assert "**spread**: Spread of each group.\n\nIt came back empty." in shown(empty)
    assert "**gap**: Gap of each group.\n\nIt came back empty." in shown(missing)


def test_a_table_with_a_value_is_shown_with_it():
    table = NamedTable(name="spread", columns=("a", "b"), rows=((None, 0),), meaning="spread of each group")
    assert "empty" not in shown(table)
    assert "| b |" in shown(table)
