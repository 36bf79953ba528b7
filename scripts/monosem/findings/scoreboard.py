"""Every finding judged: the rows of findings.tsv, equal bytes for equal measurements."""

import csv
import io
from collections.abc import Iterable
from dataclasses import replace

from monosem.findings.comparing import describe, four_digits, holds
from monosem.findings.finding import Finding
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError

REPRODUCED, NOT_REPRODUCED, NOT_RUN = "reproduced", "not reproduced", "not run"
COLUMNS = ("id", "section", "statement", "paper", "source", "criterion", "measured", "verdict", "tokens", "run")
COLUMNS += ("figure", "records")  # records: the files that were read to measure it


def judge(finding: Finding, measurements: Measurements) -> dict[str, str]:
    """One row. A finding that was not run says under `run` what is missing."""
    row = {name: getattr(finding, name) for name in ("id", "section", "statement", "paper", "source")}
    row["criterion"] = describe(finding.criterion)
    watched = replace(measurements, used=[])
    try:
        row |= outcome(finding, finding.measure(watched))
    except NotMeasuredError as missing:
        row |= {"measured": "", "verdict": NOT_RUN, "tokens": "", "run": str(missing)}
    return row | {"figure": finding.figure, "records": " ".join(watched.used)}


def outcome(finding: Finding, measured: Measured) -> dict[str, str]:
    return {
        "measured": ", ".join(f"{name} {four_digits(number)}" for name, number in measured.numbers.items()),
        "verdict": REPRODUCED if holds(finding.criterion, measured.numbers) else NOT_REPRODUCED,
        "tokens": f"{measured.tokens:.0f}" if measured.runs else "",
        "run": (", ".join(map(str, measured.runs)) + (f" ({measured.note})" if measured.note else "")).strip(),
    }


def to_tsv(rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
