from __future__ import annotations

import pytest

from kosmos_graph.data.units import unit_of


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("body_mass_g", "g"),
        ("bill_length_mm", "mm"),
        ("Culmen Length (mm)", "mm"),
        ("weight [kg]", "kg"),
        ("duration (s)", "s"),
        ("speed (m/s)", "m/s"),
        ("BMI (kg/m^2)", "kg/m^2"),
        ("temp_c", "°C"),
        ("temperature_f", "°F"),
        ("price_usd", "USD"),
        ("pct_voted", "%"),
        ("voted_pct", "%"),
        ("share (%)", "%"),
        ("% voted", "%"),
        ("weightKg", "kg"),
        ("glucose_mg_dl", "mg/dL"),
        ("reaction_time_ms", "ms"),
        ("commute_time_min", "min"),
        ("length_m", "m"),
        ("age_years", "years"),
    ],
)
def test_units_are_found_in_names(name: str, unit: str) -> None:
    assert unit_of(name) == unit


@pytest.mark.parametrize(
    "name",
    [
        "x_m",
        "quarters_minus_kw",
        "team_mb",
        "count_s",
        "team_g",
        "price_min",
        "g",
        "mm",
        "grade_c",
        "kpi",
        "score (self report)",
        "sales_per_day",
        "Delta 15 N (o/oo)",
        "vitamin_c",
        "model_s",
        "log_in",
        "",
        "(",
        "item (a)",
    ],
)
def test_a_missing_unit_is_better_than_a_wrong_one(name: str) -> None:
    assert unit_of(name) is None
