"""What raters see: examples from one interval of activation of one feature, shuffled with those of all others.

Nothing in an item tells which dictionary or feature it is of; its number on the page joins it with the key.
Shape suffix: E windows.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.autointerp.windows import Windows, read_windows
from monosem.ground.records import Run, read_table
from monosem.pages.report.samples import Token, promoted_tokens, shaded, windows_of
from monosem.pages.visible import Piece

FEWEST = 3  # windows that an interval needs to be shown


class Source(NamedTuple):
    """Files of one dictionary."""

    run: Run
    examples: Path
    features: Path
    logits: Path


class Amounts(NamedTuple):
    features: int  # of each dictionary
    intervals: int  # of each feature
    windows: int  # of each interval


class Item(NamedTuple):
    run: Run
    feature: int
    interval: int
    windows: list[list[Token]]
    centres: list[int]  # place of each window's middle token
    promoted: list[list[Piece]]

    def blinded(self) -> dict[str, Any]:
        """What the page holds of it."""
        rows = zip(self.windows, self.centres, strict=True)
        windows = [
            {"tokens": [[t.pieces, round(float(t.shade), 2)] for t in row], "centre": centre} for row, centre in rows
        ]
        return {"windows": windows, "promoted": self.promoted}

    def unblinded(self) -> dict[str, Any]:
        return {**self.run._asdict(), "feature": self.feature, "interval": self.interval}


def draw_items(sources: Sequence[Source], vocabulary: list[str], amounts: Amounts, seed: int) -> list[Item]:
    """Items of all dictionaries in one random order, so that any first part of it is a fair sample."""
    items = []
    for number, source in enumerate(sources):
        items += draw_from(source, vocabulary, amounts, np.random.default_rng([seed, number]))
    return [items[place] for place in np.random.default_rng(seed).permutation(len(items))]


def draw_from(source: Source, vocabulary: list[str], amounts: Amounts, rng: np.random.Generator) -> Iterator[Item]:
    """Raises ValueError when no interval of the dictionary has windows enough to be rated."""
    candidates = intervals_with_windows(source.examples)
    if candidates.empty:
        raise ValueError(f"{source.examples}: no interval with {FEWEST} windows; encode more tokens")
    maxima = read_table(source.features, ["feature", "max_act"]).set_index("feature")["max_act"]
    chosen = sorted(rng.permutation(candidates["feature"].unique())[: amounts.features].tolist())
    promoted = promoted_tokens(source.logits, chosen, vocabulary)
    windows = windows_of(source.examples, chosen)
    for feature in chosen:
        own = candidates.loc[candidates["feature"] == feature, "interval"].to_numpy()
        for interval in sorted(rng.permutation(own)[: amounts.intervals].tolist()):
            rows = rng.permutation(np.flatnonzero(windows[feature].interval_E == interval))[: amounts.windows]
            shown = [shaded(windows[feature], e, vocabulary, maxima[feature]) for e in rows]
            yield Item(source.run, feature, interval, shown, centres(windows[feature], rows), promoted[feature])


def intervals_with_windows(path: Path) -> pd.DataFrame:
    """Features and intervals that have at least FEWEST windows, in order."""
    parts = [pd.DataFrame({"feature": block.feature_E, "interval": block.interval_E}) for block in read_windows(path)]
    counts = pd.concat(parts).query("interval >= 0").value_counts(dropna=False)
    return counts[counts >= FEWEST].index.to_frame(index=False).sort_values(["feature", "interval"], ignore_index=True)


def centres(windows: Windows, rows: np.ndarray) -> list[int]:
    """Where each window's middle token stands among the tokens that are shown of it."""
    middle = windows.tokens_EW.shape[1] // 2
    return windows.observed_EW[rows, :middle].sum(axis=1).tolist()
