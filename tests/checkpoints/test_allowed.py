"""A checkpoint holds the types of the domain and of the state, and no others."""

from kosmos_graph.checkpoints.allowed import STATE, allowed_types, serializer
from kosmos_graph.domain.question import Question
from kosmos_graph.domain.value import Value
from kosmos_graph.graph import state


def test_every_value_of_the_state_is_allowed():
    own = {
        (value.__module__, value.__name__)
        for value in vars(state).values()
        if isinstance(value, type) and issubclass(value, Value) and value.__module__ == state.__name__
    }
    assert own == set(STATE)


def test_every_value_of_the_domain_is_allowed():
    assert ("kosmos_graph.domain.results", "TestResult") in allowed_types()
    assert len(allowed_types()) == len(set(allowed_types())) > 40


def test_an_allowed_value_survives_and_another_type_is_not_rebuilt():
    kept = serializer()
    assert kept.loads_typed(kept.dumps_typed(Question(text="ü"))) == Question(text="ü")
    stranger = kept.loads_typed(kept.dumps_typed(Stranger(text="x")))
    assert not isinstance(stranger, Stranger)


class Stranger(Value):
    """A type that no checkpoint holds."""

    text: str
