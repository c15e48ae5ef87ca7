"""Cox regression."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.exact import regression as r
from benchmarks.certification.exact import wald


def moments(times: list[mpf], events: list[bool], rows: list[list[mpf]], at: list[mpf]) -> list[tuple[int, list[mpf], r.Matrix]]:
    """Per event its row, and mean and covariance of the variables over its risk set, ties by Efron."""
    risks = [mp.exp(r.dot(row, at)) for row in rows]
    found = []
    for time in sorted({t for t, e in zip(times, events, strict=True) if e}):
        tied = [i for i, t in enumerate(times) if t == time and events[i]]
        left = [i for i, t in enumerate(times) if t >= time]
        for place, row in enumerate(tied):
            weights = {i: risks[i] * (1 - mpf(place) / len(tied) if i in tied else 1) for i in left}
            total = mp.fsum(weights.values())
            centre = [mp.fsum(w * rows[i][k] for i, w in weights.items()) / total for k in range(2)]
            spread = [
                [
                    mp.fsum(w * (rows[i][k] - centre[k]) * (rows[i][q] - centre[q]) for i, w in weights.items()) / total
                    for q in range(2)
                ]
                for k in range(2)
            ]
            found.append((row, centre, spread))
    return found


def summed(parts: list[r.Matrix]) -> r.Matrix:
    """Sum of matrices."""
    return [[mp.fsum(part[k][q] for part in parts) for q in range(2)] for k in range(2)]


def median_of(times: list[mpf], events: list[bool]) -> mpf | None:
    """First time at which the Kaplan–Meier curve is at a half or below."""
    survival = mpf(1)
    for time in sorted({t for t, e in zip(times, events, strict=True) if e}):
        deaths = sum(t == time and e for t, e in zip(times, events, strict=True))
        survival *= 1 - mpf(deaths) / sum(t >= time for t in times)
        if survival <= mpf("0.5") + mpf(10) ** -40:
            return time
    return None


def cox(weeks: list[str], relapse: list[str], x: list[str], w: list[str]) -> Reference:
    """Efron's likelihood, Wald's test, and Grambsch and Therneau's check with the ranks of time."""
    times, events = list(m.numbers(weeks)), [one == "yes" for one in relapse]
    columns = [list(m.numbers(x)), list(m.numbers(w))]
    rows = [list(row) for row in zip(*columns, strict=True)]

    def step(at: list[mpf]) -> list[mpf]:
        found = moments(times, events, rows, at)
        score = [[mp.fsum(rows[i][k] - centre[k] for i, centre, _ in found)] for k in range(2)]
        return [one[0] for one in r.solved(summed([spread for _, _, spread in found]), score)]

    at = wald.newton(step, [mpf(0), mpf(0)])
    found = moments(times, events, rows, at)
    covariance = r.inverse(summed([spread for _, _, spread in found]))
    n = len(found)
    by_time: dict[mpf, list[list[mpf]]] = {}
    for i, centre, _ in found:
        by_time.setdefault(times[i], []).append(centre)
    means = {time: [m.mean([one[k] for one in centres]) for k in range(2)] for time, centres in by_time.items()}
    residuals = [[rows[i][k] - means[times[i]][k] for k in range(2)] for i, _, _ in found]
    own = sorted(times[i] for i, _, _ in found)
    ranks = [mpf(own.index(times[i]) + 1 + own.index(times[i]) + own.count(times[i])) / 2 for i, _, _ in found]
    ranks = [one - m.mean(ranks) for one in ranks]
    scaled = [n * r.dot(row, [line[0] for line in covariance]) for row in residuals]
    slope, squares = r.dot(ranks, scaled), r.dot(ranks, ranks)
    tied = [t for t in own if own.count(t) > 1]
    medians = {} if (median := median_of(times, events)) is None else {"group all rows median": median}
    return {
        **wald.ratios("hazard ratio", ("x", "w"), columns, at, covariance, None),
        "group all rows n": mpf(len(times)),
        "group all rows successes": mpf(n),
        "group all rows low": min(times),
        "group all rows high": max(times),
        **medians,
        "measure events": mpf(n),
        "measure events per parameter": mpf(n) / 2,
        "measure share of tied events": mpf(len(tied)) / n,
        "measure correlation with time": r.correlations([ranks, scaled])[0][1],
        "measure proportional hazards p": d.chi_square_upper(slope**2 / (n * squares * covariance[0][0]), mpf(1)),
    }


def _entries() -> list[Entry]:
    draw = made.generator("cox")
    x, w = made.normal("cox x", 50, 0, 1), made.normal("cox w", 50, 3, 2)
    times = [draw.expovariate(0.1 * 2 ** float(one)) for one in x]
    cuts = [draw.uniform(4, 30) for _ in x]
    weeks = [f"{min(pair) + 0.05:.1f}" for pair in zip(times, cuts, strict=True)]
    whole = [str(int(min(pair)) + 1) for pair in zip(times, cuts, strict=True)]
    relapse = ["yes" if time <= cut else "no" for time, cut in zip(times, cuts, strict=True)]
    told = {"outcome": "weeks", "predictors": "x", "covariates": ("w",), "event": "relapse", "event_level": "yes"}
    source = "mpmath, Newton's method on Efron's likelihood"
    sets = (("50 durations", weeks), ("50 durations, tied", whole))
    return [
        Entry("cox_regression", name, source, columns, told, partial(cox, **columns))
        for name, durations in sets
        for columns in [{"weeks": durations, "relapse": relapse, "x": x, "w": w}]
    ]


ENTRIES = _entries()
