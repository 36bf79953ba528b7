"""Criteria as data: comparisons of measured numbers with fixed numbers or with each other, all of which must hold."""

import operator
from typing import NamedTuple

OPERATORS = {">=": operator.ge, ">": operator.gt, "<": operator.lt, "<=": operator.le}


class Comparison(NamedTuple):
    left: str  # name of a measured number
    sign: str
    right: str | float  # another name, or the number to compare with

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right if isinstance(self.right, str) else format(self.right, '.4g')}"

    def holds(self, measured: dict[str, float]) -> bool:
        right = measured[self.right] if isinstance(self.right, str) else self.right
        return OPERATORS[self.sign](measured[self.left], right)


Criterion = tuple[Comparison, ...]


def holds(criterion: Criterion, measured: dict[str, float]) -> bool:
    return all(comparison.holds(measured) for comparison in criterion)


def describe(criterion: Criterion) -> str:
    return ", ".join(str(comparison) for comparison in criterion)


def four_digits(number: float) -> str:
    """Four significant digits, always written out: 0.7900, 18.40, 1.000e-06."""
    return format(number, "#.4g").removesuffix(".")
