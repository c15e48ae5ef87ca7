"""Methods without an entry, each with the reason."""

from __future__ import annotations

AT_ONCE = "written at the same time as the certification; its own tests hold it against other libraries"

PENDING: dict[str, str] = dict.fromkeys(
    (
        "pearson",
        "spearman",
        "kendall",
        "partial_correlation",
        "logistic_regression",
        "trend_hac",
        "step_hac",
        "permutation_test",
        "bootstrap_interval",
        "poisson_regression",
        "negative_binomial_regression",
        "difference_in_differences",
        "interrupted_series",
        "inverse_probability_weighting",
        "prediction",
        "propensity_matching",
        "series_correlation",
        "survey_mean_difference",
        "survey_regression",
        "survey_estimate",
    ),
    AT_ONCE,
)
"""A method that is here and has entries fails the test, so that the list cannot outlive its reasons."""
