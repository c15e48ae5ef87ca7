"""The page for people who come from Kosmos: every example on it runs, and gives what it says."""

from __future__ import annotations

import asyncio
import gc
import os
import re
from pathlib import Path

import pytest

import kosmos_graph
from kosmos_graph import (
    analyze,
    design_experiments,
    get_analyst,
    get_chat_model,
    get_designer,
    material_of,
    report_of,
    run_experiments,
)
from kosmos_graph.errors import BadInput, DataChanged, MissingKey, UnknownModel
from kosmos_graph.settings import load_settings
from tests.loopback import LoopbackServer, Received, Reply, first_choice

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "coming-from-kosmos.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SERVER = "http://localhost:1234/v1"
PENGUINS = ROOT / "examples" / "penguins.csv"


def answers(received: Received) -> Reply:
    """The first value that a schema admits, else the prompt's last line given back."""
    return Reply(f"On: {received.prompt.splitlines()[-1]}") if received.schema is None else first_choice(received)


@pytest.fixture(scope="module")
def page():
    """The names that the page's blocks define, run in order, and the server that they asked."""
    names: dict[str, object] = {"__name__": "page"}
    with LoopbackServer(answers) as server, pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        patch.setitem(kosmos_graph.Settings.model_config, "env_file", None)
        for name in {name.upper() for name in kosmos_graph.Settings.model_fields} & os.environ.keys():
            patch.delenv(name)
        for number, block in enumerate(BLOCKS, start=1):
            exec(compile(block.replace(SERVER, server.base()), f"block {number}", "exec", dont_inherit=True), names)
        names["server"] = server
    gc.collect()
    return names


def test_the_page_maps_every_call():
    calls = ("get_provider", "generate", "generate_async", "generate_with_messages", "generate_structured", "generate_stream")
    calls += ("get_usage_stats", "design_experiments", "analyze")
    headings = re.findall(r"^## (\w+)$", PAGE, re.MULTILINE)
    table = PAGE[: PAGE.index("\n## ")]
    assert [call for call in calls if call not in headings or f"{call}(" not in table] == []
    assert SERVER in BLOCKS[0]


def test_a_providers_configuration_is_the_models_arguments(page):
    first = page["server"].requests[0].body
    assert (first["model"], first["max_tokens"], first["temperature"]) == ("local-model", 4096, 0.7)


def test_generate_gives_text_usage_and_ending(page):
    assert (page["text"], page["tokens"], page["ending"]) == ("On: Explain quantum computing.", 17, "stop")
    assert [(part["role"], part["content"]) for part in page["server"].requests[0].body["messages"]] == [
        ("system", "Be concise."),
        ("user", "Explain quantum computing."),
    ]


def test_what_holds_for_one_call_is_sent_with_that_call(page):
    sent = page["server"].requests[1].body
    assert page["short"] == page["text"]
    assert (sent["max_tokens"], sent["temperature"], sent["stop"]) == (200, 0.2, ["\n\n"])
    assert [part["role"] for part in sent["messages"]] == ["user"]


def test_asynchronous_calls_give_each_its_own_reply(page):
    assert (page["quantum"].text, page["dna"].text) == ("On: Explain quantum computing.", "On: Explain DNA computing.")


def test_tuples_and_message_objects_are_sent_alike(page):
    (tuples, objects) = [request.body for request in page["server"].requests if len(request.body["messages"]) == 4]
    assert tuples == objects
    assert [part["role"] for part in tuples["messages"]] == ["system", "user", "assistant", "user"]
    assert page["as_tuples"].text == page["as_objects"].text == "On: And a qutrit?"


def test_structured_replies_are_an_object_and_a_dictionary(page):
    assert page["claim"] == page["Claim"](statement="text", strength="weak")
    assert page["as_dictionary"] == {"statement": "text", "strength": "weak"}


@pytest.mark.parametrize("wrapped", ["```json\n{}\n```", "<think>A claim is {{asked}} for.</think>\n{}"])
def test_fences_and_reasoning_are_taken_off_structured_replies(page, wrapped):
    reply = wrapped.replace("{}", '{"statement": "Large.", "strength": "strong"}')
    with LoopbackServer([Reply(reply)]) as server:
        chat = get_chat_model("openai/local-model", api_base=server.base())
        assert chat.with_structured_output(page["schema"]).invoke("?") == {"statement": "Large.", "strength": "strong"}


def test_a_reply_that_is_no_json_or_does_not_fit_the_class_raises_what_the_page_says(page):
    from langchain_core.exceptions import OutputParserException

    for reply in ("penguins are large", '{"statement": "Large."}'):
        with LoopbackServer([Reply(reply)]) as server, pytest.raises(OutputParserException):
            get_chat_model("openai/local-model", api_base=server.base()).with_structured_output(page["Claim"]).invoke("?")


def test_a_stream_gives_the_text_in_chunks(page):
    assert page["streamed"] == "On: Explain quantum computing."
    assert sum(request.stream for request in page["server"].requests) == 1


def test_usage_counts_every_call_of_the_page_streams_included(page):
    used = page["used"]
    assert (used.calls, used.input_tokens, used.output_tokens) == (9, 9 * 12, 9 * 5)
    assert (used.cost, used.unknown_price_calls) == (None, 9)


def test_wrong_names_and_missing_keys_are_found_before_a_call():
    with pytest.raises(UnknownModel):
        get_chat_model("not-a-model")
    with pytest.raises(MissingKey):
        get_chat_model("anthropic", model="claude-3-5-sonnet-20241022")


def test_the_designer_answers_for_every_hypothesis_of_the_page(page):
    outcome = page["my_outcome"]
    assert (outcome.hypothesis, outcome.failure, outcome.design.method) == (page["mine"], None, "linear_regression")
    assert 0 <= outcome.review.rigour <= 1


def test_the_batch_report_says_what_was_computed_with_every_reference_filled_in(page):
    report, analysis = page["report"], page["analysis"]
    assert [finding.verdict for finding in report.findings] == ["supported", "supported"]
    assert [finding.author for finding in report.findings] == ["user", "rules"]
    least, largest = sorted(report.findings, key=lambda finding: finding.p_value)
    assert (least.p_adjusted, largest.p_adjusted) == (2 * least.p_value, largest.p_value)
    said = [report.answer, *report.synthesis, *(text for finding in report.findings for text in finding.interpretation)]
    assert said[1:] and not any("{" in text for text in said)
    assert analysis.failure is None


def test_the_same_calls_serve_agents_that_are_bound_to_a_model(page):
    assert {outcome.design.author for outcome in page["outcomes"]} == {"openai/local-model"}
    assert [outcome.hypothesis.author for outcome in page["outcomes"]] == ["user", "openai/local-model"]
    assert page["analysis"].synthesis.author == "openai/local-model"


FLAT = [*[("sunny", 5.0), ("shady", 4.0)] * 20, *(("other", 3.0 + 0.125 * row) for row in range(20))]
"""Beds of which two have no spread, so that they cannot be compared by a t test."""


def study(question: str, data, about=None):
    """The batch calls on one question by rules, from the material to the report."""

    async def calls():
        material = material_of(question, data, about=about)
        plan = await get_designer("rules").plan_research(material, 1, ())
        outcomes = await design_experiments(get_designer("rules"), material, plan.hypotheses)
        results = await run_experiments(material, outcomes)
        return material, results, await analyze(get_analyst("rules"), material, results)

    return asyncio.run(calls())


def test_the_batch_finds_what_a_whole_run_finds(tmp_path):
    question = "Do Gentoo penguins have a larger body mass than Adelie penguins?"
    whole = kosmos_graph.start(question, [PENGUINS], home=tmp_path).result
    batch = report_of(*study(question, PENGUINS))
    assert batch.answer == whole.answer
    drawn = {"figure", "figure_caption"}  # a batch writes no file, so it names none
    assert [finding.model_dump(exclude=drawn) for finding in batch.findings] == [
        finding.model_dump(exclude=drawn) for finding in whole.findings
    ]


def test_an_experiment_that_fails_is_reported_as_not_answered(tmp_path):
    data = tmp_path / "flat.csv"
    data.write_text("bed,height\n" + "\n".join(f"{bed},{height}" for bed, height in FLAT))
    material, results, analysis = study("Does height differ between sunny and shady?", data)
    report = report_of(material, results, analysis)
    assert [result.execution.status for result in results] == ["failed"]
    assert report.findings == ()
    assert report.unanswered[0].reason == results[0].execution.error == analysis.outcomes[0].failure


def test_designs_without_an_experiment_are_not_run_and_changed_data_are_refused(tmp_path):
    data = tmp_path / "penguins.csv"
    data.write_bytes(PENGUINS.read_bytes())
    material = material_of("Is bill length associated with body mass?", data)
    plan = asyncio.run(get_designer("rules").plan_research(material, 1, ()))
    elsewhere = plan.hypotheses[0].model_copy(
        update={"id": "c1h2", "target": plan.hypotheses[0].target.model_copy(update={"outcome": "plumage"})}
    )
    outcomes = asyncio.run(design_experiments(get_designer("rules"), material, (elsewhere, *plan.hypotheses)))
    assert [result.hypothesis.id for result in asyncio.run(run_experiments(material, outcomes))] == ["c1h1"]
    data.write_text("bill,mass\n1,2\n2,3\n")
    with pytest.raises(DataChanged):
        asyncio.run(run_experiments(material, outcomes))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"question": " "}, "a question is needed"),
        ({"data": []}, "a question needs data"),
        ({"data": "no-such-file.csv"}, "no-such-file.csv"),
        ({"about": {"primary_outcome": "wingspan"}}, "wingspan"),
        ({"options": {"alpha": 2}}, "option alpha"),
    ],
)
def test_bad_material_is_refused_with_the_reason(arguments, complaint):
    with pytest.raises(BadInput, match=re.escape(complaint)):
        material_of(**{"question": "Is bill length associated with body mass?", "data": PENGUINS, **arguments})


def test_material_takes_a_path_or_several_and_a_sheet_as_a_file():
    trial, sheet = ROOT / "examples" / "tutoring.csv", ROOT / "examples" / "tutoring.about.yaml"
    material = material_of("Does tutoring raise the score?", str(trial), about=sheet, options={"alpha": 0.01})
    assert material == material_of("Does tutoring raise the score?", [trial], about=str(sheet), options={"alpha": 0.01})
    assert (material.sheet.design, material.options.alpha) == ("randomised", 0.01)
    both = material_of("Does tutoring raise the score?", [trial, PENGUINS])
    assert [card.name for card in both.cards] == ["tutoring.csv", "penguins.csv"]


def test_one_agent_can_be_had_without_the_keys_of_the_other():
    settings = load_settings(kosmos_analyst_model="claude-3-5-sonnet-20241022")
    assert get_designer(settings=settings).author == "rules"
    with pytest.raises(MissingKey):
        get_analyst(settings=settings)
