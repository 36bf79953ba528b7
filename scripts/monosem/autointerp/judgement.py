"""What answers are worth: correlations of simulated levels, accuracy and AUC of yes and no.

A test counts only whole: with one request unanswered or unparsable it has that status and no score. A constant answer
has no correlation and says nothing about a feature: it is `undefined_constant_prediction`, never 0 or 1, and the
summary gives the medians also with such tests at chance, as the paper counts them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.autointerp.levels import N_LEVELS, joint_counts, pearson, spearman
from monosem.autointerp.singles import YES as YES_WORD
from monosem.autointerp.tasks import TASKS, Item
from monosem.ground.summary import summarise
from monosem.llm.questions import STATUSES, Answer
from monosem.measures.metrics import roc_area

YES = 5  # level from which an answer is a yes
REASONS = {
    **STATUSES,
    "dead": "never active on the held-out tokens",
    "too_few_examples": "too few windows, or not of both kinds that the test needs",
    "not_chosen": "not among the features drawn to be explained",
    "no_explanation": "the explainer gave none",
    "undefined_constant_truth": "the activation has one level throughout the windows",
    "undefined_constant_prediction": "every answer is the same",
}
CHANCE = {"spearman": 0.0, "pearson": 0.0, "pearson_weighted": 0.0, "balanced_accuracy": 0.5, "auc": 0.5}
CORRELATIONS = ("spearman", "pearson", "pearson_weighted")
MEASURES = {task: CORRELATIONS if task == "simulation" else ("balanced_accuracy", "auc", "accuracy") for task in TASKS}
COUNTS = ("tokens_in", "tokens_out", "usd")


class Asked(NamedTuple):
    """One request of a test, with its answer."""

    feature: int
    task: str
    items: Sequence[Item]
    answer: Answer

    def row(self) -> dict[str, Any]:
        """Texts, truth and answer run on over the items, each of which has `lengths` of them."""
        answer = self.answer
        levels = flat(self) if answer.status == "ok" else []
        texts = [text for item in self.items for text in item.tokens or (item.shown,)]
        truth = [level for item in self.items for level in item.truth]
        asked = {"items": texts, "lengths": [len(item.truth) for item in self.items], "truth": truth}
        counts = {name: getattr(answer, name) for name in COUNTS}
        given = {"key": answer.key, "status": answer.status, "reason": answer.reason, "read_from": answer.by}
        return {"feature": self.feature, "task": self.task, **given, **asked, "answer": levels, **counts}


def flat(asked: Asked) -> list[float]:
    """The levels of an answer in the order of the items; that of a yes is ten times its share."""
    if asked.answer.by:
        return [N_LEVELS * asked.answer.value[YES_WORD]]
    numbered = enumerate(asked.items, start=1)
    return [level for number, item in numbered for level in item.levels(asked.answer.value[str(number)])]


def score(task: str, asked: list[Asked]) -> dict[str, Any]:
    """Status, reason and measures of one feature's test."""
    counts = {name: sum(getattr(one.answer, name) for one in asked) for name in COUNTS}
    found = {"n_items": sum(len(one.items) for one in asked), "n_requests": len(asked), **counts}
    failed = [one.answer for one in asked if one.answer.status != "ok"]
    if failed:
        return {"status": failed[0].status, "reason": failed[0].reason or STATUSES[failed[0].status], **found}
    truth = np.array([level for one in asked for item in one.items for level in item.truth])
    given = np.array([level for one in asked for level in flat(one)])
    constant = [name for name, levels in (("truth", truth), ("prediction", given)) if np.ptp(levels) == 0]
    status = f"undefined_constant_{constant[0]}" if constant else "ok"
    found |= {"status": status, "reason": REASONS[status]}
    if task != "simulation":
        found["always_no_accuracy"] = 1 - truth.mean()
    if status == "ok" and task == "simulation":
        weight = np.array([item.weight for one in asked for item in one.items for _ in item.truth])
        found |= correlations(truth, given.astype(np.int64), weight)
    elif status == "ok":
        found |= yes_or_no(truth, given)
    return found


def correlations(truth: np.ndarray, given: np.ndarray, weight: np.ndarray) -> dict[str, float]:
    group = np.zeros_like(truth)
    counts, weighted = (joint_counts(group, truth, given, 1, each) for each in (None, weight))
    measures = {"spearman": spearman(counts), "pearson": pearson(counts), "pearson_weighted": pearson(weighted)}
    return {name: float(value[0]) for name, value in measures.items()}


def yes_or_no(truth: np.ndarray, given: np.ndarray) -> dict[str, float]:
    right, yes = (given >= YES) == truth, truth == 1
    balanced = (right[yes].mean() + right[~yes].mean()) / 2
    return {"accuracy": float(right.mean()), "balanced_accuracy": float(balanced), "auc": roc_area(given, yes)}


def summary(scores: pd.DataFrame) -> dict[str, Any]:
    """Of each test: every status counted, quartiles over the features whose status is ok, and what was spent."""
    found: dict[str, Any] = {}
    for task, rows in scores.groupby("task", sort=False):
        ok = rows["status"] == "ok"
        constant = rows["status"] == "undefined_constant_prediction"
        at_chance = {name: rows[name].mask(constant, CHANCE[name])[ok | constant] for name in MEASURES[task][:2]}
        found[task] = {
            "status_counts": {name: int((rows["status"] == name).sum()) for name in REASONS},
            **{measure: summarise(rows.loc[ok, measure].to_numpy(dtype=float)) for measure in MEASURES[task]},
            "constant_at_chance": {
                measure: summarise(values.to_numpy(dtype=float)) for measure, values in at_chance.items()
            },
            **{name: rows[name].sum(skipna=False).item() for name in COUNTS},
        }
        if task != "simulation":
            found[task]["always_no_accuracy"] = summarise(rows.loc[ok, "always_no_accuracy"].to_numpy(dtype=float))
    return found
