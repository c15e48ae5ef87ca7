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

OPPOSITE = {"two-sided": "two-sided", "greater": "less", "less": "greater"}
"""Of an alternative about durations, that about hazards."""
Time = tuple[str, mpf]
"""Of a stratum."""
Event = tuple[int, list[mpf], r.Matrix, dict[int, mpf]]
"""Its row, mean and covariance of the variables over its risk set, and the set's shares of the risk."""


def moments(times: list[Time], events: list[bool], rows: list[list[mpf]], at: list[mpf]) -> list[Event]:
    """Every event, ties by Efron."""
    risks = [mp.exp(r.dot(row, at)) for row in rows]
    found = []
    for stratum, time in sorted({t for t, e in zip(times, events, strict=True) if e}):
        tied = [i for i, t in enumerate(times) if t == (stratum, time) and events[i]]
        left = [i for i, t in enumerate(times) if t[0] == stratum and t[1] >= time]
        for place, row in enumerate(tied):
            weights = {i: risks[i] * (1 - mpf(place) / len(tied) if i in tied else 1) for i in left}
            total = mp.fsum(weights.values())
            weights = {i: weight / total for i, weight in weights.items()}
            centre = [mp.fsum(w * rows[i][k] for i, w in weights.items()) for k in range(2)]
            spread = [
                [mp.fsum(w * (rows[i][k] - centre[k]) * (rows[i][q] - centre[q]) for i, w in weights.items()) for q in range(2)]
                for k in range(2)
            ]
            found.append((row, centre, spread, weights))
    return found


def robust(
    found: list[Event],
    residuals: list[list[mpf]],
    rows: list[list[mpf]],
    inverse: r.Matrix,
    wards: list[str],
) -> r.Matrix:
    """Lin and Wei's covariance from each cluster's part of the score, times G / (G − 1)."""
    parts = {ward: [mpf(0)] * 2 for ward in wards}
    for (row, centre, _, shares), own in zip(found, residuals, strict=True):
        for k in range(2):
            parts[wards[row]][k] += own[k]
            for i, share in shares.items():
                parts[wards[i]][k] -= share * (rows[i][k] - centre[k])
    meat = [[mp.fsum(one[k] * one[q] for one in parts.values()) for q in range(2)] for k in range(2)]
    return [[value * len(parts) / (len(parts) - 1) for value in row] for row in r.product(r.product(inverse, meat), inverse)]


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


def cox(
    weeks: list[str],
    relapse: list[str],
    x: list[str],
    w: list[str],
    site: list[str] | None = None,
    ward: list[str] | None = None,
    alternative: str = "two-sided",
) -> Reference:
    """Efron's likelihood within sites, Wald's test, and Grambsch and Therneau's check with the ranks of time."""
    durations, events = list(m.numbers(weeks)), [one == "yes" for one in relapse]
    times = list(zip(site or [""] * len(durations), durations, strict=True))
    columns = [list(m.numbers(x)), list(m.numbers(w))]
    rows = [list(row) for row in zip(*columns, strict=True)]

    def step(at: list[mpf]) -> list[mpf]:
        found = moments(times, events, rows, at)
        score = [[mp.fsum(rows[i][k] - centre[k] for i, centre, *_ in found)] for k in range(2)]
        return [one[0] for one in r.solved(summed([spread for _, _, spread, _ in found]), score)]

    at = wald.newton(step, [mpf(0), mpf(0)])
    found = moments(times, events, rows, at)
    covariance = r.inverse(summed([spread for _, _, spread, _ in found]))
    n = len(found)
    by_time: dict[Time, list[list[mpf]]] = {}
    for i, centre, *_ in found:
        by_time.setdefault(times[i], []).append(centre)
    means = {time: [m.mean([one[k] for one in centres]) for k in range(2)] for time, centres in by_time.items()}
    residuals = [[rows[i][k] - means[times[i]][k] for k in range(2)] for i, *_ in found]
    own = sorted(durations[i] for i, *_ in found)
    ranks = [mpf(own.index(durations[i]) + 1 + own.index(durations[i]) + own.count(durations[i])) / 2 for i, *_ in found]
    ranks = [one - m.mean(ranks) for one in ranks]
    scaled = [n * r.dot(row, [line[0] for line in covariance]) for row in residuals]
    slope, squares = r.dot(ranks, scaled), r.dot(ranks, ranks)
    tied = [t for t in own if own.count(t) > 1]
    medians = {} if (median := median_of(durations, events)) is None else {"group all rows median": median}
    spread = robust(found, residuals, rows, covariance, ward) if ward else covariance
    df = mpf(len(set(ward)) - 1) if ward else None
    return {
        **wald.ratios("hazard ratio", ("x", "w"), columns, at, spread, df, OPPOSITE[alternative]),
        "group all rows n": mpf(len(times)),
        "group all rows successes": mpf(n),
        "group all rows low": min(durations),
        "group all rows high": max(durations),
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
    site, ward = (
        [("south", "north", "west")[place % 3] for place in range(50)],
        [f"w{place * place % 17:02}" for place in range(50)],
    )
    sets = (
        ("50 durations", weeks, {}, {}),
        ("50 durations, less", weeks, {}, {"alternative": "less"}),
        ("50 durations, tied", whole, {}, {}),
        ("50 durations, tied, in 3 strata", whole, {"site": site}, {"stratum": "site"}),
        ("50 durations, tied, in 9 clusters", whole, {"ward": ward}, {"cluster": "ward"}),
        ("50 durations, in strata and clusters, greater", weeks, {"site": site, "ward": ward},
         {"stratum": "site", "cluster": "ward", "alternative": "greater"}),
    )  # fmt: skip
    return [
        Entry("cox_regression", name, source, columns, told | more,
              partial(cox, **columns, alternative=more.get("alternative", "two-sided")))
        for name, durations, beside, more in sets
        for columns in [{"weeks": durations, "relapse": relapse, "x": x, "w": w, **beside}]
    ]  # fmt: skip


ENTRIES = _entries()
