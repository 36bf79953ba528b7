"""All that the page of a feature shows, put together shard by shard.

Shape suffixes: F features, V vocabulary, K highest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monosem.ground.records import NEURONS, Run
from monosem.pages.browser.answers import Entry
from monosem.pages.browser.columns import SCORES
from monosem.pages.browser.examples import COLUMNS, Activity, Limits
from monosem.pages.browser.neighbours import centred, highest, similar
from monosem.pages.browser.relations import Link, Relation, frame_of, shown
from monosem.pages.browser.shards import FEATURES_A_SHARD, short, write_shards
from monosem.pages.browser.texts import sentence

BINS = 40
N_LOGITS, N_NEAR = 10, 8
SNIPPET = 48  # characters
FACTS = ["density", "n_active", "max_act", "mean_act", "b_enc", "enc_dec_cosine"]


@dataclass(frozen=True)
class Geometry:
    """What follows from weights: promoted and suppressed tokens, features alike, neurons written to."""

    promoted: tuple[np.ndarray, np.ndarray]
    suppressed: tuple[np.ndarray, np.ndarray]
    alike: tuple[np.ndarray, np.ndarray]
    near: tuple[np.ndarray, np.ndarray] | None

    @staticmethod
    def of(logits_FV: np.ndarray, decoder_FN: np.ndarray | None, run: Run) -> "Geometry":
        """`decoder_FN` is the run's own dictionary; for neurons that of the features that write to them."""
        is_neurons = run.dictionary == NEURONS
        directions_FD = centred(logits_FV) if decoder_FN is None or is_neurons else decoder_FN
        near = None
        if decoder_FN is not None:
            near = highest(decoder_FN.T if is_neurons else decoder_FN, N_NEAR)
        alike = similar(directions_FD, N_NEAR)
        return Geometry(highest(logits_FV, N_LOGITS), highest(logits_FV, N_LOGITS, sign=-1), alike, near)


@dataclass(frozen=True)
class Details:
    run: Run
    beside: str  # dictionary that `near` points to
    table: pd.DataFrame  # a row a feature, see columns.read_features
    activity: Activity
    rows: pd.DataFrame  # of examples, see examples.choose
    limits: Limits
    geometry: Geometry
    relations: Sequence[Relation]
    steered: dict[int, list[list[str | float | None]]]
    answers: dict[int, dict[str, list[Entry]]]  # of tests by a language model

    def write(self, folder: Path) -> int:
        """features-{k}.js; returns the bytes of all."""
        records = self.table.to_dict("records")
        bounds = np.searchsorted(self.rows["feature"].to_numpy(), np.arange(len(records) + 1))
        rows_EC = self.rows[COLUMNS].to_numpy()

        def shard(features: range) -> list[dict[str, Any]]:
            return [self.one(f, records[f], rows_EC[bounds[f] : bounds[f + 1]]) for f in features]

        return write_shards(folder, "features", len(records), FEATURES_A_SHARD, shard)

    def one(self, feature: int, record: dict[str, Any], rows_EC: np.ndarray) -> dict[str, Any]:
        low, high, counts = histogram(self.activity.of(feature)[1])
        found: dict[str, Any] = {
            "facts": {name: short(record[name]) for name in FACTS if name in record},
            "offline": {"text": sentence(record["text"]), "status": record["score_status"], "reason": record["reason"]},
            "scores": {name: short(record[name]) for name in SCORES[2:]},
            "single": None if pd.isna(record["single_token"]) else bool(record["single_token"]),
            "histogram": [short(low), short(high), counts],
            "promoted": pairs(self.geometry.promoted, feature),
            "suppressed": pairs(self.geometry.suppressed, feature),
            "related": self.related(feature),
            "examples": self.activity.entries(feature, rows_EC, self.limits),
        }
        if record["llm_status"] not in (None, "not_chosen"):
            tests = {name.removeprefix("llm_"): measures(record[name]) for name in record if is_test(name)}
            for task, items in self.answers.get(feature, {}).items():
                tests[task]["items"] = items
            text = sentence(record["llm_explanation"])
            found["llm"] = {"text": text, "status": record["llm_status"], "tests": tests}
        if feature in self.steered:
            found["steered"] = self.steered[feature]
        return found

    @cached_property
    def snippets(self) -> list[str]:
        """How each explanation begins, for links to it."""
        best = self.table["llm_explanation"].where(self.table["llm_explanation"].notna(), self.table["text"])
        return [text[:SNIPPET] + "…" * (len(text) > SNIPPET) for text in map(sentence, best)]

    def related(self, feature: int) -> list[list[str | list[Link]]]:
        is_neurons = self.run.dictionary == NEURONS
        alike = ("Neurons most like it", "cosine of logit weights")
        if not is_neurons:
            alike = ("Features most like it", "cosine of decoder directions")
        found = [[*alike, frame_of(self.geometry.alike, str(self.run), feature)]]
        if self.geometry.near is not None:
            beside = str(self.run._replace(dictionary=self.beside))
            title = "Features that write to it most" if is_neurons else "Neurons it writes to most"
            found.append([title, "decoder weight", frame_of(self.geometry.near, beside, feature)])
        found += shown(self.relations, feature)
        here = str(self.run)
        told = [[[*link, self.snippets[link[1]]] if link[0] == here else link for link in links] for *_, links in found]
        return [[title, note, links] for (title, note, _), links in zip(found, told, strict=True)]


def is_test(name: str) -> bool:
    return name.startswith("llm_") and name not in ("llm_status", "llm_explanation")


def measures(row: dict[str, Any] | None) -> dict[str, Any]:
    """What a test by a language model gave: its status and the numbers that it has."""
    row = row or {"status": "not asked"}
    return {name: value if isinstance(value, str) else short(value) for name, value in row.items()}


def pairs(found: tuple[np.ndarray, np.ndarray], feature: int) -> list[list[float]]:
    tokens_FK, values_FK = found
    return [[int(t), short(float(v))] for t, v in zip(tokens_FK[feature], values_FK[feature], strict=True)]


def histogram(values_Z: np.ndarray) -> tuple[float, float, list[int]]:
    """How many of the activations lie in each of BINS even bins from 0, or the lowest, to the highest."""
    low, high = min(0.0, float(values_Z.min(initial=0.0))), float(values_Z.max(initial=0.0))
    if not values_Z.size:
        return low, high, []
    bin_Z = np.minimum((values_Z - low) * (BINS / (high - low)), BINS - 1).astype(np.int32)
    return low, high, np.bincount(bin_Z, minlength=BINS).tolist()


def top_tokens(found: tuple[np.ndarray, np.ndarray], shown_vocabulary: Sequence[str], count: int) -> list[str]:
    """The first `count` of each feature in one line."""
    return [" ".join(shown_vocabulary[token] for token in row) for row in found[0][:, :count].tolist()]
