import pytest

from kosmos_graph.agents.model_code import SAME
from kosmos_graph.agents.model_designer import ModelDesigner
from kosmos_graph.domain.code_experiment import CodeExperiment, DeclaredResult
from kosmos_graph.domain.results import Execution
from kosmos_graph.experiments.review import review_design
from tests.agents.reading_cards import PENGUINS, card, levels, number
from tests.agents.scripted import ScriptedAsker
from tests.agents.test_model_designer import SEX, WORDS, hypothesis, material

FEW = card("few.csv", levels("g", "a", "b", n=(1, 1)), number("y"), rows=2)
CODE = "def experiment(data, seed):\n    frame = data['few.csv']\n    return {'spread': float(frame['y'].std())}\n"
REPLY = {
    "objective": "Look at how far the values lie apart.",
    "results": [{"name": "spread", "kind": "number", "meaning": "standard deviation of the values"}],
    "code": CODE,
}
EXPERIMENT = CodeExperiment(
    code=CODE, results=(DeclaredResult(name="spread", kind="number", meaning="standard deviation of the values"),)
)


def few():
    return hypothesis(dataset="few.csv", outcome="y", predictors=("g",), levels=("a", "b"))


def designer(*answers, holds=True):
    asker = ScriptedAsker(answers)
    return asker, ModelDesigner(asker, code_holds=lambda: holds)


async def test_where_no_method_fits_the_model_is_asked_for_code_and_review_takes_it():
    asker, model = designer(REPLY)
    one, about = few(), material(SEX, FEW)
    design = await model.design_study(about, one, 1, ())
    assert asker.schemas == ["CodeReply"]
    assert (design.method, design.code, design.author) == ("code", EXPERIMENT, "scripted")
    assert design.method_reason == "no method of the catalogue answers it"
    assert design.protocol.objective == "Look at how far the values lie apart."
    assert review_design(design, one, FEW, about.sheet, about.options, ()).accepted


@pytest.mark.parametrize(("when", "holds"), [("never", True), ("needed", False), ("offered", False)])
async def test_without_leave_or_a_sandbox_nobody_is_asked_for_code(when, holds):
    asker, model = designer(holds=holds)
    design = await model.design_study(material(SEX, FEW, code=when), few(), 1, ())
    assert (asker.asked, design.code) == ([], None)


async def test_code_is_among_the_methods_only_where_it_is_offered():
    asker, model = designer({"method": "code"}, {**REPLY, "code": CODE.replace("few", "penguins")})
    design = await model.design_study(material(code="offered"), hypothesis(), 1, ())
    assert (asker.schemas, design.method) == (["MethodReply", "CodeReply"], "code")
    assert design.method_reason == "the designer chose to write the experiment itself"
    needed, model = designer({"method": "welch_t"}, WORDS)
    await model.design_study(material(code="needed"), hypothesis(), 1, ())
    assert '"code"' not in needed.texts


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"code": "library(stats)\nt.test(y ~ g)"}, "not Python"),
        ({"code": "print(1)"}, "does not define the function experiment"),
        ({"code": "def experiment(data, seed):\n    pass"}, "returns nothing"),
        ({"code": "def experiment(data):\n    return {}"}, "exactly data and seed"),
        ({"code": "x = 1\0"}, "not Python"),
        ({"code": "(" * 5000}, "not Python"),
        ({"results": [{"name": "spread", "kind": "number", "meaning": "about 12 metres"}]}, "in words, without numbers"),
        ({"results": REPLY["results"] * 2}, "the same name"),
    ],
)
async def test_what_can_be_said_against_code_without_executing_it_goes_back_to_the_model(change, reason):
    asker, model = designer({**REPLY, **change}, REPLY)
    design = await model.design_study(material(SEX, FEW), few(), 1, ())
    assert any(reason in text for text in asker.asked[1].reasons)
    assert design.code == EXPERIMENT


async def test_a_model_that_writes_no_python_twice_is_left_to_the_review_which_rejects_it_in_a_sentence():
    other = {**REPLY, "code": "fit <- lm(y ~ g, data = d)"}
    asker, model = designer(other, other)
    one, about = few(), material(SEX, FEW)
    design = await model.design_study(about, one, 1, ())
    sentence = "The code is not Python: invalid syntax, in line 1."
    assert (len(asker.asked), asker.asked[1].reasons) == (2, (sentence,))
    found = review_design(design, one, FEW, about.sheet, about.options, ())
    assert [item.finding for item in found.items if item.severity == "hard"] == [
        "The code is not Python: invalid syntax, in line 1."
    ]


async def test_a_repair_that_changes_nothing_is_sent_back_once():
    asker, model = designer(REPLY, {**REPLY, "code": f"\n{CODE}"}, REPLY)
    base = await ModelDesigner(ScriptedAsker([REPLY]), code_holds=lambda: True).design_study(material(SEX, FEW), few(), 1, ())
    failed = Execution(key="c1h1g1", design="c1h1g1", status="failed", error="the code raised KeyError in line 2: 'few.csv'")
    await model.repair_study(material(SEX, FEW), few(), ((base, failed),), 2)
    assert [one.reasons for one in asker.asked] == [(), (SAME,)]


async def test_a_repair_shows_the_model_its_code_and_the_error():
    mended = CODE.replace("frame['y']", "frame.y")
    asker, model = designer({**REPLY, "code": mended})
    base = await ModelDesigner(ScriptedAsker([REPLY]), code_holds=lambda: True).design_study(material(SEX, FEW), few(), 1, ())
    error = "the code raised KeyError in line 2: 'few.csv'\n\n'Ann'"
    failed = Execution(key="c1h1g1", design="c1h1g1", status="failed", error=error)
    repaired = await model.repair_study(material(SEX, FEW), few(), ((base, failed),), 2)
    said = asker.asked[0].prompt.user
    assert "KeyError: 'few.csv' (line 2: frame = data['few.csv'])" in said
    assert "Ann" not in said
    assert CODE.strip() in said
    assert (repaired.key, repaired.code.code, repaired.target) == ("c1h1g2", mended, base.target)


async def test_where_no_sandbox_holds_any_more_nobody_is_asked_to_mend_code():
    base = await ModelDesigner(ScriptedAsker([REPLY]), code_holds=lambda: True).design_study(material(SEX, FEW), few(), 1, ())
    refused = Execution(key="c1h1g1", design="c1h1g1", status="failed", error="no sandbox holds")
    asker, model = designer(holds=False)
    assert await model.repair_study(material(SEX, FEW), few(), ((base, refused),), 2) is None
    assert asker.asked == []


async def test_equal_material_gives_an_equal_prompt():
    prompts = []
    for _ in range(2):
        asker, model = designer(REPLY)
        await model.design_study(material(SEX, FEW), few(), 1, ())
        prompts.append(asker.asked[0].prompt)
    assert prompts[0] == prompts[1]


async def test_a_design_with_code_and_another_method_is_rejected():
    one, about = hypothesis(), material()
    design = await ModelDesigner(ScriptedAsker()).design_study(about, one, 1, ())
    mixed = design.model_copy(update={"code": EXPERIMENT})
    found = review_design(mixed, one, PENGUINS, about.sheet, about.options, ())
    assert [item.check for item in found.items if item.severity == "hard"] == ["code"]
