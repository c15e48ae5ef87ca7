"""Made-up data sets for kinds of study that no installed package ships with an open licence: python -m benchmarks.made.make.

Every effect is planted and every set seeded, so that each file can be written again byte for byte; none describes anything real.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent


def patients(rng: np.random.Generator) -> pd.DataFrame:
    """Days until death or the end of follow-up; treatment halves the hazard, age and smoking raise it."""
    n = 200
    treated, smoker = rng.random(n) < 0.5, rng.random(n) < 0.4
    age = rng.normal(60, 9, n).round()
    until = rng.exponential(400 * np.exp(0.8 * treated - 0.04 * (age - 60) - 0.6 * smoker))
    followed = rng.uniform(100, 1200, n)
    return pd.DataFrame(
        {
            "treatment": np.where(treated, "treated", "control"),
            "age": age.astype(int),
            "smoker": np.where(smoker, "yes", "no"),
            "days": np.minimum(until, followed).round(1),
            "death": np.where(until <= followed, "yes", "no"),
        }
    )


def pupils(rng: np.random.Generator) -> pd.DataFrame:
    """Scores of pupils in schools that differ; whole schools have the one programme or the other."""
    schools, each = 20, 8
    school = np.repeat(np.arange(schools), each)
    modern = school % 2 == 1
    hours = rng.uniform(0, 10, school.size).round(1)
    score = 50 + rng.normal(0, 3, schools)[school] + 7 * modern + 1.2 * hours + rng.normal(0, 5, school.size)
    return pd.DataFrame(
        {
            "school": [f"S{number:02d}" for number in school],
            "programme": np.where(modern, "modern", "classic"),
            "hours": hours,
            "score": score.round(1),
        }
    )


def accidents(rng: np.random.Generator) -> pd.DataFrame:
    """Accidents of crews that worked for different times, with more spread than Poisson's; training lowers their rate."""
    n = 160
    trained = rng.random(n) < 0.5
    hours, experience = rng.integers(200, 2000, n), rng.normal(10, 3, n).round(1)
    expected = hours / 400 * np.exp(-0.6 * trained - 0.06 * (experience - 10)) * rng.gamma(4, 0.25, n)
    return pd.DataFrame(
        {
            "crew": np.where(trained, "trained", "untrained"),
            "hours_worked": hours,
            "experience": experience,
            "accidents": rng.poisson(expected),
        }
    )


def ratings(rng: np.random.Generator) -> pd.DataFrame:
    """Ratings on an ordered scale; higher at the spa, lower with age."""
    n = 200
    spa, age = rng.random(n) < 0.5, rng.integers(20, 80, n)
    latent = 1.1 * spa - 0.025 * (age - 50) + rng.logistic(0, 1, n)
    rating = np.array(["poor", "fair", "good", "excellent"])[np.digitize(latent, [-1.0, 0.3, 1.5])]
    return pd.DataFrame({"place": np.where(spa, "spa", "home"), "age": age, "rating": rating})


def households(rng: np.random.Generator) -> pd.DataFrame:
    """A survey of villages drawn within regions, whose rows stand for unequal numbers of households."""
    region = np.repeat(["north", "south", "east", "west"], 60)
    village = np.arange(region.size) // 10
    urban, weight = rng.random(region.size) < 0.5, rng.uniform(50, 400, region.size).round(1)
    income = 2000 + 400 * urban + rng.normal(0, 90, village.max() + 1)[village] + 1.2 * weight + rng.normal(0, 400, region.size)
    return pd.DataFrame(
        {
            "region": region,
            "village": [f"V{number:02d}" for number in village],
            "weight": weight,
            "setting": np.where(urban, "urban", "rural"),
            "age": rng.integers(20, 80, region.size),
            "income": income.round().astype(int),
            "car": np.where(rng.random(region.size) < 0.3 + 0.25 * urban, "yes", "no"),
        }
    )


def shops(rng: np.random.Generator) -> pd.DataFrame:
    """Staff of shops in two states before and after a law of one of them."""
    state, period = np.repeat([0, 1], 120), np.tile([0, 1], 120)
    staff = 20 + 2 * state - period + 3 * state * period + rng.normal(0, 3, state.size)
    return pd.DataFrame(
        {
            "state": np.where(state == 1, "Avonia", "Borland"),
            "period": np.where(period == 1, "after", "before"),
            "staff": staff.round(1),
        }
    )


def plots(rng: np.random.Generator) -> pd.DataFrame:
    """Yields of plots; fertiliser helps irrigated ones more, and spreads yields."""
    n = 180
    wet, fertiliser = rng.random(n) < 0.5, rng.uniform(0, 100, n).round(1)
    harvest = 30 + (0.1 + 0.25 * wet) * fertiliser + rng.normal(0, 5, n)
    return pd.DataFrame(
        {
            "irrigated": np.where(wet, "yes", "no"),
            "fertiliser": fertiliser,
            "slope_deg": rng.uniform(0, 15, n).round(1),
            "harvest": harvest.round(1),
        }
    )


def reactions(rng: np.random.Generator) -> pd.DataFrame:
    """Reaction of each of 30 subjects under three doses, which it rises with."""
    subject, dose = np.repeat(np.arange(30), 3), np.tile([0, 1, 2], 30)
    reaction = 20 + rng.normal(0, 3, 30)[subject] + 1.5 * dose + rng.normal(0, 1.5, subject.size)
    return pd.DataFrame(
        {
            "subject": [f"P{number:02d}" for number in subject],
            "dose": np.array(["placebo", "low", "high"])[dose],
            "reaction": reaction.round(2),
        }
    )


MADE = {maker.__name__: maker for maker in (patients, pupils, accidents, ratings, households, shops, plots, reactions)}


def made(name: str) -> str:
    """A set by its name, as CSV."""
    text: str = MADE[name](np.random.default_rng([20240607, *name.encode()])).to_csv(index=False, lineterminator="\n")
    return text


if __name__ == "__main__":
    for one in MADE:
        (FOLDER / f"{one}.csv").write_text(made(one), encoding="utf-8")
