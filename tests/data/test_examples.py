from __future__ import annotations

import runpy
from pathlib import Path

from kosmos_graph.data.load import load_dataset
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.study_sheet import StudySheet

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_penguins_are_profiled_as_a_person_would() -> None:
    card = load_dataset(EXAMPLES / "penguins.csv", StudySheet()).card
    assert {column.name: (column.kind, column.unit, column.missing) for column in card.columns} == {
        "species": (Kind.NOMINAL, None, 0),
        "island": (Kind.NOMINAL, None, 0),
        "bill_length_mm": (Kind.CONTINUOUS, "mm", 2),
        "bill_depth_mm": (Kind.CONTINUOUS, "mm", 2),
        "flipper_length_mm": (Kind.CONTINUOUS, "mm", 2),
        "body_mass_g": (Kind.CONTINUOUS, "g", 2),
        "sex": (Kind.BINARY, None, 11),
        "year": (Kind.COUNT, None, 0),
    }
    assert (card.rows, card.traps) == (344, ())


def test_the_made_up_example_is_what_its_script_writes() -> None:
    script = runpy.run_path(str(EXAMPLES / "make_tutoring.py"))
    assert (EXAMPLES / "tutoring.csv").read_text(encoding="utf-8") == script["text"]()


def test_every_example_has_its_source_beside_it() -> None:
    sources = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert all(f"`{path.name}`" in sources for path in EXAMPLES.iterdir() if path.is_file() and path.name != "README.md")
