"""Whole runs by rules on factors that may depend on each other, and on three and more measurements of the same units."""

from pathlib import Path

import numpy as np
import pytest

from kosmos_graph import start
from kosmos_graph.settings import Settings

PENGUINS = Path(__file__).parents[2] / "examples" / "penguins.csv"
LEVELS = ("quiet", "music", "noise")
GRADES = ("poor", "fair", "good")


@pytest.fixture
def ask(tmp_path):
    def ask(question, data, about=None):
        settings = Settings(_env_file=None, litellm_model="rules", kosmos_home=tmp_path / "home")
        report = start(question, [data], about=about, settings=settings).result
        (text,) = (path.read_text(encoding="utf-8") for path in tmp_path.glob("home/runs/*/report.md"))
        (finding,) = report.findings
        return finding, " ".join(text.replace("\\", "").split())

    return ask


@pytest.fixture
def repeated(tmp_path):
    """A file with a row for each of 20 subjects under each of three conditions: a score, and a grade that follows it."""
    draw = np.random.default_rng(3)
    own = draw.normal(50, 8, 20)
    rows = ["subject,condition,score,grade"]
    for subject in range(20):
        for place, level in enumerate(LEVELS):
            gain = 3 * place + draw.normal(0, 2)
            rows.append(f"s{subject:02},{level},{own[subject] + gain:.2f},{GRADES[int(np.clip(gain // 3, 0, 2))]}")
    path = tmp_path / "repeated.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_a_difference_between_the_sexes_that_depends_on_the_species_is_found_by_the_factorial_analysis(ask):
    finding, text = ask("Does the effect of sex on body mass depend on species?", PENGUINS)
    assert (finding.method, finding.verdict) == ("factorial_anova", "supported")
    assert "relation of sex with" in text
    assert "depends on species: partial ω² (body_mass_g by sex × species) 0.05" in text


def test_conditions_of_the_same_subjects_are_compared_within_them(ask, repeated):
    finding, text = ask("Does the score differ between the conditions?", repeated, {"pair": "subject"})
    assert (finding.method, finding.verdict) == ("repeated_measures_anova", "supported")
    assert (
        "Mean score differs between the groups of condition: partial ω² (score between the levels of condition, within subject)"
        in text
    )


def test_ordered_outcomes_of_the_same_subjects_are_ranked_within_them(ask, repeated):
    sheet = {"pair": "subject", "dictionary": {"grade": {"order": list(GRADES)}}}
    finding, text = ask("Does the grade differ between the conditions?", repeated, sheet)
    assert (finding.method, finding.verdict) == ("friedman", "supported")
    assert "Kendall's W (grade between the levels of condition, within subject)" in text


def test_changes_of_two_groups_are_compared_over_the_two_years_and_not_pooled(ask, tmp_path):
    draw = np.random.default_rng(5)
    rows = ["store,state,year,employees"]
    for store in range(24):
        state, own = ("NJ", "PA")[store % 2], draw.normal(20, 3)
        for year in (1991, 1992):
            rise = 4 if (state, year) == ("NJ", 1992) else 0
            rows += [f"s{store},{state},{year},{own + rise + draw.normal(0, 1):.2f}" for _ in range(3)]
    path = tmp_path / "stores.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    sheet = {"cluster": "store", "time": "year", "treatment": "state"}
    finding, _ = ask("Did employees rise more in NJ than in PA between 1991 and 1992?", path, sheet)
    assert (finding.method, finding.verdict) == ("difference_in_differences", "supported")
    assert finding.effect.label == "NJ − PA, change from 1991 to 1992"
