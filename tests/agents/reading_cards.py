"""Data cards of made-up data sets that the tests of reading and of the rules designer share."""

from __future__ import annotations

from kosmos_graph.domain.data_card import ColumnCard, DataCard, Kind, Level, Trap


def number(name: str, low: float = 0.0, high: float = 100.0, **more) -> ColumnCard:
    return ColumnCard(name=name, kind=Kind.CONTINUOUS, missing=0, distinct=90, low=low, high=high, **more)


def count(name: str, low: float = 0.0, high: float = 10.0, **more) -> ColumnCard:
    return ColumnCard(name=name, kind=Kind.COUNT, missing=0, distinct=int(high - low) + 1, low=low, high=high, **more)


def levels(name: str, *names: str, kind: Kind | None = None, n: tuple[int, ...] = (), **more) -> ColumnCard:
    sizes = n or tuple(40 + 3 * place for place in range(len(names)))
    found = tuple(Level(name=level, n=size) for level, size in zip(names, sizes, strict=True))
    sort = kind or (Kind.BINARY if len(names) == 2 else Kind.NOMINAL)
    return ColumnCard(name=name, kind=sort, missing=0, distinct=len(names), levels=found, **more)


def other(name: str, kind: Kind, **more) -> ColumnCard:
    return ColumnCard(name=name, kind=kind, missing=0, distinct=100, **more)


def card(name: str, *columns: ColumnCard, rows: int = 300, traps: tuple[Trap, ...] = ()) -> DataCard:
    return DataCard(name=name, path=name, sha256="0" * 64, format="csv", rows=rows, columns=columns, traps=traps)


PENGUINS = card(
    "penguins.csv",
    levels("species", "Adelie", "Chinstrap", "Gentoo"),
    levels("island", "Biscoe", "Dream", "Torgersen", n=(60, 41, 22)),
    number("bill_length_mm", unit="mm"),
    number("bill_depth_mm", unit="mm"),
    number("flipper_length_mm", unit="mm"),
    number("body_mass_g", 2700, 6300, unit="g"),
    levels("sex", "female", "male", n=(146, 153)),
    count("year", 2007, 2009),
)
TIPS = card(
    "tips.csv",
    number("total_bill"),
    number("tip"),
    levels("sex", "Female", "Male"),
    levels("smoker", "No", "Yes", n=(51, 32)),
    levels("day", "Thur", "Fri", "Sat", "Sun"),
    levels("time", "Dinner", "Lunch", n=(61, 22)),
    count("size", 1, 6),
)
PASSENGERS = card(
    "titanic.csv",
    levels("survived", "0", "1", n=(500, 300)),
    levels("pclass", "1", "2", "3", kind=Kind.ORDINAL),
    levels("sex", "female", "male"),
    number("age", 0, 80),
    count("sibsp"),
    number("fare", 0, 512),
    levels("embark_town", "Cherbourg", "Queenstown", "Southampton", n=(90, 50, 600)),
    other("name", Kind.TEXT),
    rows=800,
)
CARS = card(
    "cars.csv",
    other("Name", Kind.IDENTIFIER),
    number("Miles_per_Gallon", 9, 46),
    count("Cylinders", 3, 8),
    number("Displacement"),
    number("Horsepower"),
    number("Weight_in_lbs"),
    number("Acceleration"),
    count("Year", 1970, 1982),
    levels("Origin", "Europe", "Japan", "USA"),
)
TRIAL = card(
    "trial.csv",
    other("patient_id", Kind.IDENTIFIER),
    levels("arm", "placebo", "drug"),
    number("sbp_baseline", 100, 200),
    number("sbp_followup", 100, 200),
    number("age", 20, 80),
    levels("relapse", "no", "yes", n=(150, 50)),
    levels("response", "none", "partial", "complete", kind=Kind.ORDINAL),
    number("bmi"),
    rows=200,
)
NILE = card(
    "nile.csv",
    count("year", 1871, 1970),
    number("volume", 400, 1400),
    rows=100,
    traps=(Trap(kind="ordered series", column="year", n=100, detail="one row per year"),),
)
AIR = card(
    "co2.csv",
    ColumnCard(name="date", kind=Kind.DATETIME, missing=0, distinct=400, earliest="1958-03-29", latest="2001-12-29"),
    number("co2", 310, 380),
    number("temperature"),
    rows=400,
    traps=(Trap(kind="ordered series", column="date", n=400, detail="one row per date"),),
)
SLEEP = card(
    "sleep.csv",
    number("score"),
    levels("moment", "after", "before"),
    other("person", Kind.IDENTIFIER),
    rows=40,
    traps=(Trap(kind="repeated ids", column="person", n=20, detail="two rows for each"),),
)
SURVEY = card(
    "survey.csv",
    number("Q1", label="Hours of sleep per night"),
    levels("Q2", "low", "middle", "high", kind=Kind.ORDINAL, label="Household income"),
    number("yrs_married"),
    count("children"),
    levels("religious", "no", "yes"),
    number("wage"),
    number("educ"),
    levels("union", "no", "yes", n=(70, 11)),
    number("foodexp"),
    number("lifeExp"),
    number("gdpPercap"),
)
ODD = card(
    "made_up.csv",
    number("qzv_k"),
    levels("grp_x", "aa1", "bb2"),
    number("zork"),
    number("x"),
    number("Y"),
    levels("plonk", "u7", "v8", "w9"),
)
ALL = (PENGUINS, TIPS, PASSENGERS, CARS, TRIAL, NILE, AIR, SLEEP, SURVEY, ODD)
