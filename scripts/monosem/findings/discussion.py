"""How findings of `monosem.theory` are measured: by name, from the record of one experiment."""

from collections.abc import Callable

from monosem.findings.measurements import Measurements
from monosem.findings.measures import Measured
from monosem.records import value_of

SECTION = "discussion"


def taken(experiment: str, **fields: str) -> Callable[[Measurements], Measured]:
    """Numbers of an experiment's record by dotted field; an underscore in their names stands for a space."""

    def measure(m: Measurements) -> Measured:
        numbers = {name.replace("_", " "): m.found(experiment, field) for name, field in fields.items()}
        return Measured(numbers, 0, [], str(value_of(m.investigation(experiment), "note", experiment)))

    return measure
