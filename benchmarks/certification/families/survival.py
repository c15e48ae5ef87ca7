"""The log-rank test and Kaplan–Meier estimates."""

from __future__ import annotations

from functools import partial

from mpmath import mp, mpf

from benchmarks.certification import made
from benchmarks.certification.entry import Entry, Reference
from benchmarks.certification.exact import distributions as d
from benchmarks.certification.exact import moments as m
from benchmarks.certification.families.cox import OPPOSITE, group, median_of

Rows = list[tuple[mpf, bool]]
Z = d.normal_quantile(1 - m.ALPHA / 2)


def steps(rows: Rows) -> list[tuple[mpf, mpf, mpf, int, int]]:
    """Per time with an event: the time, survival after it, Greenwood's sum, events and rows at risk."""
    survival, greenwood, found = mpf(1), mpf(0), []
    for time in sorted({t for t, e in rows if e}):
        deaths, left = sum(t == time and e for t, e in rows), sum(t >= time for t, _ in rows)
        survival *= 1 - mpf(deaths) / left
        greenwood += mpf(deaths) / (left * (left - deaths)) if left > deaths else mp.inf
        found.append((time, survival, greenwood, deaths, left))
    return found


def restricted(rows: Rows, horizon: mpf) -> tuple[mpf, mpf]:
    """Area under the curve up to the horizon, and its variance."""
    inside = [one for one in steps(rows) if one[0] < horizon]
    times, heights = [mpf(0), *(one[0] for one in inside), horizon], [mpf(1), *(one[1] for one in inside)]
    areas = [(b - a) * height for a, b, height in zip(times, times[1:], heights, strict=False)]
    variance = mp.fsum(
        mp.fsum(areas[place + 1 :]) ** 2 * deaths / (left * (left - deaths))
        for place, (_, _, _, deaths, left) in enumerate(inside)
        if left > deaths
    )
    events = sum(one[3] for one in inside)
    return mp.fsum(areas), variance * events / (events - 1)


def events_of(rows: Rows) -> dict[str, mpf]:
    """The measures of events and their ties."""
    own = [t for t, e in rows if e]
    return {"measure events": mpf(len(own)), "measure share of tied events": mpf(sum(own.count(t) > 1 for t in own)) / len(own)}


def log_rank(
    weeks: list[str], relapse: list[str], arm: list[str], site: list[str] | None = None, alternative: str = "two-sided"
) -> Reference:
    """The score of the first group at every ratio of the hazards, added up over sites."""
    rows = [(t, e == "yes") for t, e in zip(m.numbers(weeks), relapse, strict=True)]
    arms = {label: [row for row, own in zip(rows, arm, strict=True) if own == label] for label in ("a", "b")}
    sites = site or [""] * len(rows)
    tables = []
    for stratum, time in sorted({(own, t) for (t, e), own in zip(rows, sites, strict=True) if e}):
        inside = [(t, e, one) for (t, e), one, own in zip(rows, arm, sites, strict=True) if own == stratum]
        sizes = [sum(t >= time and one == label for t, _, one in inside) for label in ("a", "b")]
        deaths = [one for t, e, one in inside if t == time and e]
        tables.append((*sizes, len(deaths), deaths.count("a")))

    def parts(log_ratio: mpf) -> tuple[mpf, mpf]:
        ratio, difference, variance = mp.exp(log_ratio), mpf(0), mpf(0)
        for a, b, deaths, own in tables:
            part = ratio * a / (ratio * a + b)
            difference += own - deaths * part
            if a + b > 1:
                variance += deaths * part * (1 - part) * (a + b - deaths) / (a + b - 1)
        return difference, variance

    def z(log_ratio: mpf) -> mpf:
        difference, variance = parts(log_ratio)
        return difference / mp.sqrt(variance)

    statistic, error = z(mpf(0)), 1 / mp.sqrt(parts(mpf(0))[1])
    below, above = m.tails(OPPOSITE[alternative])
    reaches = {"": mpf(0), " low": below and d.normal_quantile(1 - below), " high": above and -d.normal_quantile(1 - above)}
    ends = {name: d.root(lambda b, at=at: z(b) - at, mpf(-2), mpf(2)) for name, at in reaches.items() if at is not None}
    found = {f"effect{name}": mp.exp(end) for name, end in ends.items()}
    horizon = min(max(t for t, _ in one) for one in arms.values())
    (first, v), (second, w) = (restricted(one, horizon) for one in arms.values())
    found |= m.interval("other difference of restricted mean survival", first - second, mp.sqrt(v + w), None, alternative)
    expected = mp.fsum(mpf(deaths) * a / (a + b) for a, b, deaths, _ in tables)
    counts = {"a": expected, "b": mp.fsum(one[2] for one in tables) - expected}
    for label, one in arms.items():
        found |= group(label, one)
        name = f"term events observed / expected, {label}"
        found |= {name: sum(e for _, e in one) / counts[label], f"{name} n": mpf(len(one))}
    zeros = [str(int(own == "a")) for own in arm]
    check = single_check(weeks, relapse, zeros, sites)
    return {**found, **events_of(rows), "statistic": statistic, "p": m.p_of(statistic, None, OPPOSITE[alternative]),
            "detectable": mp.expm1(m.detectable(error, None, alternative)), "measure proportional hazards p": check}  # fmt: skip


def single_check(weeks: list[str], relapse: list[str], x: list[str], sites: list[str]) -> mpf:
    """p of Grambsch and Therneau's check in Cox's model of one variable."""
    times, events, values = list(m.numbers(weeks)), [one == "yes" for one in relapse], list(m.numbers(x))

    def at_events(slope: mpf) -> list[tuple[int, mpf, mpf]]:
        found = []
        for stratum, time in sorted({(own, t) for own, t, e in zip(sites, times, events, strict=True) if e}):
            tied = [i for i, t in enumerate(times) if t == time and events[i] and sites[i] == stratum]
            for place, row in enumerate(tied):
                weights = [
                    mp.exp(slope * v)
                    * (1 - mpf(place) / len(tied) if i in tied else 1)
                    * (times[i] >= time and sites[i] == stratum)
                    for i, v in enumerate(values)
                ]
                centre = mp.fdot(zip(weights, values, strict=True)) / mp.fsum(weights)
                found.append(
                    (row, centre, mp.fsum(w * (v - centre) ** 2 for w, v in zip(weights, values, strict=True)) / mp.fsum(weights))
                )
        return found

    slope = mpf(0)
    for _ in range(60):
        found = at_events(slope)
        move = mp.fsum(values[i] - centre for i, centre, _ in found) / mp.fsum(one[2] for one in found)
        slope += move
        if abs(move) < mpf(10) ** -40:
            break
    found = at_events(slope)
    own = sorted(times[i] for i, _, _ in found)
    keys = list(zip(sites, times, strict=True))
    means = {keys[own]: m.mean([c for i, c, _ in found if keys[i] == keys[own]]) for own, _, _ in found}
    ranks = [mpf(2 * own.index(times[i]) + 1 + own.count(times[i])) / 2 for i, _, _ in found]
    ranks = [one - m.mean(ranks) for one in ranks]
    slope_in_time = mp.fsum(rank * (values[i] - means[keys[i]]) for rank, (i, _, _) in zip(ranks, found, strict=True))
    information = mp.fsum(one[2] for one in found)
    n, squares = len(found), mp.fsum(rank**2 for rank in ranks)
    return d.chi_square_upper(n * slope_in_time**2 / (squares * information), mpf(1))


def median(weeks: list[str], relapse: list[str], arm: list[str]) -> Reference:
    """The median with Brookmeyer and Crowley's interval."""
    rows = [(t, e == "yes") for t, e in zip(m.numbers(weeks), relapse, strict=True)]
    found = {**group("all rows", rows), **events_of(rows), "effect": median_of([t for t, _ in rows], [e for _, e in rows])}
    low = high = None
    for time, survival, greenwood, _, _ in steps(rows):
        if not 0 < survival < 1:
            continue
        reach = Z * mp.sqrt(greenwood) / abs(mp.log(survival))
        if low is None and survival ** mp.exp(reach) <= mpf("0.5"):
            low = time
        if high is None and survival ** mp.exp(-reach) < mpf("0.5"):
            high = time
    return {**found, "effect low": low, "effect high": high}


def _entries() -> list[Entry]:
    draw = made.generator("survival")
    arm = ["ab"[place % 2] for place in range(60)]
    times = [draw.expovariate(0.08 if one == "a" else 0.15) for one in arm]
    cuts = [draw.uniform(4, 30) for _ in arm]
    weeks = [f"{min(pair) + 0.05:.1f}" for pair in zip(times, cuts, strict=True)]
    relapse = ["yes" if time <= cut else "no" for time, cut in zip(times, cuts, strict=True)]
    columns = {"weeks": weeks, "relapse": relapse, "arm": arm}
    told = {"outcome": "weeks", "event": "relapse", "event_level": "yes"}
    compared = {**told, "predictors": "arm", "levels": ("a", "b")}
    tied, site = (
        {**columns, "weeks": [str(int(float(one)) + 1) for one in weeks]},
        [("x", "y", "z")[place // 5 % 3] for place in range(60)],
    )
    return [
        Entry("log_rank", "60 durations", "mpmath, the score at every ratio", columns,
              compared, partial(log_rank, **columns)),
        Entry("log_rank", "60 durations, greater", "mpmath, the score at every ratio", columns,
              {**compared, "alternative": "greater"}, partial(log_rank, **columns, alternative="greater")),
        Entry("log_rank", "60 durations, tied, in 3 strata, less", "mpmath, the score at every ratio", {**tied, "site": site},
              {**compared, "stratum": "site", "alternative": "less"}, partial(log_rank, **tied, site=site, alternative="less")),
        Entry("kaplan_meier", "60 durations, median", "mpmath, from the published formulas", columns,
              {**told, "quantity": "quantile"}, partial(median, **columns)),
    ]  # fmt: skip


ENTRIES = _entries()
