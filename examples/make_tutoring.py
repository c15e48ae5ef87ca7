"""Writes tutoring.csv: a made-up randomised trial of tutoring, the same bytes on every run."""

from __future__ import annotations

import csv
import io
import random
from pathlib import Path

SEED = 20240229
PUPILS = 160
TUTORING_GAIN = 5.0
HEADER = ("pupil", "arm", "school", "hours_per_week", "score_before", "score_after", "passed", "confidence", "commute_min")
CONFIDENCE = ("very low", "low", "medium", "high", "very high")


def rows(seed: int = SEED) -> list[tuple[object, ...]]:
    """One row a pupil. Tutoring adds TUTORING_GAIN points on average; everybody gains two from sitting the test twice."""
    chance = random.Random(seed)  # noqa: S311 - simulated data, no secret
    arms = ["tutoring", "control"] * (PUPILS // 2)
    chance.shuffle(arms)
    return [_pupil(number, arm, chance) for number, arm in enumerate(arms, start=1)]


def _pupil(number: int, arm: str, chance: random.Random) -> tuple[object, ...]:
    ability = chance.gauss(60, 10)
    hours = chance.choice((0, 1, 1, 2, 2, 3, 4, 5, 6))
    before = ability + chance.gauss(0, 5)
    after = ability + 2 + (TUTORING_GAIN if arm == "tutoring" else 0) + 0.5 * hours + chance.gauss(0, 5)
    confidence = CONFIDENCE[min(4, max(0, round((after - 45) / 10 + chance.gauss(0, 0.7))))]
    absent = chance.random() < 0.03
    return (
        f"P{number:03d}",
        arm,
        chance.choice(("North", "South", "East")),
        hours,
        f"{before:.1f}",
        "" if absent else f"{after:.1f}",
        "" if absent else ("yes" if after >= 65 else "no"),
        confidence,
        round(max(5, chance.gauss(25, 10))),
    )


def text() -> str:
    """The file's content."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows())
    return out.getvalue()


if __name__ == "__main__":
    Path(__file__).with_name("tutoring.csv").write_text(text(), encoding="utf-8")
