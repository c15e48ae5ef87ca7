import asyncio
from dataclasses import dataclass, field

import pytest

from kosmos_graph.agents.batch import MAX_CLAIM_TRIES, MAX_DESIGNS, ExperimentResult, analyze, design_experiments
from kosmos_graph.agents.model_analyst import ModelAnalyst
from kosmos_graph.agents.model_designer import ModelDesigner
from kosmos_graph.agents.rules_analyst import RulesAnalyst
from kosmos_graph.agents.rules_designer import RulesDesigner
from kosmos_graph.domain.analysis import Sentence
from kosmos_graph.domain.results import Execution
from kosmos_graph.errors import Transient
from tests.agents.scripted import ScriptedAsker
from tests.agents.studies import LEAFIER, TALLER, about, executed, garden_material

NO_COLUMN = about(3, "height", "gravel", "a", "b")
SOILS = about(4, "height", "soil", "sand", "clay")


@dataclass
class Delayed:
    """Passes on to `inner`; later hypotheses are answered first, and those named in `failing` not at all."""

    inner: object
    failing: tuple[str, ...] = ()
    author: str = "delayed"
    at_once: int = 0
    most_at_once: int = 0
    finished: list[str] = field(default_factory=list)

    async def design_study(self, material, hypothesis, generation, reviews):
        return await self._answer(hypothesis, self.inner.design_study(material, hypothesis, generation, reviews))

    async def analyse_study(self, material, hypothesis, *rest):
        return await self._answer(hypothesis, self.inner.analyse_study(material, hypothesis, *rest))

    async def synthesise_findings(self, material, evidence, rejected):
        if "synthesis" in self.failing:
            raise Transient("the server is down")
        return await self.inner.synthesise_findings(material, evidence, rejected)

    async def _answer(self, hypothesis, answer):
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        for _ in range(20 - 2 * int(hypothesis.id[-1])):
            await asyncio.sleep(0)
        self.at_once -= 1
        result = await answer
        if hypothesis.id in self.failing:
            raise Transient("the server is down")
        self.finished.append(hypothesis.id)
        return result


async def results(*hypotheses):
    material = garden_material()
    outcomes = await design_experiments(RulesDesigner(), material, hypotheses)
    return material, tuple(ExperimentResult(one.hypothesis, one.design, executed(one.design, material)) for one in outcomes)


async def test_every_hypothesis_has_one_outcome_in_order_failures_included():
    designer = Delayed(RulesDesigner(), failing=("c1h2",))
    hypotheses = (TALLER, LEAFIER, NO_COLUMN, SOILS)
    outcomes = await design_experiments(designer, garden_material(), hypotheses)
    assert tuple(one.hypothesis for one in outcomes) == hypotheses
    assert designer.finished[0] == "c1h4"
    taller, leafier, no_column, soils = outcomes
    assert taller.failure is None and taller.review.accepted and taller.design.method == "welch_t"
    assert (leafier.failure, leafier.design, leafier.review) == ("the server is down", None, None)
    assert ".;" not in no_column.failure and not no_column.failure.endswith(".")
    assert no_column.failure.startswith(f"no design passed the review in {MAX_DESIGNS} tries: ") and "gravel" in no_column.failure
    assert not no_column.review.accepted
    assert soils.failure is None


async def test_designs_are_made_together_up_to_the_bound():
    for parallel, most in ((64, 3), (1, 1)):
        designer = Delayed(RulesDesigner())
        await design_experiments(designer, garden_material(parallel=parallel), (TALLER, LEAFIER, SOILS))
        assert designer.most_at_once == most


async def test_a_rejected_design_goes_back_with_its_review():
    seen = []

    class Stubborn(RulesDesigner):
        async def design_study(self, material, hypothesis, generation, reviews):
            seen.append([review.accepted for review in reviews])
            design = await super().design_study(material, hypothesis, generation, ())
            return design if generation == 3 else design.model_copy(update={"method": "paired_t"})

    (outcome,) = await design_experiments(Stubborn(), garden_material(), (TALLER,))
    assert seen == [[], [False], [False, False]]
    assert (outcome.design.key, outcome.failure) == ("c1h1g3", None)


async def test_a_hypothesis_about_no_data_set_of_the_run_is_a_failure_of_its_own():
    elsewhere = TALLER.model_copy(update={"target": TALLER.target.model_copy(update={"dataset": "moon.csv"})})
    first, second = await design_experiments(RulesDesigner(), garden_material(), (elsewhere, SOILS))
    assert first.failure == "there is no data set 'moon.csv'"
    assert second.failure is None


async def test_no_hypotheses_make_no_outcomes():
    assert await design_experiments(RulesDesigner(), garden_material(), ()) == ()
    empty = await analyze(RulesAnalyst(), garden_material(), ())
    assert (empty.outcomes, empty.synthesis, empty.failure) == ((), None, "there is no result to synthesise")


async def test_a_model_and_rules_serve_the_same_batch():
    asker = ScriptedAsker()
    outcomes = await design_experiments(ModelDesigner(asker), garden_material(), (TALLER, SOILS))
    assert [one.failure for one in outcomes] == [None, None]
    assert {one.design.author for one in outcomes} == {"scripted"}


async def test_results_are_judged_as_one_family_and_analysed_in_order():
    material, found = await results(TALLER, LEAFIER)
    analyst = Delayed(RulesAnalyst(), author="rules")
    batch = await analyze(analyst, material, found)
    assert [one.judgement.verdict for one in batch.outcomes] == ["supported", "inconclusive"]
    assert batch.outcomes[0].judgement.p_adjusted == pytest.approx(2 * found[0].execution.result.p_value)
    assert analyst.finished == ["c1h2", "c1h1"]
    assert [one.analysis.hypothesis for one in batch.outcomes] == ["c1h1", "c1h2"]
    assert batch.synthesis.sentences
    assert batch.failure is None


async def test_a_failed_experiment_and_a_failed_model_are_values():
    material, found = await results(TALLER, LEAFIER, SOILS)
    failed = ExperimentResult(SOILS, found[2].design, Execution(key="k", design="d", status="failed", error="the kernel died"))
    batch = await analyze(Delayed(RulesAnalyst(), failing=("c1h2", "synthesis")), material, (*found[:2], failed))
    taller, leafier, soils = batch.outcomes
    assert taller.failure is None
    assert (leafier.analysis, leafier.failure) == (None, "the server is down") and leafier.judgement is not None
    assert (soils.analysis, soils.judgement, soils.failure) == (None, None, "the kernel died")
    assert taller.judgement.p_adjusted == pytest.approx(3 * found[0].execution.result.p_value)
    assert (batch.synthesis, batch.failure) == (None, "the server is down")


async def test_sentences_that_no_result_licenses_are_sent_back_and_then_dropped():
    material, found = await results(TALLER)
    drafts = []

    @dataclass
    class Boasting:
        author: str = "boasting"

        async def analyse_study(self, material, hypothesis, design, execution, rejected):
            drafts.append(rejected)
            return (
                Sentence(section="interpretation", text="The difference was {effect}."),
                Sentence(section="interpretation", text="Light causes 5 cm of growth."),
            )

        async def synthesise_findings(self, material, evidence, rejected):
            return (Sentence(section="interpretation", text="The hypothesis is {c1h1.verdict}."),)

    batch = await analyze(Boasting(), material, found)
    analysis = batch.outcomes[0].analysis
    assert [sentence.text for sentence in analysis.sentences] == ["The difference was {effect}."]
    assert (analysis.dropped, len(drafts)) == (1, MAX_CLAIM_TRIES)
    assert [rejection.text for rejection in drafts[1]] == ["Light causes 5 cm of growth."]
    assert [sentence.text for sentence in batch.synthesis.sentences] == ["The hypothesis is {c1h1.verdict}."]


async def test_two_results_for_one_hypothesis_are_refused():
    material, found = await results(TALLER)
    with pytest.raises(ValueError, match="entered twice"):
        await analyze(RulesAnalyst(), material, (*found, *found))


async def test_a_model_analyses_a_batch():
    material, found = await results(TALLER, LEAFIER)
    batch = await analyze(ModelAnalyst(ScriptedAsker()), material, found)
    assert [one.analysis.author for one in batch.outcomes] == ["scripted", "scripted"]
