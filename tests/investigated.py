"""Made-up records of investigations in which every finding comes out as in the paper, and how to contradict each."""

import copy

RECORDS: dict[str, dict] = {}

# id of a finding: the investigation, its dotted field, and a value that speaks against the finding
CONTRADICTED: dict[str, tuple[str, str, object]] = {}


def changed(name: str, field: str, value: object) -> dict[str, dict]:
    records = copy.deepcopy(RECORDS)
    place = records[name]
    *path, last = field.split(".")
    for part in path:
        place = place[part]
    assert last in place
    place[last] = value
    return records
