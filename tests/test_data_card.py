import pickle

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind


def column(name, kind=Kind.CONTINUOUS):
    return ColumnCard(name=name, kind=kind, missing=0, distinct=3)


def card(*columns):
    return DataCard(name="a.csv", path="a.csv", sha256="0" * 64, format="csv", rows=3, columns=columns)


def test_a_column_is_found_by_its_name_also_in_a_copy_with_other_columns():
    first = card(column("a"), column("b"))
    assert first.column("a") is first.columns[0]
    other = first.model_copy(update={"columns": (column("a", Kind.COUNT),)})
    assert (other.column("a").kind, other.column("b")) == (Kind.COUNT, None)
    assert first.column("b") is first.columns[1]


def test_looking_a_column_up_changes_neither_equality_nor_hash_nor_what_is_written():
    looked, other = card(column("a")), card(column("a"))
    before = hash(looked)
    looked.column("a")
    assert (looked, hash(looked), looked.model_dump_json()) == (other, before, other.model_dump_json())
    assert pickle.loads(pickle.dumps(looked)) == other
