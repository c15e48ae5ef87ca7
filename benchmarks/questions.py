"""Score a designer on hand-written questions: python -m benchmarks.questions [--designer rules|MODEL] [--set NAME] [--verbose]."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.datasets import NotInstalled, write_csv
from benchmarks.judging import Decided, objections
from benchmarks.question_file import TYPES, AskedQuestion, QuestionFile, read_question_files
from kosmos_graph.agents.protocol import Designer, Material
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.data.load import load_dataset
from kosmos_graph.data.sheet import read_sheet
from kosmos_graph.domain.design import Design, Review
from kosmos_graph.domain.hypothesis import Hypothesis
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.errors import ModelError
from kosmos_graph.experiments.review import review_design

Outcome = Literal["right", "wrong", "undecided"]
OUTCOMES: tuple[Outcome, ...] = ("right", "wrong", "undecided")
GENERATIONS = 3
"""How often a rejected design goes back to the designer."""


@dataclass(frozen=True)
class Case:
    """A question on a loaded data set."""

    dataset: str
    question: AskedQuestion
    data: Dataset
    sheet: StudySheet

    @property
    def material(self) -> Material:
        """What the designer is given. A model may propose as many hypotheses as the question holds."""
        options = Options(hypotheses=max(1, len(self.question.expect)))
        return Material(Question(text=self.question.ask), (self.data.card,), self.sheet, options)


@dataclass(frozen=True)
class Score:
    """How a question was answered, and why that is not right."""

    case: Case
    outcome: Outcome
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Loaded:
    """The cases of all data sets whose packages are installed, and a sentence for each set that is left out."""

    cases: tuple[Case, ...]
    skipped: tuple[str, ...]


def load_cases(files: Iterable[QuestionFile], folder: Path) -> Loaded:
    """Write each data set below `folder`, load it once under each study sheet that its questions use."""
    cases: list[Case] = []
    skipped: list[str] = []
    for file in files:
        try:
            path = write_csv(file.source, folder, file.dataset)
        except NotInstalled as reason:
            skipped.append(f"{file.dataset}: skipped, {reason}")
            continue
        cases.extend(_cases_of(file, path))
    return Loaded(tuple(cases), tuple(skipped))


def _cases_of(file: QuestionFile, path: Path) -> Iterator[Case]:
    names = dict.fromkeys(question.sheet for question in file.questions)
    sheets = {name: read_sheet(file.sheets[name]) if name else StudySheet() for name in names}
    data = {name: load_dataset(path, sheet) for name, sheet in sheets.items()}
    for question in file.questions:
        yield Case(file.dataset, question, data[question.sheet], sheets[question.sheet])


async def score(case: Case, designer: Designer) -> Score:
    """Ask, design, review, judge. A rejected design and a model that gives up count as undecided."""
    try:
        plan = await designer.plan_research(case.material, 1, ())
        decided = await _decide(case, designer, plan.hypotheses)
    except ModelError as error:
        return _undecided(case, (f"the model failed: {type(error).__name__}: {error}",))
    if not plan.hypotheses or isinstance(decided, str):
        return _undecided(case, (plan.undecided or str(decided),))
    reasons = objections(case.question, decided, case.data, case.sheet)
    return Score(case, "wrong" if reasons else "right", reasons)


def _undecided(case: Case, reasons: tuple[str, ...]) -> Score:
    declining_is_right = case.question.unanswerable or case.question.undecided_is_right
    return Score(case, "right" if declining_is_right else "undecided", reasons)


async def _decide(case: Case, designer: Designer, hypotheses: tuple[Hypothesis, ...]) -> tuple[Decided, ...] | str:
    """An accepted design for each hypothesis, or why one of them has none."""
    decided: list[Decided] = []
    for hypothesis in hypotheses:
        others = tuple(one.design for one in decided)
        design = await _accepted(case, designer, hypothesis, others)
        if isinstance(design, str):
            return design
        decided.append(Decided(hypothesis, design))
    return tuple(decided)


async def _accepted(case: Case, designer: Designer, hypothesis: Hypothesis, others: tuple[Design, ...]) -> Design | str:
    reviews: tuple[Review, ...] = ()
    for generation in range(1, GENERATIONS + 1):
        design = await designer.design_study(case.material, hypothesis, generation, reviews)
        review = review_design(design, hypothesis, case.data.card, case.sheet, case.material.options, others)
        if review.accepted:
            return design
        reviews = (*reviews, review)
    return "rejected: " + "; ".join(item.finding for item in reviews[-1].items if item.severity == "hard")


async def score_all(cases: Sequence[Case], designer: Designer, *, verbose: bool = False) -> tuple[Score, ...]:
    """All scores, in order; with `verbose` each is printed as it comes."""
    scores: list[Score] = []
    for case in cases:
        began = time.monotonic()
        scores.append(await score(case, designer))
        if verbose:
            print(f"{time.monotonic() - began:6.1f} s  {line(scores[-1])}", flush=True)
    return tuple(scores)


def line(one: Score) -> str:
    """One score in a line."""
    reasons = f"  [{'; '.join(one.reasons)}]" if one.reasons else ""
    return f"{one.outcome:9}  {one.case.dataset}: {one.case.question.ask}{reasons}"


def table(scores: Sequence[Score]) -> str:
    """Shares by data set, by question type, and over all."""
    by_set = {name: [one for one in scores if one.case.dataset == name] for name in sorted({one.case.dataset for one in scores})}
    by_type = {name: [one for one in scores if one.case.question.type == name] for name in TYPES}
    head = f"{'':20}{'n':>6}{'right':>9}{'wrong':>9}{'undecided':>11}"
    blocks = ([_row(name, some) for name, some in group.items() if some] for group in (by_set, by_type))
    return "\n".join([head, *next(blocks), "", *next(blocks), "", _row("all", scores)])


def _row(name: str, scores: Sequence[Score]) -> str:
    counts = Counter(one.outcome for one in scores)
    right, wrong, undecided = (f"{counts[outcome] / len(scores):.1%}" for outcome in OUTCOMES)
    return f"{name:20}{len(scores):6d}{right:>9}{wrong:>9}{undecided:>11}"


def share(scores: Sequence[Score], outcome: Outcome) -> float:
    """Share of the scores that have the outcome."""
    return sum(one.outcome == outcome for one in scores) / len(scores)


def rules_designer() -> Designer:
    """The designer that needs no model."""
    from kosmos_graph.agents.rules_designer import RulesDesigner

    return RulesDesigner()


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.questions", description="Score a designer on hand-written questions."
    )
    parser.add_argument("--designer", default="rules", help="rules, or a model as `kosmos-graph run --designer` takes it")
    parser.add_argument("--api-base", help="where the model is served; its key comes from the environment")
    parser.add_argument("--limit", type=int, help="ask that many questions, drawn evenly and always the same ones")
    parser.add_argument("--set", dest="dataset", help="ask about one data set only")
    parser.add_argument("--verbose", action="store_true", help="print every score as it comes")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Run the benchmark; 2 if there is nothing to ask."""
    given = arguments(words)
    files = [file for file in read_question_files() if given.dataset in (None, file.dataset)]
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_cases(files, Path(folder))
        cases = _drawn(loaded.cases, given.limit)
        if not cases:
            print("\n".join(["nothing to ask", *loaded.skipped]), file=sys.stderr)
            return 2
        designer = rules_designer() if given.designer == "rules" else _model_designer(given)
        began = time.monotonic()
        scores = asyncio.run(score_all(cases, designer, verbose=given.verbose))
    _print_summary(given.designer, scores, loaded.skipped, time.monotonic() - began)
    return 0


def _model_designer(given: argparse.Namespace) -> Designer:
    from benchmarks.model_under_test import model_designer

    return model_designer(given.designer, given.api_base)


def _drawn(cases: Sequence[Case], limit: int | None) -> Sequence[Case]:
    if limit is None or limit >= len(cases):
        return cases
    return [cases[index] for index in sorted(random.Random(0).sample(range(len(cases)), limit))]


def _print_summary(designer: str, scores: Sequence[Score], skipped: Sequence[str], seconds: float) -> None:
    sets = len({one.case.dataset for one in scores})
    print(f"{designer}: {len(scores)} questions over {sets} data sets in {seconds:.1f} s\n\n{table(scores)}")
    for outcome in ("wrong", "undecided"):
        chosen = [line(one) for one in scores if one.outcome == outcome]
        if chosen:
            print("\n" + "\n".join(chosen))
    if skipped:
        print("\n" + "\n".join(skipped))


if __name__ == "__main__":
    sys.exit(main())
