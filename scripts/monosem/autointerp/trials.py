"""The tests of many explanations: which requests they take, and the table of what came of them."""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.autointerp.demonstrations import Subject
from monosem.autointerp.judgement import COUNTS, MEASURES, REASONS, Asked, score
from monosem.autointerp.singles import ASKS, singles
from monosem.autointerp.tasks import TASKS, Item, items_of, sheets
from monosem.llm.questions import Question

PAPER, PLAIN = PROTOCOLS = ("paper", "plain")
UNASKED = ("dead", "too_few_examples", "not_chosen")  # statuses of features that nobody asked about


class Plan(NamedTuple):
    """Items of each test (0: no such test), items a request, worked examples in a prompt. The plain protocol asks for
    each yes or no by itself."""

    sizes: dict[str, int]
    batch: int
    shots: int
    seed: int
    protocol: str

    @property
    def tasks(self) -> list[str]:
        return [task for task in TASKS if self.sizes[task]]


class Planned(NamedTuple):
    feature: int
    task: str
    items: list[Item]
    question: Question


def requests(explanations: pd.DataFrame, subject_of: Callable[[int], Subject], plan: Plan) -> list[Planned]:
    """Test by test and feature by feature: a server that keeps the last prompt has most of the next one already."""
    explained = explanations[explanations["status"] == "ok"]
    subjects = {feature: subject_of(feature) for feature in explained["feature"]}
    planned = []
    for task in plan.tasks:
        for feature, text in zip(explained["feature"], explained["explanation"], strict=True):
            rng = np.random.default_rng((plan.seed, feature, TASKS.index(task)))
            items = items_of(task, subjects[feature], plan.sizes[task], rng)
            if plan.protocol == PLAIN and task in ASKS:
                asked = singles(task, text, items, plan.shots)
            else:
                asked = sheets(task, text, items, plan.batch, plan.shots)
            for part, question in asked:
                planned.append(Planned(feature, task, part, question))
    return planned


def tabulate(explanations: pd.DataFrame, asked: list[Asked], tasks: list[str]) -> pd.DataFrame:
    """One row a feature and test: its measures, or the status and reason that it has none."""
    by_test = defaultdict(list)
    for one in asked:
        by_test[one.feature, one.task].append(one)
    rows = []
    for task in tasks:
        for feature, status, reason in zip(
            *(explanations[name] for name in ("feature", "status", "reason")), strict=True
        ):
            found = outcome(task, status, reason, by_test[feature, task])
            rows.append({"feature": feature, "task": task, **found})
    measures = dict.fromkeys(name for names in MEASURES.values() for name in names)
    columns = ["feature", "task", "status", "reason", *measures, "always_no_accuracy", "n_items", "n_requests", *COUNTS]
    numbers = dict.fromkeys(["n_items", "n_requests", *COUNTS[:2]], int)
    return pd.DataFrame(rows).reindex(columns=columns).fillna(dict.fromkeys([*numbers, "usd"], 0)).astype(numbers)


def outcome(task: str, status: str, reason: str, asked: list[Asked]) -> dict[str, Any]:
    if asked:
        return score(task, asked)
    if status in UNASKED:
        return {"status": status, "reason": REASONS[status]}
    if status != "ok":
        return {"status": "no_explanation", "reason": f"explainer: {status}: {reason}"}
    return {"status": "too_few_examples", "reason": REASONS["too_few_examples"]}
