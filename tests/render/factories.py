"""Records of runs over made-up data, with results of the real catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from kosmos_graph.agents.protocol import Evidence, Material
from kosmos_graph.agents.rules_analyst import analysis_of, synthesis_of
from kosmos_graph.data.dataset import Dataset
from kosmos_graph.domain.analysis import Analysis, Deviation, Judgement, Sentence, Study, Synthesis
from kosmos_graph.domain.calls import CallUsage, Fallback
from kosmos_graph.domain.data_card import Kind
from kosmos_graph.domain.design import Alternative, Design, LockedPlan, Protocol, Review, ReviewItem
from kosmos_graph.domain.hypothesis import Direction, Expectation, Hypothesis, Target, Task
from kosmos_graph.domain.question import Options, Question
from kosmos_graph.domain.results import Artefact, Execution
from kosmos_graph.domain.study_sheet import SmallestEffect, StudySheet
from kosmos_graph.experiments.catalogue import get_method
from kosmos_graph.experiments.comparison import caveats_of
from kosmos_graph.experiments.method import NotApplicable
from kosmos_graph.experiments.runner import context_of
from kosmos_graph.experiments.sample import draw_sample
from kosmos_graph.experiments.verdict import judge
from kosmos_graph.render.record import Record
from tests.experiments.factories import make_dataset

ROWS = 120


def penguins(seed: int = 1, rows: int = ROWS) -> Dataset:
    """Three species with masses apart, a binary sex, a treatment, a baseline, dates and a few missing values."""
    rng = np.random.default_rng(seed)
    species = rng.choice(["Adelie", "Chinstrap", "Gentoo"], rows)
    flipper = 190 + 12 * (species == "Gentoo") + rng.normal(0, 5, rows)
    mass = 3700 + 900 * (species == "Gentoo") + 20 * (flipper - 195) + rng.normal(0, 350, rows)
    before = mass - 60 + rng.normal(0, 90, rows)
    treatment = rng.choice(["drug", "placebo"], rows)
    recovered = np.where(rng.random(rows) < np.where(treatment == "drug", 0.7, 0.35), "yes", "no")
    noise = rng.normal(0, 1, rows)
    mass_cells: list[float | None] = [float(one) for one in mass]
    for place in range(0, rows, 13):
        mass_cells[place] = None
    days = [f"{2000 + place // 12:04d}-{place % 12 + 1:02d}-01" for place in range(rows)]
    return make_dataset(
        {
            "species": species.tolist(),
            "body_mass_g": mass_cells,
            "flipper_length_mm": flipper.tolist(),
            "mass_before_g": before.tolist(),
            "treatment": treatment.tolist(),
            "recovered": recovered.tolist(),
            "noise": noise.tolist(),
            "dose": rng.choice(["low", "middle", "high"], rows).tolist(),
            "month": days,
            "level_cm": (50 + 0.1 * np.arange(rows) + 3 * (np.arange(rows) >= rows // 2) + rng.normal(0, 1, rows)).tolist(),
        },
        kinds={"month": Kind.DATETIME},
        orders={"dose": ["low", "middle", "high"]},
        statements={
            "body_mass_g": {"unit": "g"},
            "mass_before_g": {"unit": "g"},
            "flipper_length_mm": {"unit": "mm"},
            "level_cm": {"unit": "cm"},
        },
    )


@dataclass(frozen=True)
class Case:
    """One hypothesis, the method that tests it, and what it is tested on."""

    method: str
    task: Task
    outcome: str
    statement: str
    predictors: tuple[str, ...] = ()
    direction: Direction | None = None
    expects: Expectation = "effect"
    alternative: Alternative = "two-sided"
    covariates: tuple[str, ...] = ()
    delta: float | None = None
    target: Mapping[str, Any] = field(default_factory=dict)


MASS = "body_mass_g"
SPECIES = {"levels": ("Gentoo", "Adelie")}
ALIKE = {"levels": ("Chinstrap", "Adelie")}
DRUG = {"levels": ("drug", "placebo")}

CASES: dict[str, Case] = {
    "welch, as predicted": Case(
        "welch_t", "compare", MASS, "Gentoo are heavier than Adelie", ("species",), "positive", target=SPECIES
    ),
    "welch, opposite": Case("welch_t", "compare", MASS, "Gentoo are lighter than Adelie", ("species",), "negative", target=SPECIES),
    "welch, no direction": Case("welch_t", "compare", MASS, "The species differ in mass", ("species",), target=SPECIES),
    "welch, reversed groups": Case(
        "welch_t", "compare", MASS, "Adelie are lighter", ("species",), "negative", target={"levels": ("Adelie", "Gentoo")}
    ),
    "welch, open": Case("welch_t", "compare", "noise", "Noise differs by treatment", ("treatment",), "positive", target=DRUG),
    "welch, within delta": Case(
        "welch_t", "compare", "noise", "Noise is higher with drug", ("treatment",), "positive", delta=5.0, target=DRUG
    ),
    "welch, one-sided": Case(
        "welch_t", "compare", MASS, "Gentoo are heavier", ("species",), "positive", alternative="greater", target=SPECIES
    ),
    "welch, one-sided the other way": Case(
        "welch_t", "compare", MASS, "Gentoo are lighter", ("species",), "negative", alternative="less", target=SPECIES
    ),
    "tost, supported": Case(
        "tost", "compare", "noise", "Noise is alike", ("treatment",), expects="no effect", delta=1.0, target=DRUG
    ),
    "tost, inconclusive": Case(
        "tost", "compare", MASS, "Chinstrap and Adelie weigh alike", ("species",), expects="no effect", delta=5.0, target=ALIKE
    ),
    "no effect, refuted": Case(
        "welch_t", "compare", MASS, "Gentoo and Adelie weigh alike", ("species",), expects="no effect", delta=50.0, target=SPECIES
    ),
    "mann-whitney": Case("mann_whitney", "compare", MASS, "Gentoo are heavier", ("species",), "positive", target=SPECIES),
    "one sample": Case("one_sample_t", "compare", MASS, "Mean mass exceeds 3,500 g", (), "positive", target={"reference": 3500.0}),
    "one proportion": Case(
        "one_sample_proportion",
        "compare",
        "recovered",
        "More than half recover",
        (),
        "positive",
        target={"success": "yes", "reference": 0.5},
    ),
    "paired, wide": Case("paired_t", "change", MASS, "Mass rose", (), "positive", target={"baseline": "mass_before_g"}),
    "several groups": Case("welch_anova", "compare", MASS, "Mass differs between species", ("species",)),
    "several groups, open": Case("welch_anova", "compare", "noise", "Noise differs between species", ("species",)),
    "several groups, direction predicted": Case(
        "kruskal_wallis", "compare", MASS, "Mass rises by species", ("species",), "positive"
    ),
    "ordered groups": Case("linear_contrast", "compare", "noise", "Noise rises with dose", ("dose",), "positive"),
    "proportions": Case(
        "risk_difference",
        "compare",
        "recovered",
        "More recover with the drug",
        ("treatment",),
        "positive",
        target={**DRUG, "success": "yes"},
    ),
    "proportions, exact": Case(
        "boschloo_exact",
        "compare",
        "recovered",
        "Fewer recover with the drug",
        ("treatment",),
        "negative",
        target={**DRUG, "success": "yes"},
    ),
    "table": Case("chi_square", "associate", "recovered", "Recovery and species hang together", ("species",)),
    "table, compared": Case("chi_square", "compare", "species", "Species differ by treatment", ("treatment",)),
    "correlation": Case("pearson", "associate", MASS, "Longer flippers go with mass", ("flipper_length_mm",), "positive"),
    "correlation, open": Case("spearman", "associate", "noise", "Noise goes with flippers", ("flipper_length_mm",), "positive"),
    "slope": Case("linear_regression", "associate", MASS, "Longer flippers go with mass", ("flipper_length_mm",), "negative"),
    "slope, adjusted": Case(
        "linear_regression",
        "affect",
        MASS,
        "What affects mass: flippers",
        ("flipper_length_mm",),
        "positive",
        covariates=("species",),
    ),
    "factor, adjusted": Case("linear_regression", "affect", MASS, "What affects mass: species", ("species", "flipper_length_mm")),
    "ancova": Case(
        "ancova",
        "affect",
        MASS,
        "The drug causes higher mass",
        ("treatment",),
        "positive",
        covariates=("mass_before_g",),
        target=DRUG,
    ),
    "logistic": Case(
        "logistic_regression",
        "affect",
        "recovered",
        "Flippers affect recovery",
        ("flipper_length_mm", "species"),
        target={"success": "yes"},
    ),
    "logistic, groups": Case(
        "logistic_regression",
        "affect",
        "recovered",
        "The drug helps recovery",
        ("treatment",),
        "positive",
        covariates=("noise",),
        target={**DRUG, "success": "yes"},
    ),
    "permutation": Case("permutation_test", "compare", MASS, "Gentoo are heavier", ("species",), "positive", target=SPECIES),
    "bootstrap": Case("bootstrap_interval", "compare", MASS, "Gentoo are heavier", ("species",), "positive", target=SPECIES),
    "trend": Case("trend_hac", "trend", "level_cm", "The level rises", (), "positive", target={"time": "month"}),
    "trend, open": Case("trend_hac", "trend", "noise", "Noise falls", (), "negative", target={"time": "month"}),
    "step": Case(
        "step_hac",
        "step",
        "level_cm",
        "The level fell in 2005",
        (),
        "negative",
        target={"time": "month", "change_at": "2005-01-01"},
    ),
    "estimate, mean": Case(
        "estimate", "estimate", MASS, "How heavy are penguins?", (), expects="estimate", target={"quantity": "mean"}
    ),
    "estimate, by group": Case("estimate", "estimate", MASS, "How heavy is each species?", ("species",), expects="estimate"),
    "estimate, share": Case(
        "estimate", "estimate", "recovered", "How many recover?", (), expects="estimate", target={"success": "yes"}
    ),
    "estimate, quantile": Case(
        "estimate",
        "estimate",
        MASS,
        "What do the heaviest tenth weigh?",
        (),
        expects="estimate",
        target={"quantity": "quantile", "quantile": 0.9},
    ),
}


def make_hypothesis(case: Case, number: int = 1) -> Hypothesis:
    """The hypothesis of a case."""
    return Hypothesis(
        id=f"c1h{number}",
        cycle=1,
        statement=case.statement,
        rationale="The question asks for it.",
        task=case.task,
        expects=case.expects,
        direction=case.direction,
        target=make_target(case),
        author="rules",
    )


def make_target(case: Case) -> Target:
    """The target of a case."""
    return Target(dataset="data.csv", outcome=case.outcome, predictors=case.predictors, **case.target)


def make_design(case: Case, number: int = 1) -> Design:
    """The design of a case."""
    return Design(
        key=f"c1h{number}g1",
        hypothesis=f"c1h{number}",
        method=case.method,
        method_reason="The kinds of the columns admit it.",
        target=make_target(case),
        covariates=case.covariates,
        alternative=case.alternative,
        delta=None if case.delta is None else SmallestEffect(value=case.delta, source="user"),
        protocol=Protocol(objective="See whether it holds.", steps=("Compare.",), refuted_by="A difference the other way."),
        author="rules",
    )


def make_execution(dataset: Dataset, design: Design, sheet: StudySheet | None = None, options: Options | None = None) -> Execution:
    """The design's execution, without drawing: what the runner does around a method. Equal arguments are computed once."""
    settled = options or Options()
    content = (
        dataset.frame.to_csv(),
        design.model_dump_json(),
        (sheet or StudySheet()).model_dump_json(),
        settled.model_dump_json(),
    )
    key = hashlib.sha256("\0".join(content).encode()).hexdigest()
    if key not in _executions:
        _executions[key] = _executed(dataset, design, sheet or StudySheet(), settled)
    return _executions[key]


_executions: dict[str, Execution] = {}


def _executed(dataset: Dataset, design: Design, sheet: StudySheet, settled: Options) -> Execution:
    method, context = get_method(design.method), context_of(design, settled)
    sample = draw_sample(dataset, design, sheet)
    primary = method.run(sample, design, context)
    beside = []
    for name in method.sensitivity:
        try:
            beside.append(get_method(name).run(sample, design, context))
        except NotApplicable:
            continue
    result = primary.model_copy(update={"caveats": primary.caveats + caveats_of(primary, beside, settled.alpha)})
    return Execution(key=design.key, design=design.key, status="ok", result=result, sensitivity=tuple(beside))


def make_material(dataset: Dataset, question: str = "Which penguins are heavier?", sheet: StudySheet | None = None) -> Material:
    """What a run over one data set is about."""
    return Material(question=Question(text=question), cards=(dataset.card,), sheet=sheet or StudySheet(), options=Options())


def make_record(
    cases: Sequence[Case],
    *,
    dataset: Dataset | None = None,
    question: str = "Which penguins are heavier?",
    sheet: StudySheet | None = None,
) -> Record:
    """The record of a run of `rules` over the cases, each a hypothesis of the first cycle."""
    data = dataset or penguins()
    material = make_material(data, question, sheet)
    hypotheses = tuple(make_hypothesis(case, number) for number, case in enumerate(cases, start=1))
    designs = tuple(make_design(case, number) for number, case in enumerate(cases, start=1))
    studies = {
        hypothesis.id: make_study(material, hypothesis, design, make_execution(data, design, sheet))
        for hypothesis, design in zip(hypotheses, designs, strict=True)
    }
    judgements = make_judgements(hypotheses, studies)
    record = Record(
        run_id="r-0123456789",
        material=material,
        hypotheses=hypotheses,
        notes=("body_mass_g was taken as the outcome.",),
        plans=(make_plan(material, hypotheses, designs),),
        studies=studies,
        judgements=judgements,
        designers=("rules",),
        analysts=("rules",),
        versions={"kosmos-graph": "0.1.0", "scipy": "1.16.0"},
        prompts={"plan_research": "cd" * 32},
        started="2026-11-23T10:00:00+00:00",
        finished="2026-11-23T10:00:02+00:00",
        seconds=2.0,
    )
    return replace(record, synthesis=make_synthesis(record))


def make_study(material: Material, hypothesis: Hypothesis, design: Design, execution: Execution) -> Study:
    """A study analysed by `rules`."""
    result = execution.result
    sentences = analysis_of(material, hypothesis, design, execution, result) if result is not None else ()
    analysis = Analysis(key=f"{design.key}g1", hypothesis=hypothesis.id, sentences=sentences, author="rules")
    title = result.title if result is not None else ""
    return Study(
        hypothesis=hypothesis.id,
        design=design,
        execution=execution,
        analysis=analysis,
        figure=Artefact(sha256="ab" * 32, suffix="png", caption=f"{design.target.outcome}: {title}"),
        status="analysed",
    )


def make_judgements(hypotheses: Sequence[Hypothesis], studies: Mapping[str, Study]) -> dict[str, Judgement]:
    """The verdicts of the real rule."""
    entries = [(hypothesis, result) for hypothesis in hypotheses if (result := studies[hypothesis.id].execution.result) is not None]
    size = sum(hypothesis.expects != "estimate" for hypothesis in hypotheses)
    return {judgement.hypothesis: judgement for judgement in judge(entries, 0.05, size)}


def make_evidence(record: Record) -> tuple[Evidence, ...]:
    """The judged studies of a record."""
    return tuple(
        Evidence(hypothesis, record.studies[hypothesis.id], record.judgements[hypothesis.id])
        for hypothesis in record.hypotheses
        if hypothesis.id in record.judgements
    )


def make_synthesis(record: Record) -> Synthesis:
    """The synthesis of `rules`."""
    texts = synthesis_of(record.material, make_evidence(record))
    sentences = tuple(Sentence(section="interpretation", text=text) for text in texts)
    return Synthesis(key="synthesisg1", sentences=sentences, author="rules")


def make_plan(material: Material, hypotheses: tuple[Hypothesis, ...], designs: tuple[Design, ...]) -> LockedPlan:
    """A locked plan of the first cycle."""
    return LockedPlan(
        cycle=1,
        question=material.question,
        data=tuple((card.name, card.sha256) for card in material.cards),
        options=material.options,
        hypotheses=hypotheses,
        designs=designs,
        sha256="ef" * 32,
    )


def rejected_review(key: str, *findings: str) -> Review:
    """A review that rejects a design for these findings."""
    items = tuple(
        ReviewItem(check="kinds", severity="hard", aspect="rigour", finding=finding, remedy="Choose another method.")
        for finding in findings
    )
    return Review(key=key, items=items, rigour=0.5, completeness=1.0, feasibility=0.5)


def with_trouble(record: Record) -> Record:
    """The record with calls, a fallback, a deviation, dropped sentences, and hypotheses that are not answered for each reason."""
    first = record.hypotheses[0]
    extra = tuple(
        first.model_copy(update={"id": f"c1h{number}", "statement": f"Statement {letter}"})
        for number, letter in ((91, "A"), (92, "B"), (93, "C"), (94, "D"))
    )
    deviation = Deviation(hypothesis=first.id, planned="welch_t", done="mann_whitney", reason="the experiment timed out")
    study = record.studies[first.id]
    analysis = study.analysis.model_copy(update={"dropped": 2}) if study.analysis is not None else None
    failed = study.model_copy(
        update={
            "hypothesis": "c1h93",
            "execution": Execution(key="c1h93g1", design="c1h93g1", status="failed", error="All values of the outcome are equal."),
            "analysis": None,
            "status": "not answered",
        }
    )
    plan = record.plans[0].model_copy(update={"struck": ("c1h92",), "approved_by": "user"})
    calls = (
        CallUsage(model="ollama/llama3.1:8b", role="designer", input_tokens=1200, output_tokens=80, cost=None, seconds=1.5),
        CallUsage(model="openai/gpt-4o", role="analyst", input_tokens=900, output_tokens=120, cost=0.0034, seconds=0.9),
    )
    fallback = Fallback(
        role="designer",
        node="design_study",
        branch="c1h1",
        from_model="ollama/llama3.1:8b",
        to_model="rules",
        reason="the server is not there",
    )
    return replace(
        record,
        hypotheses=(*record.hypotheses, *extra),
        plans=(plan,),
        studies={
            **record.studies,
            first.id: study.model_copy(update={"deviations": (deviation,), "analysis": analysis}),
            "c1h93": failed,
        },
        reviews={"c1h91": (rejected_review("c1h91g1", "the outcome is free text", "there are too few rows"),)},
        calls=calls,
        fallbacks=(fallback,),
    )
