"""The picture of stages and the table of rooms, of a workflow of five jobs whose answers are plain to see."""

import pytest

from monosem.planning import reruns, stages
from monosem.planning.planned import Planned, files_of_rules, workflow_rules

FILES = {
    "pack": "text.smk",
    "train": "lm.smk",
    "collect": "acts.smk",
    "rate": "pages/rating.smk",
    "sum": "pages/report.smk",
}


def job(rule: str, *inputs: str) -> Planned:
    return Planned(rule, {}, list(inputs), [rule], f"{rule}.tsv", 1, 0, 0)


JOBS = [job("pack"), job("train", "pack"), job("collect", "pack", "train"), job("rate", "pack"), job("sum", "collect")]


@pytest.fixture(autouse=True)
def five_rules(monkeypatch):
    monkeypatch.setattr(stages, "files_of_rules", lambda: FILES)


def test_arrows_that_a_longer_way_says_are_left_out():
    drawn = stages.stages_picture(JOBS).splitlines()
    arrows = [line.strip() for line in drawn if "-->" in line]
    assert arrows == ["text --> lm", "text --> rating", "lm --> acts", "acts --> report"]
    assert drawn[2] == f'    text["{stages.TITLES["text"]}"]' and len(drawn) == 3 + 5 + 4


def test_stages_in_a_circle_are_refused():
    circle = [job("pack", "train"), job("train", "pack")]
    with pytest.raises(ValueError, match="stage lm: it needs itself; move the rule"):
        stages.stages_picture(circle)


def test_every_rule_of_the_workflow_has_a_stage_with_a_title():
    found = files_of_rules()
    assert set(found) == {rule.name for rule in workflow_rules()}
    assert {stages.stage_of(file) for file in found.values()} == set(stages.TITLES)


def test_a_room_tells_its_least_and_most_and_where_it_starts(monkeypatch):
    code = {
        "pack": {"a.py", "monosem/x/a.py"},
        "train": {"monosem/x/b.py", "monosem/x/a.py"},
        "collect": {"monosem/x/c.py"},
    }
    code |= {"rate": {"monosem/x/c.py"}, "sum": {"b.py"}}
    monkeypatch.setattr(reruns, "codes", lambda: code)
    rooms = {
        "*.py": ["a.py", "b.py"],
        "monosem/x/": ["monosem/x/b.py", "monosem/x/c.py"],
        "monosem/y/": ["monosem/y/a.py"],
    }
    monkeypatch.setattr(reruns, "rooms", lambda: rooms)
    rows = reruns.reruns_table(JOBS).splitlines()[2:]
    assert rows == [
        "| `*.py` | 1 to 5 of 5 | `pack` |",
        "| `monosem/x/` | 3 of 5 | `train`, `rate` |",
        "| `monosem/y/` | 0 of 5 | none |",
    ]
