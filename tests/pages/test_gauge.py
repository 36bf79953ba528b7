"""Intervals drawn beside limits."""

import pytest

from monosem.findings.scoreboard import readings
from monosem.pages.report.gauge import gauges


def test_numbers_are_read_as_they_are_shown():
    text = "L0 19.04 (18.20 to 19.90), share within 1e-6 and 1e-3 0.05509, less PCA -0.1000 (-0.2000 to 1.000e-05)"
    assert readings(text) == {
        "L0": "19.04 (18.20 to 19.90)",
        "share within 1e-6 and 1e-3": "0.05509",
        "less PCA": "-0.1000 (-0.2000 to 1.000e-05)",
    }


def test_what_has_an_interval_and_a_fixed_limit_is_drawn_in_order():
    measured = "L0 19.00 (18.00 to 20.50), loss recovered 0.9000, difference -0.1000 (-0.2000 to 5.000e-02)"
    first, second = gauges(measured, "L0 < 20, loss recovered >= 0.79, difference > 0, L0 < difference")
    assert first.told == "L0 19.00 (18.00 to 20.50), limit 20"
    assert 0 < first.low < first.value < first.limit < first.high < 100
    assert second.low < second.value < second.limit < second.high
    assert (first.limit - first.value) / (first.value - first.low) == pytest.approx(1, abs=0.01)
    assert gauges("", "L0 < 20") == gauges("L0 1.0", "L0 < 20") == []
