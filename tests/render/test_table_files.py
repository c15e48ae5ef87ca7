import csv
import io

from kosmos_graph.domain.results import Effect, Group, Term, TestResult
from kosmos_graph.render.table_files import csv_file, tables_of


def rows_of(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_a_results_groups_and_terms_are_tables_with_every_digit():
    result = TestResult(
        method="m",
        title="M",
        estimand="e",
        statistic_name=None,
        statistic=None,
        p_value=None,
        effect=Effect(name="n", label="l", value=1, low=None, high=None, level=0.95),
        groups=(Group(label="a", n=3, mean=0.1 + 0.2), Group(label="=cmd()", n=2)),
        terms=(Term(name="slope", estimate=1 / 3, p_value=1e-300),),
        n_read=5,
        n_analysed=5,
    )
    (_, groups), (_, terms) = tables_of(result)
    assert [row["mean"] for row in rows_of(groups)] == ["0.30000000000000004", ""]
    assert [row["label"] for row in rows_of(groups)] == ["a", "'=cmd()"]
    assert rows_of(terms)[0] | {"name": "slope", "estimate": "0.3333333333333333", "p_value": "1e-300"} == rows_of(terms)[0]


def test_equal_tables_are_one_file():
    one, other = (csv_file(("a", "b"), [(1, "x"), (None, True)], "c") for _ in range(2))
    assert one == other
    assert one[1] == b"a,b\n1,x\n,True\n"
