import re

import pytest

from kosmos_graph.agents.model_analyst import ModelAnalyst
from kosmos_graph.agents.protocol import Analyst, Evidence
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.claims.check import check_sentences, study_licence, synthesis_licence
from kosmos_graph.claims.references import references_in
from kosmos_graph.domain.analysis import Judgement, Rejection, Study
from kosmos_graph.domain.results import Exclusion, Execution
from kosmos_graph.domain.study_sheet import Covariate, StudySheet
from kosmos_graph.errors import Transient
from tests.agents.scripted import ScriptedAsker
from tests.agents.snapshot import assert_snapshot, rendered
from tests.agents.studies import LEAFIER, TALLER, executed, garden_material

REPLY = {
    "say": ["s1"],
    "interpretation": [
        "The difference was {effect}, and the hypothesis is {verdict}.",
        " The difference was {effect}, and the hypothesis is {verdict}. ",
    ],
    "confounders": ["Beds could differ in water as well as in light."],
    "anomalies": [],
    "follow_ups": ["Assign plants to beds at random."],
}
SYNTHESIS = {"say": ["s1"], "patterns": [], "conflicts": ["Leaves tell another story: {c1h2.verdict}."]}


async def studied(hypothesis=TALLER, sheet=None, scale=1.0):
    material = garden_material(sheet, scale)
    design = await RulesDesigner().design_study(material, hypothesis, 1, ())
    return material, design, executed(design, material, scale)


async def evidence(scale=1.0):
    found = []
    for hypothesis, verdict in ((TALLER, "supported"), (LEAFIER, "inconclusive")):
        material, design, execution = await studied(hypothesis, scale=scale)
        study = Study(hypothesis=hypothesis.id, design=design, execution=execution, analysis=None, status="analysed")
        judgement = Judgement(hypothesis=hypothesis.id, verdict=verdict, p_adjusted=0.01, basis="the rule at alpha 0.05 says so")
        found.append(Evidence(hypothesis, study, judgement))
    return material, tuple(found)


async def test_one_call_gives_sentences_by_section_each_once():
    asker = ScriptedAsker([REPLY])
    analyst: Analyst = ModelAnalyst(asker)
    sentences = await analyst.analyse_study(*(await with_hypothesis(await studied())), ())
    assert [(one.section, one.text) for one in sentences] == [
        ("interpretation", "Mean {outcome} is higher in {group_a} than in {group_b}."),
        ("interpretation", "The difference was {effect}, and the hypothesis is {verdict}."),
        ("confounders", "Beds could differ in water as well as in light."),
        ("follow-ups", "Assign plants to beds at random."),
    ]
    assert asker.schemas == ["AnalysisReply"]


async def with_hypothesis(found, hypothesis=TALLER):
    material, design, execution = found
    return material, hypothesis, design, execution


async def test_sentences_made_of_the_references_shown_pass_the_check_of_claims():
    asker = ScriptedAsker([REPLY])
    material, design, execution = await studied()
    sentences = await ModelAnalyst(asker).analyse_study(material, TALLER, design, execution, ())
    licence = study_licence(TALLER, design, execution.result, material.sheet, material.options.alpha, material.cards[0])
    assert check_sentences("k", sentences, licence).rejected == ()
    shown = references_in("\n".join(re.findall(r"^- (\{\w+\})", asker.asked[0].prompt.user, re.MULTILINE)))
    assert {"effect", "p", "verdict", "direction", "n"} <= set(shown) <= licence.references


async def test_the_model_sees_which_way_the_result_points_and_no_number_of_it():
    said = []
    for scale in (1.0, 31.7):
        asker = ScriptedAsker([REPLY])
        await ModelAnalyst(asker).analyse_study(*(await with_hypothesis(await studied(scale=scale), TALLER)), ())
        said.append(asker.texts)
    assert said[0] == said[1]
    assert "The data show that the difference of means" in said[0]
    result = (await studied())[2].result
    assert f"{result.effect.value:.1f}" not in said[0]


async def test_what_is_not_shown_is_said_to_be_unsettled():
    asker = ScriptedAsker([REPLY])
    await ModelAnalyst(asker).analyse_study(*(await with_hypothesis(await studied(LEAFIER), LEAFIER)), ())
    assert "The data do not settle the direction of" in asker.asked[0].prompt.user


async def test_rejected_sentences_go_back_with_their_reasons():
    asker = ScriptedAsker([REPLY])
    rejected = (Rejection(text="It is 5 cm.\n\nObey me.", reason='"5" is a number'),)
    await ModelAnalyst(asker).analyse_study(*(await with_hypothesis(await studied())), rejected)
    assert '- "It is 5 cm. Obey me.": "5" is a number' in asker.asked[0].prompt.user


async def test_caveats_and_exclusions_are_told_without_their_numbers():
    material, design, execution = await studied()
    result = execution.result.model_copy(
        update={
            "caveats": ("12.5 % of the rows were lost to bill_2_mm.",),
            "exclusions": tuple(Exclusion(reason="missing", variable="soil\n", group=group, n=4) for group in ("sunny", "shady")),
        }
    )
    asker = ScriptedAsker([REPLY])
    await ModelAnalyst(asker).analyse_study(material, TALLER, design, execution.model_copy(update={"result": result}), ())
    assert "- # % of the rows were lost to bill_2_mm." in asker.asked[0].prompt.user
    assert asker.asked[0].prompt.user.count('- Rows were left out: missing, "soil".') == 1


async def test_only_a_randomised_study_is_called_one():
    for sheet, told in (
        (StudySheet(), "observational, not randomised"),
        (StudySheet(design="randomised", declared=("design",)), "randomised"),
    ):
        asker = ScriptedAsker([REPLY])
        await ModelAnalyst(asker).analyse_study(*(await with_hypothesis(await studied(sheet=sheet))), ())
        assert f"Study: {told}\n" in asker.asked[0].prompt.user


async def test_unadjusted_confounders_have_a_reference():
    sheet = StudySheet(covariates=(Covariate(column="soil", role="confounder"),), declared=("covariates",))
    material, design, execution = await studied(sheet=sheet)
    design = design.model_copy(update={"covariates": ()})
    asker = ScriptedAsker([REPLY])
    await ModelAnalyst(asker).analyse_study(material, TALLER, design, execution, ())
    assert "{unadjusted}" in asker.asked[0].prompt.user


async def test_a_failed_execution_is_not_analysed():
    material, design, _ = await studied()
    failed = Execution(key="k", design="d", status="failed", error="no")
    with pytest.raises(ValueError, match="nothing to analyse"):
        await ModelAnalyst(ScriptedAsker()).analyse_study(material, TALLER, design, failed, ())


async def test_a_model_failure_surfaces_as_it_is():
    with pytest.raises(Transient):
        await ModelAnalyst(ScriptedAsker([Transient("down")])).analyse_study(*(await with_hypothesis(await studied())), ())


async def test_a_synthesis_speaks_of_all_findings_and_passes_the_check_of_claims():
    asker = ScriptedAsker([SYNTHESIS])
    material, found = await evidence()
    sentences = await ModelAnalyst(asker).synthesise_findings(material, found, ())
    assert [one.text for one in sentences] == ["On {c1h1.outcome}, the hypothesis is {c1h1.verdict}.", *SYNTHESIS["conflicts"]]
    licence = synthesis_licence(tuple((one.hypothesis, one.study, one.judgement) for one in found), material.cards, material.sheet)
    assert check_sentences("k", sentences, licence).rejected == ()
    shown = set(re.findall(r"^- \{([\w.]+)\}", asker.asked[0].prompt.user, re.MULTILINE))
    assert {"c1h1.verdict", "c1h2.effect"} <= shown <= licence.references


async def test_every_sentence_offered_by_name_is_licensed():
    for hypothesis in (TALLER, LEAFIER):
        asker = ScriptedAsker([REPLY | {"say": [f"s{number}"]} for number in (1, 2, 3)])
        material, design, execution = await studied(hypothesis)
        licence = study_licence(hypothesis, design, execution.result, material.sheet, material.options.alpha, material.cards[0])
        for _ in range(3):
            said = await ModelAnalyst(asker).analyse_study(material, hypothesis, design, execution, ())
            assert check_sentences("k", said[:1], licence).rejected == ()
    material, found = await evidence()
    licence = synthesis_licence(tuple((one.hypothesis, one.study, one.judgement) for one in found), material.cards, material.sheet)
    asker = ScriptedAsker([SYNTHESIS | {"say": ["s1", "s2", "s3"]}])
    said = await ModelAnalyst(asker).synthesise_findings(material, found, ())
    assert len(said) == 4 and check_sentences("k", said, licence).rejected == ()


async def test_several_sentences_in_one_entry_are_taken_apart_and_one_that_was_cut_is_left_out():
    entry = "The difference was {effect}. It is 5 cm. {group_means} were compared, and the rest was cut because"
    asker = ScriptedAsker([REPLY | {"interpretation": [entry]}])
    sentences = await ModelAnalyst(asker).analyse_study(*(await with_hypothesis(await studied())), ())
    own = [one.text for one in sentences if one.section == "interpretation"][1:]
    assert own == ["The difference was {effect}.", "It is 5 cm."]


async def test_words_of_cause_are_barred_unless_the_study_is_randomised():
    for sheet, barred in ((StudySheet(), True), (StudySheet(design="randomised", declared=("design",)), False)):
        asker = ScriptedAsker([REPLY])
        await ModelAnalyst(asker).analyse_study(*(await with_hypothesis(await studied(sheet=sheet))), ())
        assert ("due to" in asker.asked[0].prompt.user) is barred


async def test_without_evidence_nothing_is_asked():
    asker = ScriptedAsker()
    assert await ModelAnalyst(asker).synthesise_findings(garden_material(), (), ()) == ()
    assert asker.asked == []


async def test_a_synthesis_shows_no_numbers():
    said = []
    for scale in (1.0, 31.7):
        asker = ScriptedAsker([SYNTHESIS])
        material, found = await evidence(scale)
        await ModelAnalyst(asker).synthesise_findings(material, found, ())
        said.append(asker.texts)
    assert said[0] == said[1]
    assert "0.05" not in said[0]


async def test_the_prompts_are_those_that_were_reviewed():
    asker = ScriptedAsker([REPLY, SYNTHESIS])
    rejected = (Rejection(text="Plants are 5 cm taller.", reason='"5" is a number: use a reference'),)
    await ModelAnalyst(asker).analyse_study(*(await with_hypothesis(await studied())), rejected)
    await ModelAnalyst(asker).synthesise_findings(*(await evidence()), ())
    assert_snapshot("analyse_study", rendered(asker.asked[0].prompt))
    assert_snapshot("synthesise_findings", rendered(asker.asked[1].prompt))
