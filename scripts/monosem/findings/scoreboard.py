"""Every finding judged: the rows of findings.tsv, equal bytes for equal measurements."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import replace

from monosem.findings.comparing import decide, describe, four_digits
from monosem.findings.finding import Finding
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError
from monosem.measures.resampling import Interval

VERDICTS = ("reproduced", "not reproduced", "inconclusive", "not run")
REPRODUCED, NOT_REPRODUCED, INCONCLUSIVE, NOT_RUN = VERDICTS
DECIDED = {True: REPRODUCED, False: NOT_REPRODUCED, None: INCONCLUSIVE}
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
    told = [shown(name, number, measured.intervals.get(name)) for name, number in measured.numbers.items()]
    return {
        "measured": ", ".join(told),
        "verdict": DECIDED[decide(finding.criterion, measured.numbers, measured.intervals)],
        "tokens": f"{measured.tokens:.0f}" if measured.runs else "",
        "run": (", ".join(map(str, measured.runs)) + (f" ({measured.note})" if measured.note else "")).strip(),
    }


def shown(name: str, number: float, interval: Interval | None) -> str:
    """`L0 19.04`, or `L0 19.04 (18.21 to 19.90)` with the ends of its 95 % interval."""
    ends = f" ({' to '.join(map(four_digits, interval))})" if interval else ""
    return f"{name} {four_digits(number)}{ends}"


def readings(measured: str) -> dict[str, str]:
    """Of the text that `shown` makes of several numbers, each number's part without its name."""
    return dict(re.findall(r"(?:^|, )([^,]+?) ([^ (]\S*?(?: \([^)]*\))?)(?=, |$)", measured))


def to_tsv(rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
