from __future__ import annotations

from dataclasses import replace

import pytest

from kosmos_graph.agents.protocol import Analyst
from kosmos_graph.agents.rules_analyst import RulesAnalyst, is_noteworthy
from kosmos_graph.claims.check import check_sentences, study_licence, synthesis_licence
from kosmos_graph.domain.results import Execution, Measure
from kosmos_graph.domain.study_sheet import Covariate, StudySheet
from kosmos_graph.render.record import Record
from tests.render.factories import CASES, make_evidence, make_record, penguins

DATA = penguins()
SHEETS = {
    "no sheet": StudySheet(),
    "randomised": StudySheet(design="randomised", treatment="treatment", declared=("design", "treatment")),
    "confounders": StudySheet(covariates=(Covariate(column="noise", role="confounder"),), declared=("covariates",)),
    "before-after": StudySheet(design="before-after", declared=("design",)),
}


def texts(record: Record, section: str) -> list[str]:
    analysis = record.studies["c1h1"].analysis
    assert analysis is not None
    return [sentence.text for sentence in analysis.sentences if sentence.section == section]


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=SHEETS)
@pytest.mark.parametrize("name", CASES)
def test_every_sentence_is_licensed_by_its_result(name, sheet):
    record = make_record([CASES[name]], dataset=DATA, sheet=sheet)
    study = record.studies["c1h1"]
    assert study.execution.result is not None and study.analysis is not None
    licence = study_licence(record.hypotheses[0], study.design, study.execution.result, sheet, 0.05, DATA.card)
    check = check_sentences("key", study.analysis.sentences, licence)
    assert check.rejected == ()
    assert {sentence.section for sentence in check.accepted} >= {"interpretation", "confounders", "follow-ups"}


def test_every_sentence_of_a_synthesis_is_licensed():
    record = make_record([case for name, case in CASES.items() if "estimate" not in name], dataset=DATA)
    found = tuple((one.hypothesis, one.study, one.judgement) for one in make_evidence(record))
    licence = synthesis_licence(found, record.material.cards, record.material.sheet)
    assert record.synthesis is not None and record.synthesis.sentences
    assert check_sentences("key", record.synthesis.sentences, licence).rejected == ()


def test_names_of_the_data_never_enter_a_template():
    record = make_record([CASES["welch, as predicted"]], dataset=DATA)
    written = " ".join(sentence.text for sentence in record.studies["c1h1"].analysis.sentences)
    assert not any(name in written for name in ("body_mass_g", "species", "Gentoo", "Adelie"))


def test_paired_measurements_without_a_control_changed_and_had_no_effect():
    record = make_record([CASES["paired, wide"]], dataset=DATA)
    assert "changed" in texts(record, "interpretation")[0]
    assert "Without a control group" in texts(record, "confounders")[0]


def test_declared_confounders_are_named_as_adjusted_for_or_not():
    sheet = SHEETS["confounders"]
    unadjusted = make_record([CASES["welch, as predicted"]], dataset=DATA, sheet=sheet)
    assert any("{unadjusted}" in text for text in texts(unadjusted, "confounders"))
    adjusted = make_record([replace(CASES["ancova"], covariates=("noise",))], dataset=DATA, sheet=sheet)
    assert any("{adjusted_for}" in text for text in texts(adjusted, "confounders"))
    assert not any("{unadjusted}" in text for text in texts(adjusted, "confounders"))


def test_a_sensitivity_result_that_disagrees_is_an_anomaly():
    record = make_record([CASES["welch, as predicted"]], dataset=DATA)
    study = record.studies["c1h1"]
    other = study.execution.result.model_copy(update={"p_value": 0.5, "title": "Mann–Whitney test"})
    execution = study.execution.model_copy(update={"sensitivity": (other,)})
    from kosmos_graph.agents.rules_analyst import analysis_of

    sentences = analysis_of(record.material, record.hypotheses[0], study.design, execution, study.execution.result)
    assert any("disagrees" in sentence.text for sentence in sentences if sentence.section == "anomalies")


def test_measures_stand_out_only_outside_their_range():
    assert is_noteworthy(Measure(name="skewness, Gentoo", value=-2.5, meaning=""))
    assert not is_noteworthy(Measure(name="skewness, Gentoo", value=0.2, meaning=""))
    assert is_noteworthy(Measure(name="smallest expected count", value=3.0, meaning=""))


async def test_a_failed_execution_is_not_spoken_of():
    analyst: Analyst = RulesAnalyst()
    record = make_record([CASES["welch, as predicted"]], dataset=DATA)
    failed = Execution(key="c1h1g1", design="c1h1g1", status="failed", error="it timed out")
    said = await analyst.analyse_study(record.material, record.hypotheses[0], record.studies["c1h1"].design, failed, ())
    assert said == () and analyst.author == "rules"


async def test_one_result_makes_no_synthesis_and_two_opposite_ones_a_conflict():
    analyst = RulesAnalyst()
    case = CASES["welch, as predicted"]
    one = make_record([case], dataset=DATA)
    assert await analyst.synthesise_findings(one.material, make_evidence(one), ()) == ()
    two = make_record([case, case], dataset=DATA)
    first, second = make_evidence(two)
    effect = second.study.execution.result.effect
    flipped = effect.model_copy(update={"value": -effect.value, "low": -effect.high, "high": -effect.low})
    result = second.study.execution.result.model_copy(update={"effect": flipped})
    execution = second.study.execution.model_copy(update={"result": result})
    opposed = replace(second, study=second.study.model_copy(update={"execution": execution}))
    agreeing = await analyst.synthesise_findings(two.material, (first, second), ())
    conflicting = await analyst.synthesise_findings(two.material, (first, opposed), ())
    assert any("the same direction" in sentence.text for sentence in agreeing)
    assert any("opposite directions" in sentence.text for sentence in conflicting)
