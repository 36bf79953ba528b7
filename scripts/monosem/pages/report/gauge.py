"""Intervals of a finding's numbers drawn beside the limits that its criterion sets them."""

import re
from typing import NamedTuple

from monosem.findings.scoreboard import readings

MARGIN = 0.12  # of the range shown, on either side


class Gauge(NamedTuple):
    """One comparison; where value, interval and limit lie from left to right, in percent."""

    told: str
    value: float
    low: float
    high: float
    limit: float


def gauges(measured: str, criterion: str) -> list[Gauge]:
    """Of the comparisons with a fixed number those whose measured number has an interval."""
    found, known = [], readings(measured)
    for name, limit in re.findall(r"(?:^|, )([^,]+?) (?:>=|<=|>|<) (-?[\d.][\d.e+-]*)(?=, |$)", criterion):
        numbers = re.fullmatch(r"(\S+) \((\S+) to (\S+)\)", known.get(name, ""))
        if numbers:
            places = scaled([*map(float, numbers.groups()), float(limit)])
            found.append(Gauge(f"{name} {known[name]}, limit {limit}", *places))
    return found


def scaled(numbers: list[float]) -> list[float]:
    """From 0 to 100, with a margin beyond the least and the greatest."""
    least, greatest = min(numbers), max(numbers)
    width = (greatest - least) or 1.0
    return [round(100 * (MARGIN + (number - least) / width) / (1 + 2 * MARGIN), 1) for number in numbers]
