"""Examples of a feature for the browser: windows drawn before, with more text around them and all activations in it.

Shape suffixes: S contexts, L position in a context, T held-out tokens, E examples, C their COLUMNS,
Z stored activations, P activations within examples.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from monosem.autointerp.windows import INTERVAL, KINDS, ROLES, TOP, concatenate, read_windows
from monosem.measures.codes import Codes
from monosem.text.packed import Packed

LEVELS = 999  # activations are whole numbers of this share of the feature's highest

COLUMNS = ["kind", "role", "interval", "context", "position"]
Entry = list[int | list[int]]  # kind, role, interval, context, position, first offset, tokens, activations


class Limits(NamedTuple):
    """How many examples of each kind, and tokens on each side: at first, and when more is asked for."""

    top: int
    interval: int
    other: int
    reach: int
    context: int


def choose(examples: Path, limits: Limits) -> pd.DataFrame:
    """The windows shown, a row each, by feature: of each kind and interval the first ones of both roles by turns."""
    windows = concatenate(list(read_windows(examples)))
    columns = {"feature": windows.feature_E, "kind": windows.kind_E, "role": windows.role_E}
    columns |= {"interval": windows.interval_E, "context": windows.context_E, "position": windows.position_E}
    table = pd.DataFrame(columns).astype(np.int64)
    group = ["feature", "kind", "interval"]
    table["turn"] = table.groupby([*group, "role"]).cumcount()
    table = table.sort_values([*group, "turn", "role"], kind="stable")
    most = np.select([table["kind"] == TOP, table["kind"] == INTERVAL], [limits.top, limits.interval], limits.other)
    return table[table.groupby(group).cumcount() < most].drop(columns="turn")


class Activity:
    """Activations by feature."""

    def __init__(self, codes: Codes, held_out: Packed) -> None:
        self.by_feature = codes.by_feature()
        self.held_out = held_out
        self.texts = held_out.tokens_SL.tolist()
        counted_SL = held_out.counted_SL
        # row of the first token with activations at or after each position
        self.row_SL = np.cumsum(counted_SL).reshape(counted_SL.shape) - counted_SL

    def of(self, feature: int) -> tuple[np.ndarray, np.ndarray]:
        """Tokens that it is active on, and how much."""
        column = slice(*self.by_feature.indptr[feature : feature + 2])
        return self.by_feature.indices[column], self.by_feature.data[column]

    def entries(self, feature: int, rows_EC: np.ndarray, limits: Limits) -> list[Entry]:
        """Examples of one feature as the page reads them, from their COLUMNS. Activations are offsets from the centre
        and levels."""
        token_Z, value_Z = self.of(feature)
        highest = max(value_Z.max(initial=0.0), -value_Z.min(initial=0.0), 1e-12)
        context_E, position_E = rows_EC[:, -2:].T
        last = self.held_out.tokens_SL.shape[1] - 1
        first_E, end_E = np.maximum(position_E - limits.context, 1), np.minimum(position_E + limits.context, last)
        low_E = np.searchsorted(token_Z, self.row_SL[context_E, first_E])
        length_E = np.searchsorted(token_Z, self.row_SL[context_E, end_E], side="right") - low_E
        start_E = np.cumsum(length_E) - length_E
        active_P = np.repeat(low_E - start_E, length_E) + np.arange(length_E.sum())
        offset_P = self.held_out.position_T[token_Z[active_P]] - np.repeat(position_E, length_E)
        level_P = np.round(value_Z[active_P] * (LEVELS / highest)).astype(np.int64)
        pairs = np.stack([offset_P, level_P], axis=1).ravel().tolist()
        found = []
        for named, start, length in zip(rows_EC.tolist(), start_E.tolist(), length_E.tolist(), strict=True):
            context, position = named[-2:]
            shown = slice(max(1, position - limits.reach), position + limits.reach + 1)
            tokens = self.texts[context][shown]
            found.append([*named, shown.start - position, tokens, pairs[2 * start : 2 * (start + length)]])
        return found


def names() -> dict[str, tuple[str, ...]]:
    """What the numbers of kinds and roles stand for."""
    return {"kinds": KINDS, "roles": ROLES}
