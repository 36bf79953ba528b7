"""The table of all features: numbers a column, and what is searched."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monosem.autointerp.judgement import MEASURES
from monosem.ground.records import EXPLANATION_COLUMNS, read_table
from monosem.pages.browser.shards import ROWS_A_TEXT, numbers, write_shard, write_shards
from monosem.pages.browser.texts import sentence

N_TOKENS = 4  # searched and shown of those that a feature fires on, and of those that it promotes
SCORES = ["status", "reason", "spearman", "pearson", "spearman_random", "spearman_weighted", "pearson_weighted"]
SCORES += ["zero_share_random", "n_windows", "n_predictions"]
LLM_SCORES = ["task", "status", "reason", *dict.fromkeys(chain(*MEASURES.values())), "always_no_accuracy", "n_items"]


def read_features(
    features: Path, explanations: Path, scores: Path, llm_explanations: Path | None, llm_scores: Path | None
) -> pd.DataFrame:
    """A row a feature, in order: numbers, offline explanation and scores, and the language model's, where there are any
    (`llm_explanation`, `llm_status`; `llm_simulation`, ... hold the measures of each test).

    Raises ValueError when features are missing from the first three.
    """
    table = read_table(features)
    scored = read_table(scores, ["feature", *SCORES]).rename(columns={"status": "score_status"})
    for path, frame in ((explanations, read_table(explanations, EXPLANATION_COLUMNS)), (scores, scored)):
        if not np.array_equal(frame["feature"], table["feature"]):
            raise ValueError(f"{path}: other features than {features}; rerun the rule that writes it")
        table = table.merge(frame, on="feature")
    table["llm_explanation"] = table["llm_status"] = None
    if llm_explanations is not None:
        said = read_table(llm_explanations, ["feature", "status", "explanation"]).set_index("feature")
        table["llm_status"] = said["status"].reindex(table["feature"]).to_numpy()
        table["llm_explanation"] = said["explanation"].reindex(table["feature"]).to_numpy()
    return table if llm_scores is None else table.assign(**llm_measures(llm_scores, table["feature"]))


def llm_measures(path: Path, feature_F: pd.Series) -> dict[str, list[dict[str, Any] | None]]:
    """Of each test a column `llm_{test}`: status and measures of each feature; None where there is no row."""
    found = {}
    rows = read_table(path, ["feature", *LLM_SCORES])
    for task, of_task in rows.groupby("task", sort=False):
        by_feature = of_task.drop(columns="task").set_index("feature").to_dict("index")
        found[f"llm_{task}"] = [by_feature.get(feature) for feature in feature_F]
    return found


def simulated(table: pd.DataFrame) -> np.ndarray:
    """Score of the language model's explanations, by simulation; NaN where there is none."""
    if "llm_simulation" not in table:
        return np.full(len(table), np.nan)
    return np.array([row["spearman"] if row else np.nan for row in table["llm_simulation"]], dtype=np.float64)


def write_table(folder: Path, table: pd.DataFrame, facts: dict[str, Any], correlation_F: np.ndarray) -> int:
    """table.js: facts of the dictionary and a list a column, names as they are searched for; returns its bytes."""
    statuses = sorted(set(table["score_status"]))
    columns = {
        "density": numbers(table["density"]),
        "max": numbers(table["max_act"]),
        "score": numbers(table["spearman"]),
        "match": numbers(correlation_F),
        "llm": numbers(simulated(table)),
    }
    columns = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    status = [statuses.index(name) for name in table["score_status"]]
    return write_shard(folder / "table.js", {**facts, "statuses": statuses, "status": status, "columns": columns})


def write_texts(folder: Path, table: pd.DataFrame, fires: Sequence[str], promotes: Sequence[str]) -> int:
    """texts-{k}.js: of each feature its explanations and tokens, as they are shown; returns the bytes of all."""
    shown = [
        [sentence(said) or sentence(offline), *tokens]
        for said, offline, *tokens in zip(table["llm_explanation"], table["text"], fires, promotes, strict=True)
    ]
    return write_shards(folder, "texts", len(shown), ROWS_A_TEXT, lambda rows: shown[rows.start : rows.stop])
