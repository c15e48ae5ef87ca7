from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kosmos_graph.claims.references import hypothesis_of, meaning_of, pieces, references_in, study_references
from kosmos_graph.domain.study_sheet import StudySheet
from kosmos_graph.render.fill import fill, study_values
from tests.render.factories import CASES, make_record, penguins

DATA = penguins()


@pytest.mark.parametrize("name", CASES)
def test_every_licensed_reference_has_a_value_and_a_meaning(name):
    record = make_record([CASES[name]], dataset=DATA)
    hypothesis, study = record.hypotheses[0], record.studies["c1h1"]
    references = study_references(hypothesis, study.design, study.execution.result, StudySheet())
    values = study_values(hypothesis, study.design, study.execution.result, record.judgements["c1h1"], StudySheet(), 0.05)
    assert [one for one in references if not values.get(one)] == []
    assert all(meaning_of(one) for one in references)


def test_references_are_read_once_and_in_order():
    assert references_in("{effect} in {c1h2.group_a}, {measure_1}") == ("effect", "c1h2.group_a", "measure_1")
    assert hypothesis_of("c1h2.effect") == "c1h2" and hypothesis_of("effect") is None
    assert meaning_of("c1h2.measure_3") == meaning_of("measure_1")


def test_a_value_that_looks_like_a_reference_is_not_filled_again():
    assert fill("{outcome} is {effect}", {"outcome": "{effect}", "effect": "{outcome}"}) == "{effect} is {outcome}"


def test_p_is_written_once_however_the_sentence_puts_it():
    values = {"p": "p = 0.03", "p_adjusted": "adjusted p = 0.06"}
    for text in ("({p})", "(p = {p})", "(p {p})", "(p-value of {p})"):
        assert fill(text, values) == "(p = 0.03)"
    assert fill("with {p_adjusted}", values) == "with adjusted p = 0.06"


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="{}ep.ab1 \\", max_size=30))
def test_taking_a_template_apart_loses_nothing(text):
    assert "".join(f"{{{piece.text}}}" if piece.reference else piece.text for piece in pieces(text)) == text
    fill(text, {"e": "x"})
