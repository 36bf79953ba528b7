"""What the runs measured, as the findings ask for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd

from monosem.ground.records import NEURONS, Run, value_of
from monosem.measures.metrics import loss_recovered
from monosem.measures.resampling import Interval


class NotMeasuredError(LookupError):
    """A finding cannot be judged from what was run; the message says what is missing."""


class Measured(NamedTuple):
    """Named numbers, the tokens they were counted over, the runs they came from, what else a reader must know, and the
    95 % intervals of those of the numbers that were resampled."""

    numbers: dict[str, float]
    tokens: float
    runs: list[Run]
    note: str = ""
    intervals: Mapping[str, Interval] = MappingProxyType({})


@dataclass(frozen=True)
class Measurements:
    """Records by run, the tables of all runs in one frame each, and the two choices a reader must know.

    `headline` stands for the paper's A/1; `sweep` lists dictionaries that differ in width only, its A/0 to A/5.
    """

    site: str
    headline: str
    sweep: list[str]
    evals: dict[Run, dict[str, Any]]
    features: pd.DataFrame
    scores: dict[Run, dict[str, Any]]
    llm_scores: dict[Run, dict[str, Any]]  # of explanations by a language model, where one was asked
    explanations: pd.DataFrame
    differences: pd.DataFrame
    ratings: dict[str, Any]  # the record of people's ratings; empty when there are none
    universality: dict[Run, dict[str, Any]]
    investigations: dict[str, dict[str, Any]]  # records by their field `investigation`
    documents: Mapping[Run, pd.DataFrame] = field(default_factory=dict)  # sums over each held-out document
    files: Mapping[tuple[str, str], str] = field(default_factory=dict)  # of records, by kind and by run or name
    used: list[str] = field(default_factory=list)  # those of `files` that were asked for

    def run(self, model: str, dictionary: str | None = None) -> Run:
        return Run(model, self.site, dictionary or self.headline)

    def number(self, kind: str, run: Run, field: str) -> float:
        """One finite number of one record. Raises NotMeasuredError when the run or its value is missing."""
        value = self.field(kind, run, field)
        if value is None or not math.isfinite(value):
            raise NotMeasuredError(f"{kind} of {run}: {field} is undefined")
        return float(value)

    def field(self, kind: str, run: Run, field: str) -> Any:  # noqa: ANN401
        return value_of(self.record(kind, run), field, f"{kind} of {run}")

    def ends(self, kind: str, run: Run, fields: Mapping[str, str]) -> dict[str, Interval]:
        """Intervals of those of a record's fields that have one, under the names given."""
        return ends_in(self.record(kind, run), fields)

    def use(self, kind: str, name: object = "") -> None:
        """Remember that this record was asked for."""
        file = self.files.get((kind, str(name)))
        if file and file not in self.used:
            self.used.append(file)

    def record(self, kind: str, run: Run) -> dict[str, Any]:
        records = getattr(self, kind)
        self.use(kind, run)
        if run not in records:
            raise NotMeasuredError(f"needs {kind} of {run}")
        return records[run]

    def universality_run(self, dictionary: str) -> Run:
        """The one comparison of two models for this dictionary, whichever of the two its record names as `model`."""
        for run in sorted(self.universality):
            if (run.site, run.dictionary) == (self.site, dictionary):
                return run
        raise NotMeasuredError(f"needs universality of {self.site}/{dictionary}")

    def score_difference(self, left: Run, right: Run, measure: str) -> tuple[float, float, float]:
        """Median score of `left` less that of `right`, and the two ends of its interval."""
        self.use("differences")
        rows = self.differences
        chosen = (rows["measure"] == measure) & (rows["left"] == str(left)) & (rows["right"] == str(right))
        found = rows.loc[chosen, ["difference", "low", "high"]].dropna()
        if found.empty:
            raise NotMeasuredError(f"needs the scores of {left} compared with {right}")
        return tuple(found.iloc[0].astype(float))

    def rating(self, run: Run, field: str) -> float:
        """`median` or `n` of the ratings by people of a run. Raises NotMeasuredError when there are none."""
        self.use("ratings")
        found = self.ratings.get("runs", {}).get(str(run))
        if found is None or found["median"] is None:
            raise NotMeasuredError(f"needs ratings of {run} by people")
        return float(found[field])

    def investigation(self, name: str) -> dict[str, Any]:
        self.use("investigations", name)
        if name not in self.investigations:
            raise NotMeasuredError(f"needs the investigation `{name}`")
        return self.investigations[name]

    def run_of(self, name: str, dictionary: str | None = None) -> Run:
        """The run that an investigation is of; of the headline dictionary, unless another is named."""
        record = self.investigation(name)
        return Run(record["model"], record["site"], dictionary or self.headline)

    def found(self, name: str, field: str) -> float:
        """One finite number of an investigation, by its dotted name. Raises NotMeasuredError when there is none."""
        record = self.investigation(name)
        try:
            value = value_of(record, field, f"investigation `{name}`")
        except ValueError as missing:  # of a part that the config leaves out
            raise NotMeasuredError(str(missing)) from None
        if value is None or not math.isfinite(value):
            raise NotMeasuredError(f"investigation `{name}`: {field} is undefined")
        return float(value)

    def reported(self, name: str, fields: Mapping[str, str], note: str = "", runs: Sequence[Run] = ()) -> Measured:
        """Fields of an investigation's record, under the names that criteria give them; `_` in those is a space."""
        named = {label.replace("_", " "): field for label, field in fields.items()}
        numbers = {label: self.found(name, field) for label, field in named.items()}
        runs = list(runs) or [self.run_of(name)]
        return Measured(numbers, self.found(name, "n_tokens"), runs, note, self.found_ends(name, named))

    def found_ends(self, name: str, fields: Mapping[str, str]) -> dict[str, Interval]:
        """Intervals of those of an investigation's fields that have one, under the same names."""
        return ends_in(self.investigation(name), fields)

    def feature_table(self, run: Run) -> pd.DataFrame:
        self.use("evals", run)
        return rows_of(self.features, run, "the feature table")

    def single_token_judged(self, run: Run) -> pd.Series:
        """Whether each feature with enough top examples to tell is single-token (paper: #appendix-automated-setup)."""
        self.use("scores", run)
        judged = rows_of(self.explanations, run, "explanations")["single_token"].dropna()
        if judged.empty:
            raise NotMeasuredError(f"no feature of {run} has enough top examples to be called single-token or not")
        return judged.astype(bool)

    def single_token_share(self, run: Run) -> float:
        return float(self.single_token_judged(run).mean(skipna=False))


def ends_in(record: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Interval]:
    """Intervals of those of a record's fields, by their dotted names, that have defined ends (resampling.with_ends)."""
    found = {}
    for label, dotted in fields.items():
        try:
            ends = tuple(value_of(record, f"{dotted}_{end}", label) for end in ("low", "high"))
        except ValueError:
            continue
        if None not in ends:
            found[label] = ends
    return found


def rows_of(frame: pd.DataFrame, run: Run, what: str) -> pd.DataFrame:
    chosen = (frame["model"] == run.model) & (frame["site"] == run.site) & (frame["dictionary"] == run.dictionary)
    if not chosen.any():
        raise NotMeasuredError(f"needs {what} of {run}")
    return frame[chosen]


def recovered_share(measured: Measurements, run: Run) -> float:
    """`loss_recovered` of one run, from its raw held-out losses (paper: #global-analysis-how-much).

    Raises NotMeasuredError when there is nothing to recover.
    """
    losses = [measured.number("evals", run, name) for name in ("loss_clean", "loss_sae", "loss_zero")]
    recovered = loss_recovered(*losses)
    if recovered is None:
        raise NotMeasuredError(f"evals of {run}: zero-ablation does not raise the loss, so no share can be recovered")
    return recovered


def sweep_runs(measured: Measurements, model: str) -> list[Run]:
    """Runs of the width sweep, narrowest first. Raises NotMeasuredError when fewer than two differ in width."""
    runs = [measured.run(model, name) for name in measured.sweep]
    widths = {run: measured.number("evals", run, "n_features") for run in runs}
    if len(set(widths.values())) < 2:
        raise NotMeasuredError("needs dictionaries of two widths")
    return sorted(runs, key=lambda run: (widths[run], run))


def expansion(measured: Measurements, run: Run) -> float:
    """How many times more features than neurons; the identity dictionary of the same model counts the neurons."""
    n_neurons = measured.number("evals", measured.run(run.model, NEURONS), "n_features")
    return measured.number("evals", run, "n_features") / n_neurons
