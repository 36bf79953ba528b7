"""How findings of `monosem.theory` are measured: by name, from the record of one experiment."""

from collections.abc import Callable

from monosem.findings.comparing import Criterion
from monosem.findings.finding import Finding
from monosem.findings.measurements import Measured, Measurements
from monosem.ground.records import value_of

SECTION = "discussion"
AFTERWARDS = "(Criterion set after a first run.)"  # ends the statements of which that is so


def taken(experiment: str, **fields: str) -> Callable[[Measurements], Measured]:
    """Numbers of an experiment's record by dotted field; an underscore in their names stands for a space."""

    def measure(m: Measurements) -> Measured:
        numbers = {name.replace("_", " "): m.found(experiment, field) for name, field in fields.items()}
        return Measured(numbers, 0, [], str(value_of(m.investigation(experiment), "note", experiment)))

    return measure


def discussed(
    id: str, statement: str, asked: str, source: str, criterion: Criterion, experiment: str, **fields: str
) -> Finding:
    """A statement about what was asked, judged by these fields of the experiment's record and shown by its figure."""
    return Finding(id, SECTION, statement, asked, source, criterion, taken(experiment, **fields), experiment)
