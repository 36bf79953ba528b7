"""The table of faults: each test that passed says what it tried and what happened. `small_run` takes the hooks over."""

import csv
from pathlib import Path

import pytest

COLUMNS = ("fault", "what happens")


@pytest.fixture
def tried(record_property):
    """Notes a row of the table; it counts if the test passes."""
    return lambda fault, happens: record_property("fault", (fault, happens))


def pytest_addoption(parser):
    parser.addoption("--faults-table", type=Path, metavar="FILE", help="write what tests of faults saw here (.tsv)")


def pytest_terminal_summary(terminalreporter, config):
    passed = terminalreporter.stats.get("passed", [])
    rows = [row for report in passed for name, row in report.user_properties if name == "fault"]
    for fault, happens in rows:
        terminalreporter.write_line(f"FAULT {fault}: {happens}")
    if path := config.getoption("--faults-table"):
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t").writerows([COLUMNS, *rows])
