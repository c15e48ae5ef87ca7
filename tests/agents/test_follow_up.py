"""Plain questions of survival, where the study sheet states how long each row was followed and what it was followed for."""

import pytest

from kosmos_graph.agents.reading.follow_up import in_columns
from kosmos_graph.agents.reading.read import read_question
from kosmos_graph.domain.study_sheet import StudySheet
from tests.agents.reading_cards import card, levels, number

PATIENTS = card(
    "patients.csv",
    levels("treatment", "treated", "control"),
    number("age", 30, 90),
    levels("smoker", "yes", "no", n=(120, 180)),
    number("days", 1, 1200),
    levels("death", "yes", "no"),
)
FOLLOWED = StudySheet(duration="days", event="death", declared=("duration", "event"))


def claimed(question, sheet=FOLLOWED):
    reading = read_question(question, (PATIENTS,), sheet)
    assert reading.decided, reading.undecided
    claim = reading.claims[0]
    return claim.target.outcome, claim.target.predictors, claim.target.levels, claim.direction


TREATED, SMOKERS = ("treated", "control"), ("yes", "no")


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Do treated patients survive longer than control patients?", ("days", ("treatment",), TREATED, "positive")),
        ("Do treated patients live longer?", ("days", ("treatment",), TREATED, "positive")),
        ("Do smokers die sooner?", ("days", ("smoker",), SMOKERS, "negative")),
        ("Does survival differ between treatment groups?", ("days", ("treatment",), TREATED, None)),
        ("Is the time to death longer with treatment = treated?", ("days", ("treatment",), TREATED, "positive")),
        ("Does age affect survival?", ("days", ("age",), None, None)),
        ("Does age shorten survival?", ("days", ("age",), None, "negative")),
        ("Is survival related to age?", ("days", ("age",), None, None)),
    ],
)
def test_words_of_survival_are_about_the_duration(question, expected):
    assert claimed(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Is the risk of death higher in smokers?", ("days", ("smoker",), SMOKERS, "negative")),
        ("Is mortality lower in treated than in control patients?", ("days", ("treatment",), TREATED, "positive")),
        ("Does age affect mortality?", ("days", ("age",), None, None)),
        ("Is the hazard of death higher in older patients?", ("days", ("age",), None, "negative")),
        ("Are patients who died older?", ("days", ("age",), None, "negative")),
    ],
)
def test_a_higher_risk_is_a_shorter_time(question, expected):
    assert claimed(question) == expected


def test_a_note_says_that_the_time_is_compared_and_not_the_share():
    (note,) = read_question("Is the risk of death higher in smokers?", (PATIENTS,), FOLLOWED).notes
    assert note == "death is the event that days waits for, so the time until it is compared: a higher risk is a shorter time."


def test_without_a_duration_the_event_is_a_share_and_survival_is_not_guessed_at():
    assert claimed("Is the risk of death higher in smokers?", StudySheet())[0] == "death"
    undecided = read_question("Do treated patients survive longer than control patients?", (PATIENTS,), StudySheet()).undecided
    assert "no column of the data matches “survive”" in undecided


@pytest.mark.parametrize(
    "question", ["Does chemotherapy prolong survival?", "Does survival differ between hospitals?", "Do women survive longer?"]
)
def test_a_question_of_survival_about_what_the_data_lack_is_left_undecided(question):
    assert not read_question(question, (PATIENTS,), FOLLOWED).decided


def test_what_affects_survival_leaves_out_the_event():
    reading = read_question("What affects survival?", (PATIENTS,), FOLLOWED)
    assert [claim.target.predictors[0] for claim in reading.claims] == ["treatment", "age", "smoker"]


def test_how_much_is_asked_of_the_duration():
    target = read_question("How long do patients survive?", (PATIENTS,), FOLLOWED).targets[0]
    assert (target.outcome, target.quantity, target.quantile, target.predictors) == ("days", "quantile", 0.5, ())


def test_a_sentence_that_names_the_duration_stays_as_it_is():
    question = "Are days until survival longer in smokers?"
    assert in_columns(question, PATIENTS, FOLLOWED) == question


RELAPSING = card(
    "trial.csv",
    levels("arm", "new", "old"),
    number("age", 30, 90),
    number("weeks", 0, 60, unit="weeks"),
    levels("relapse", "yes", "no"),
)
WAITED = StudySheet(duration="weeks", event="relapse", declared=("duration", "event"))


def relapsing(question):
    reading = read_question(question, (RELAPSING,), WAITED)
    assert reading.decided, reading.undecided
    return reading.claims[0]


@pytest.mark.parametrize(
    "question",
    [
        "How long until relapse?",
        "How many weeks until relapse?",
        "How long does it take to relapse?",
        "How many weeks does it take until the first relapse?",
        "How long do patients take to relapse?",
        "After how many weeks do patients relapse?",
        "How soon do patients relapse?",
        "When do patients relapse?",
        "What is the median time to relapse?",
    ],
)
def test_how_long_until_the_event_is_the_median_duration(question):
    target = relapsing(question).target
    assert (target.outcome, target.quantity, target.quantile, target.filters) == ("weeks", "quantile", 0.5, ())


def test_how_long_for_some_of_the_rows_keeps_to_these():
    for question in ("How long until relapse in the new arm?", "How long do patients in the new arm take to relapse?"):
        target = relapsing(question).target
        assert [(one.column, one.value) for one in target.filters] == [("arm", "new")]
    smokers = read_question("How long do smokers survive?", (PATIENTS,), FOLLOWED).targets[0]
    assert [(one.column, one.value) for one in smokers.filters] == [("smoker", "yes")]
    assert relapsing("How many weeks until relapse in each arm?").target.predictors == ("arm",)


NEW, OLD = ("new", "old"), ("old", "new")


@pytest.mark.parametrize(
    ("question", "levels_", "direction"),
    [
        ("Does the new arm relapse later than the old arm?", NEW, "positive"),
        ("Do patients in the new arm relapse sooner than in the old arm?", NEW, "negative"),
        ("Is relapse earlier in the old arm?", OLD, "negative"),
        ("Does relapse come later in the new arm than in the old arm?", NEW, "positive"),
        ("Does relapse occur earlier with old than with new?", OLD, "negative"),
        ("Does it take longer to relapse in the new arm than in the old arm?", NEW, "positive"),
        ("Is it longer until relapse in the new arm?", NEW, "positive"),
        ("Does the new arm take less time to relapse than the old arm?", NEW, "negative"),
        ("Does the new arm delay relapse compared with the old arm?", NEW, "positive"),
        ("Is the relapse delayed in the new arm?", NEW, "positive"),
        ("Do patients in the new arm stay relapse-free longer than in the old arm?", NEW, "positive"),
        ("Do older patients relapse sooner?", None, "negative"),
        ("Does age hasten relapse?", None, "negative"),
    ],
)
def test_sooner_and_later_are_a_shorter_and_a_longer_duration(question, levels_, direction):
    claim = relapsing(question)
    assert (claim.target.outcome, claim.target.levels, claim.direction) == ("weeks", levels_, direction)


def test_the_mean_time_is_that_of_the_duration():
    assert (relapsing("What is the average time until relapse?").target.outcome) == "weeks"


@pytest.mark.parametrize("question", ["What share of patients relapse?", "What proportion of patients had a relapse?"])
def test_a_share_of_the_event_is_said_to_ignore_the_follow_up(question):
    (note,) = read_question(question, (RELAPSING,), WAITED).notes
    assert note == "relapse is the event that weeks waits for, and a share of it ignores how long each row was followed."


@pytest.mark.parametrize("sheet", [StudySheet(), WAITED])
@pytest.mark.parametrize("question", ["How long after relapse?", "How long is the relapse?"])
def test_how_long_is_never_answered_by_a_share(question, sheet):
    assert "it asks how long, and relapse is binary" in (read_question(question, (RELAPSING,), sheet).undecided or "")


PARTS = card(
    "parts.csv", number("days_to_failure", 1, 90), levels("failed", "yes", "no"), levels("material", "steel", "brass", n=(60, 60))
)
LASTED = StudySheet(duration="days_to_failure", event="failed", declared=("duration", "event"))


@pytest.mark.parametrize(
    ("question", "levels_", "direction"),
    [
        ("Does steel fail later than brass?", ("steel", "brass"), "positive"),
        ("Do steel parts fail later than brass parts?", ("steel", "brass"), "positive"),
        ("Does failure come sooner in brass than in steel?", ("brass", "steel"), "negative"),
        ("Do brass parts fail sooner?", ("brass", "steel"), "negative"),
        ("Is failure more common in steel?", ("steel", "brass"), "negative"),
        ("Is the risk of failure higher in steel?", ("steel", "brass"), "negative"),
        ("Are the days to failure higher in steel?", ("steel", "brass"), "positive"),
        ("Is the failure time longer in steel?", ("steel", "brass"), "positive"),
    ],
)
def test_a_word_of_the_events_stem_is_the_event(question, levels_, direction):
    (claim,) = read_question(question, (PARTS,), LASTED).claims
    assert (claim.target.outcome, claim.target.levels, claim.direction) == ("days_to_failure", levels_, direction)


@pytest.mark.parametrize(
    ("question", "steel"),
    [("How long until a part fails?", False), ("When do parts fail?", False), ("How long until a steel part fails?", True)],
)
def test_until_a_part_fails_is_the_median_duration(question, steel):
    target = read_question(question, (PARTS,), LASTED).targets[0]
    assert (target.outcome, target.quantile, len(target.filters)) == ("days_to_failure", 0.5, int(steel))


@pytest.mark.parametrize("which", ["a cheap part fails", "the first part fails", "all parts fail", "half of the parts fail"])
def test_until_some_that_the_data_do_not_tell_apart_is_no_median(which):
    undecided = read_question(f"How long until {which}?", (PARTS,), LASTED).undecided or ""
    assert "ask for the median of days_to_failure" in undecided
