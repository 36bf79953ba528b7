"""Automata as tables: the steps of each, what their features fire on and promote, and how many of each kind there are.

Shape suffixes: F features, K promoted tokens.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from monosem.investigations.automata import Automaton
from monosem.investigations.firing import N_TOP, main_category, shares, tokens_fired_on
from monosem.measures.codes import Codes
from monosem.text.packed import Packed

MOSTLY = 0.5  # share of its activation over which a feature is one of a category
PARTS = ["features", "probabilities", "lifts"]


def automata_table(automata: Sequence[Automaton]) -> pd.DataFrame:
    """One row an automaton; features, probabilities and lifts are lists, one entry a state or step."""
    rows = [{**automaton._asdict(), "lift": automaton.lift} for automaton in automata]
    table = pd.DataFrame(rows, columns=["kind", *PARTS, "count", "lift"])
    return table.assign(**{part: table[part].map(list) for part in PARTS})


def states_table(
    automata: Sequence[Automaton],
    codes: Codes,
    held_out: Packed,
    promoted_FK: np.ndarray,
    vocabulary: Sequence[str],
) -> pd.DataFrame:
    """One row a feature in any automaton: density, the category with most of its activation and its share, the tokens
    with most of its activation, the tokens that it promotes most."""
    features = np.array(sorted({feature for automaton in automata for feature in automaton.features}), dtype=np.int64)
    own = Codes(csr_array(codes.matrix[:, features]))
    by_category = shares(own, held_out.category_T, len(held_out.categories))
    return pd.DataFrame(
        {
            "feature": features,
            "density": np.diff(own.by_feature().indptr) / codes.n_tokens,
            **main_category(by_category, held_out.categories),
            "fires_on": tokens_fired_on(shares(own, held_out.token_T, held_out.vocab_size), vocabulary),
            "promotes": [[vocabulary[token] for token in row[:N_TOP]] for row in promoted_FK[features]],
        }
    )


def record_fields(
    n_edges: int, automata: Sequence[Automaton], states: pd.DataFrame, held_out: Packed, loop_in: str
) -> dict[str, Any]:
    """Counts and lifts by kind. `n_self_loops_in`: those whose feature has more than half of its activation on the
    category `loop_in`; None where the text has none of it."""
    kinds = {kind: [a for a in automata if a.kind == kind] for kind in ("self-loop", "pair", "chain")}
    inside = set(states.loc[(states["category"] == loop_in) & (states["category_share"] > MOSTLY), "feature"])
    within = [loop.features[0] in inside for loop in kinds["self-loop"]]
    has_category = loop_in in [held_out.categories[number] for number in np.unique(held_out.category_T)]
    fields: dict[str, Any] = {"n_edges": n_edges, "n_self_loops_in": sum(within) if has_category else None}
    for kind, found in kinds.items():
        name = kind.replace("-", "_")
        lifts = [automaton.lift for automaton in found]
        fields[f"n_{name}s"] = len(found)
        fields[f"{name}_lift"] = {"median": float(np.median(lifts)), "highest": max(lifts)} if lifts else None
    return fields | {"longest_chain": max((len(chain.features) for chain in kinds["chain"]), default=0)}
