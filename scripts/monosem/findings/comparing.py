"""Criteria as data: comparisons of measured numbers with fixed numbers or with each other, all of which must hold.

A measured number may have a 95 % interval. A comparison is decided by the interval of what it compares, not by the
point: it holds, it fails, or the interval has the limit in it and nothing is decided.
"""

import math
import operator
from collections.abc import Mapping
from typing import NamedTuple

from monosem.measures.resampling import Interval

OPERATORS = {">=": operator.ge, ">": operator.gt, "<": operator.lt, "<=": operator.le}


class Comparison(NamedTuple):
    left: str  # name of a measured number
    sign: str
    right: str | float  # another name, or the number to compare with

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right if isinstance(self.right, str) else format(self.right, '.4g')}"

    def decide(self, numbers: Mapping[str, float], intervals: Mapping[str, Interval]) -> bool | None:
        """Whether it holds; None where it does at one end of the interval and not at the other."""
        names = [side for side in (self.left, self.right) if isinstance(side, str)]
        if not any(name in intervals for name in names):
            return OPERATORS[self.sign](numbers[self.left], number(self.right, numbers))
        ends = difference(*(with_ends(side, numbers, intervals) for side in (self.left, self.right)))
        held = {OPERATORS[self.sign](end, 0.0) for end in ends}
        return held.pop() if len(held) == 1 else None


def number(side: str | float, numbers: Mapping[str, float]) -> float:
    return numbers[side] if isinstance(side, str) else side


def with_ends(
    side: str | float, numbers: Mapping[str, float], intervals: Mapping[str, Interval]
) -> tuple[float, float, float]:
    """The number and the ends of its interval, which are itself where it has none."""
    value = number(side, numbers)
    return value, *(intervals.get(side, (value, value)) if isinstance(side, str) else (value, value))


def difference(left: tuple[float, float, float], right: tuple[float, float, float]) -> Interval:
    """95 % interval of the difference of two numbers, each given with its interval.

    As if they were independent: the distances from point to end add up as squares (the 'MOVER' of Zou and Donner, 2008,
    https://doi.org/10.1002/sim.3095). Of numbers that vary together, such as two of the same text, it is too wide:
    where the difference itself was resampled, criteria compare that with 0.
    """
    (x, x_low, x_high), (y, y_low, y_high) = left, right
    return x - y - math.hypot(x - x_low, y_high - y), x - y + math.hypot(x_high - x, y - y_low)


Criterion = tuple[Comparison, ...]


def decide(
    criterion: Criterion, numbers: Mapping[str, float], intervals: Mapping[str, Interval] | None = None
) -> bool | None:
    """Whether all comparisons hold; False where one fails, whatever the others, else None where one is undecided."""
    found = [comparison.decide(numbers, intervals or {}) for comparison in criterion]
    return False if False in found else None if None in found else True


def describe(criterion: Criterion) -> str:
    return ", ".join(str(comparison) for comparison in criterion)


def four_digits(number: float) -> str:
    """Four significant digits, always written out: 0.7900, 18.40, 1.000e-06."""
    return format(number, "#.4g").removesuffix(".")
