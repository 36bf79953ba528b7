"""Every finding judged: the rows of findings.tsv, equal bytes for equal measurements."""

import csv
import io
from collections.abc import Iterable

from monosem.findings.criteria import describe, four_digits, holds
from monosem.findings.finding import Finding
from monosem.findings.measurements import Measurements, NotMeasuredError

REPRODUCED, NOT_REPRODUCED, NOT_RUN = "reproduced", "not reproduced", "not run"
COLUMNS = ("id", "section", "statement", "paper", "source", "criterion", "measured", "verdict", "tokens", "run")


def judge(finding: Finding, measurements: Measurements) -> dict[str, str]:
    """One row. A finding that was not run says under `run` what is missing."""
    row = {name: getattr(finding, name) for name in ("id", "section", "statement", "paper", "source")}
    row["criterion"] = describe(finding.criterion)
    try:
        measured = finding.measure(measurements)
    except NotMeasuredError as missing:
        return row | {"measured": "", "verdict": NOT_RUN, "tokens": "", "run": str(missing)}
    return row | {
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
