"""Prediction in the order of time: the linear model's skill in 50 digits, the forest's within what other seeds give."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

import numpy as np
from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference, Within
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as g

SOURCE = "mpmath: ridge regression by normal equations; the forest by scikit-learn under other seeds"
REASON = "a random forest: within twelve standard deviations, and a hundredth, of what six other seeds give"
BLOCKS, SEEDS = 10, range(11, 17)


def blocks(n: int) -> list[tuple[int, int]]:
    """Where each block that is foretold begins and ends: ten from a third of the points on."""
    cuts = [int(mp.floor(mpf(n) / 3 + mpf(2 * n) / 3 * step / BLOCKS + mpf(10) ** -20)) for step in range(BLOCKS)]
    return list(pairwise([*cuts, n]))


def ridge(columns: Sequence[g.Column], outcome: g.Column, new: Sequence[g.Column]) -> list[mpf]:
    """What a ridge regression says of new rows; its penalty makes the smallest error of rows left out one at a time."""
    n, centre = len(outcome), m.mean(outcome)
    scale = mp.sqrt(m.variance(outcome) * (n - 1) / n)
    y = [(value - centre) / scale for value in outcome]
    gram = [[g.dot(one, other) for other in columns] for one in columns]
    best: tuple[mpf, list[mpf]] | None = None
    for step in range(13):
        penalty = mpf(10) ** (mpf(step) / 2 - 2)
        bread = g.inverse([[value + penalty * (i == j) for j, value in enumerate(row)] for i, row in enumerate(gram)])
        coefficients = [row[0] for row in g.product(bread, [[g.dot(column, y)] for column in columns])]
        total = mpf(0)
        for row, value in zip(zip(*columns, strict=True), y, strict=True):
            leverage = mpf(1) / n + g.dot(row, [g.dot(line, row) for line in bread])
            total += ((value - g.dot(row, coefficients)) / (1 - leverage)) ** 2
        if best is None or total < best[0]:
            best = total, coefficients
    assert best is not None
    return [centre + scale * g.dot(row, best[1]) for row in zip(*new, strict=True)]


def standardised(values: g.Column, start: int, end: int) -> tuple[list[mpf], list[mpf]]:
    """The learnt and the foretold values in standard deviations of the learnt ones."""
    known = values[:start]
    scale = mp.sqrt(m.variance(known) * (start - 1) / start)
    return tuple([(value - m.mean(known)) / scale for value in part] for part in (known, values[start:end]))  # type: ignore[return-value]


def skill(prefix: str, model: g.Column, baseline: g.Column, ratio: mpf) -> Reference:
    """Skill with the interval of the corrected resampled t."""
    error, value = skill_error(model, baseline, ratio)
    return m.interval(prefix, value, error, mpf(len(model) - 1))


def skill_error(model: g.Column, baseline: g.Column, ratio: mpf) -> tuple[mpf, mpf]:
    """Standard error and value."""
    count, total = len(model), mp.fsum(baseline)
    value = 1 - mp.fsum(model) / total
    terms = [count * (base * (1 - value) - own) / total for own, base in zip(model, baseline, strict=True)]
    return mp.sqrt((mpf(1) / count + ratio) * m.variance(terms)), value


def predicted(y: Sequence[str], x: Sequence[str], z: Sequence[str]) -> Reference:
    """Everything that is reported."""
    outcome, first, second = m.numbers(y), m.numbers(x), m.numbers(z)
    places = blocks(len(outcome))
    baseline, linear_sums, linear, constants, learnt = [], [], [], [], []
    for start, end in places:
        parts = [standardised(values, start, end) for values in (first, second)]
        told = ridge([part[0] for part in parts], outcome[:start], [part[1] for part in parts])
        mean = m.mean(outcome[:start])
        baseline.append(mp.fsum((value - mean) ** 2 for value in outcome[start:end]))
        linear_sums.append(mp.fsum((value - one) ** 2 for value, one in zip(outcome[start:end], told, strict=True)))
        linear += told
        constants += [mean] * (end - start)
        learnt.append(parts)
    truth = outcome[places[0][0] :]
    ratio = m.mean([mpf(end - start) / start for start, end in places])
    found: dict[str, mpf | Within] = {
        "df 1": mpf(len(places) - 1),
        **skill("other out-of-sample R² of the linear model alone", linear_sums, baseline, ratio),
        **m.description("all rows", outcome),
        "measure root mean squared error of the baseline": root_mean(truth, constants),
        "measure folds": mpf(len(places)),
        "measure rows foretold per row learnt from": ratio,
    }
    seeds = [by_chance(truth, linear, forest(learnt, outcome, places, seed), places, baseline, ratio) for seed in SEEDS]
    for name in seeds[0]:
        values = [one[name] for one in seeds]
        found[name] = Within(m.mean(values), 12 * m.sd(values) + mpf("0.01"), REASON)
    return found


def root_mean(truth: g.Column, told: g.Column) -> mpf:
    """Root mean squared error."""
    return mp.sqrt(m.mean([(value - one) ** 2 for value, one in zip(truth, told, strict=True)]))


def forest(learnt: Sequence[object], outcome: g.Column, places: Sequence[tuple[int, int]], seed: int) -> list[mpf]:
    """What scikit-learn's forest foretells."""
    from sklearn.ensemble import RandomForestRegressor

    told: list[mpf] = []
    for parts, (start, _) in zip(learnt, places, strict=True):
        train, new = (np.array([[float(value) for value in part[side]] for part in parts]).T for side in (0, 1))  # type: ignore[attr-defined]
        model = RandomForestRegressor(n_estimators=60, min_samples_leaf=5, random_state=seed)
        told += [mpf(float(one)) for one in model.fit(train, [float(value) for value in outcome[:start]]).predict(new)]
    return told


def by_chance(
    truth: g.Column, linear: g.Column, trees: g.Column, places: Sequence[tuple[int, int]], baseline: g.Column, ratio: mpf
) -> dict[str, mpf]:
    """The numbers in which the forest has a part, under one seed."""
    both = [(one + other) / 2 for one, other in zip(linear, trees, strict=True)]
    begin = places[0][0]
    sums = [
        [mp.fsum((value - one) ** 2 for value, one in zip(truth[a - begin : b - begin], told[a - begin : b - begin], strict=True))
         for a, b in places]
        for told in (both, trees)
    ]  # fmt: skip
    error, value = skill_error(sums[0], baseline, ratio)
    found = m.tested(value, error, mpf(len(places) - 1))
    found.pop("df 1")
    found |= skill("other out-of-sample R² of the forest alone", sums[1], baseline, ratio)
    found |= {
        f"term skill in fold {place}": 1 - own / base for place, (own, base) in enumerate(zip(sums[0], baseline, strict=True), 1)
    }
    distances = [abs(value - one) for value, one in zip(truth, both, strict=True)]
    return found | {"measure root mean squared error": root_mean(truth, both), "measure mean absolute error": m.mean(distances)}


def _entry(n: int = 90) -> Entry:
    x, z, noise = (made.normal(f"prediction {name}", n, 0, 1) for name in ("x", "z", "noise"))
    y = [f"{10 + float(a) + 0.5 * float(b) ** 2 + float(e):.3f}" for a, b, e in zip(x, z, noise, strict=True)]
    columns = {"y": y, "x": x, "z": z, "t": [str(place) for place in range(n)]}
    arguments = {"outcome": "y", "predictors": ("x", "z"), "time": "t"}
    return Entry("prediction", f"{n} points in the order of time", SOURCE, columns, arguments, partial(predicted, y, x, z))


ENTRIES = [_entry()]
