"""Small real studies for tests of analysts and batches: made-up gardens in which one bed grows taller plants."""

from functools import cache

from kosmos_graph.agents.protocol import Material
from kosmos_graph.domain.design import Design
from kosmos_graph.domain.hypothesis import Hypothesis, Target
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.experiments.runner import run_design
from tests.experiments.factories import make_dataset

ROWS = 60


def garden(scale: float = 1.0):
    """Plants in two beds: sunny ones are taller and a little wider; soil makes no difference to the number of leaves."""
    wobble = [(place * 7919 % 97) / 97 for place in range(ROWS)]
    bed = ["sunny" if place % 2 else "shady" for place in range(ROWS)]
    return make_dataset(
        {
            "height": [scale * (20 + (5 if bed[place] == "sunny" else 0) + 6 * wobble[place]) for place in range(ROWS)],
            "leaves": [scale * (8 + 4 * wobble[(place * 5) % ROWS]) for place in range(ROWS)],
            "bed": bed,
            "soil": ["clay" if place % 3 else "sand" for place in range(ROWS)],
        }
    )


def garden_material(sheet: StudySheet | None = None, scale: float = 1.0, **options) -> Material:
    return Material(
        Question(text="Do plants in sunny beds grow taller?"), (garden(scale).card,), sheet or StudySheet(), Options(**options)
    )


def about(number: int, outcome: str, predictor: str, *levels: str, direction=None) -> Hypothesis:
    pair = (levels[0], levels[1]) if levels else None
    return Hypothesis(
        id=f"c1h{number}",
        cycle=1,
        statement=f"The mean of {outcome} differs between {' and '.join(levels)} ({predictor}).",
        rationale="Light feeds plants.",
        task="compare",
        expects="effect",
        direction=direction,
        target=Target(dataset="data.csv", outcome=outcome, predictors=(predictor,), levels=pair),
        author="scripted",
    )


TALLER = about(1, "height", "bed", "sunny", "shady", direction="positive")
LEAFIER = about(2, "leaves", "soil", "sand", "clay")


@cache
def _run(design: str, sheet: str, options: str, scale: float):
    locked = Design.model_validate_json(design)
    return run_design(
        garden(scale), locked, StudySheet.model_validate_json(sheet), Options.model_validate_json(options), locked.key
    )


def executed(design: Design, material: Material, scale: float = 1.0):
    return _run(design.model_dump_json(), material.sheet.model_dump_json(), material.options.model_dump_json(), scale)
