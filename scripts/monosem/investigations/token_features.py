"""Features that follow one token: always, or in some contexts only.

Of a feature's activation the largest share falls on its `main token`; that share is its `focus`. It is active at a
share of all occurrences of that token, its `coverage`. (Activation is summed, occurrences are counted.)

  whole token       focus above `min_focus`, coverage at least `min_coverage`: it says which token this is
  token in context  focus above `min_focus`, coverage below: mostly one token, but only in some of its occurrences
  other             no token has so much of its activation
  untold            active on too few tokens to tell

The first two *follow* their main token, and no other. Two other things said of features and words are not the same.
The paper's single-token feature is one whose strongest examples all have one token on top (autointerp.scores); here it
can be in context. And a feature is in the *group* of a word (named_groups) by its activation on all tokens that spell
it.

Shape suffixes: T held-out tokens, F features, V vocabulary, K common tokens.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.investigations.families import growth
from monosem.measures.codes import Codes, blocks, members
from monosem.text.packed import Packed

WHOLE, IN_CONTEXT, OTHER, UNTOLD = "whole token", "token in context", "other", "untold"
KINDS = (WHOLE, IN_CONTEXT, OTHER, UNTOLD)
FOLLOWING = [WHOLE, IN_CONTEXT]  # of the features that follow a token, their main one


class Limits(NamedTuple):
    min_focus: float
    min_coverage: float
    min_active: int


def token_table(codes: Codes, held_out: Packed, limits: Limits) -> pd.DataFrame:
    """A row a feature: n_active, main_token (-1: never active), focus, coverage, kind."""
    tokens = members(held_out.token_T, held_out.vocab_size)
    parts = []
    for values_RT in blocks(codes):
        mass_RV = values_RT @ tokens
        n_active_R, total_R = np.diff(values_RT.indptr), mass_RV.sum(axis=1)
        main_R, most_R = np.asarray(mass_RV.argmax(axis=1)).ravel(), mass_RV.max(axis=1).toarray().ravel()
        values_RT.data[:] = 1
        fires_R = (values_RT @ tokens)[np.arange(main_R.size), main_R]
        parts.append(
            pd.DataFrame({"n_active": n_active_R, "main_token": main_R, "focus": most_R / total_R.clip(1e-30)})
        )
        parts[-1]["coverage"] = np.asarray(fires_R).ravel() / held_out.seen_V[main_R].clip(1)
    table = pd.concat(parts, ignore_index=True)
    dead = table["n_active"] == 0
    table.loc[dead, ["focus", "coverage"]] = np.nan
    table["main_token"] = table["main_token"].mask(dead, -1).astype(np.int32)
    table.insert(0, "feature", np.arange(len(table), dtype=np.int32))
    return table.assign(kind=kinds(table, limits))


def kinds(table: pd.DataFrame, limits: Limits) -> np.ndarray:
    follows_one = table["focus"] > limits.min_focus
    conditions = [
        table["n_active"] < limits.min_active,
        follows_one & (table["coverage"] >= limits.min_coverage),
        follows_one,
    ]
    return np.select(conditions, [UNTOLD, WHOLE, IN_CONTEXT], OTHER)


def common_tokens(held_out: Packed, n_common: int, also: list[int]) -> np.ndarray:
    """The most frequent tokens, most frequent first, and `also` where they are not among them, [K]."""
    first = np.argsort(-held_out.seen_V, kind="stable")[:n_common]
    return np.array([*first, *(token for token in also if token not in first)], dtype=np.int64)


def count_following(tokens_K: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """A row a token: how many features follow it, and how many of these in some contexts only."""
    counts = pd.crosstab(table["main_token"], table["kind"]).reindex(index=tokens_K, columns=KINDS, fill_value=0)
    columns = {
        "token": tokens_K,
        "n_features": counts[FOLLOWING].sum(axis=1, skipna=False),
        "n_in_context": counts[IN_CONTEXT],
    }
    return pd.DataFrame(columns).reset_index(drop=True)


def following(token: int, table: pd.DataFrame) -> pd.DataFrame:
    """The features that follow a token, those active at most of its occurrences first."""
    rows = table[(table["main_token"] == token) & table["kind"].isin(FOLLOWING)]
    return rows.sort_values("coverage", ascending=False, kind="stable")


def shares(table: pd.DataFrame) -> dict[str, Any]:
    """Of the features that could be told, the share of each kind, and of those judged, the share that is single-token.

    `single_token` is NA for a feature with too few strong examples.
    """
    told, judged = table[table["kind"] != UNTOLD], table["single_token"].dropna()
    return {
        "n_features": len(table),
        "n_told": len(told),
        "n_judged": len(judged),
        "single_token": float(judged.mean(skipna=False)) if len(judged) else None,
        **{name: float((told["kind"] == name).mean()) if len(told) else None for name in KINDS[:3]},
    }


def growth_of(common: pd.DataFrame, token: int | None) -> dict[str, Any]:
    """Features of one token in the narrowest and the widest dictionary; nothing for a token that there is not."""
    rows = common[common["token"] == token]
    counts = rows["n_features"].tolist()
    widest = rows["n_in_context"].iloc[-1] / counts[-1] if counts and counts[-1] else None
    return {**growth(counts), "in_context_share_of_widest": widest}
