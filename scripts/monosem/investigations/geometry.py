"""Where the directions of a dictionary lie: in the basis of the neurons, and among each other.

Decoder rows have unit norm, so a weight is the cosine with a neuron's axis, and 1 / sum_n w_n^4, the participation
ratio, is the number of neurons that the row is spread over: 1 for a neuron itself, N for equal weights on all.

Features that are dead or seldom fire (`low`) are compared with the others (`alive`). The account of 2024 is that their
encoders load on neurons that never fire strongly: there x_n - b_n hardly varies, so that by -w_n b_n the pre-encoder
bias moves the pre-activation as a bias would. Per feature, over these weak neurons:

    weak_load   sum over weak n of w_n^2 / |w|^2, the share of the encoder on them; their share of all neurons by chance
    weak_shift  - sum over weak n of w_n b_n, what they add to the pre-activation by the pre-encoder bias

Shape suffixes: N neurons, F features, R some of them.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.ground.summary import summarise
from monosem.investigations.telling_apart import FEWEST, apart_together
from monosem.measures.metrics import mean_cosine, roc_area_error
from monosem.measures.resampling import with_normal_ends

AXES = {"bias": ["bias"], "cosine": ["enc_dec_cosine"], "both": ["bias", "enc_dec_cosine"], "weak_load": ["weak_load"]}
ONE, FEW = 1.5, 10.5  # of neurons: up to which a row is one neuron, and 2 to 10


def weak_neurons(max_act_N: np.ndarray, share: float) -> np.ndarray:
    """The `share` of the neurons whose strongest activation is lowest, bool [N]; at least one."""
    n_weak = max(1, round(share * max_act_N.size))
    weak_N = np.zeros(max_act_N.size, dtype=bool)
    weak_N[np.argsort(max_act_N, kind="stable")[:n_weak]] = True
    return weak_N


def unit(W_RN: np.ndarray) -> np.ndarray:
    return W_RN / np.linalg.norm(W_RN, axis=1, keepdims=True)


def participation(W_RN: np.ndarray) -> np.ndarray:
    return 1 / (unit(W_RN) ** 4).sum(axis=1)


class Weights(NamedTuple):
    """Of a saved autoencoder."""

    W_enc_FN: np.ndarray
    b_enc_F: np.ndarray
    W_dec_FN: np.ndarray
    b_dec_N: np.ndarray


def geometry_table(weights: Weights, weak_N: np.ndarray, *, centred: bool) -> pd.DataFrame:
    """A row a feature. Not `centred`: trained without pre-encoder bias, so its own bias is that of the saved form less
    what was folded into it, and nothing is shifted."""
    W_enc_FN, b_enc_F, W_dec_FN, b_dec_N = (array.astype(np.float64) for array in weights)
    weak_shift_F = -W_enc_FN[:, weak_N] @ b_dec_N[weak_N]
    return pd.DataFrame(
        {
            "feature": np.arange(len(W_enc_FN), dtype=np.int32),
            "bias": b_enc_F if centred else b_enc_F - W_enc_FN @ b_dec_N,
            "neurons": participation(W_dec_FN),
            "top_weight": np.abs(unit(W_dec_FN)).max(axis=1),
            "weak_load": (unit(W_enc_FN)[:, weak_N] ** 2).sum(axis=1),
            "weak_shift": weak_shift_F if centred else 0.0,
        }
    )


def basis_shares(neurons_R: np.ndarray) -> dict[str, float | None]:
    """Of these rows, the shares that are one neuron, 2 to 10 neurons, and more."""
    if not neurons_R.size:
        return dict.fromkeys(("one", "few", "dense"))
    one, few = (float((neurons_R < limit).mean()) for limit in (ONE, FEW))
    return {"one": one, "few": few - one, "dense": 1 - few}


def likeness(W_RN: np.ndarray) -> float | None:
    """Mean cosine of two different rows; None of too few to say."""
    return mean_cosine(unit(W_RN)) if len(W_RN) >= FEWEST else None


def medians(table: pd.DataFrame, column: str, low_F: np.ndarray) -> dict[str, Any]:
    """Of one column, over low and over alive features, with the ends of their intervals; `gap` is their difference.
    None of too few to say."""
    found: dict[str, Any] = {}
    for name, mask_F in (("low", low_F), ("alive", ~low_F)):
        values = table.loc[mask_F, column].to_numpy(np.float64)
        told = summarise(values if len(values) >= FEWEST else values[:0])
        found |= {name: told["median"], f"{name}_low": told["median_low"], f"{name}_high": told["median_high"]}
    both = None not in (found["low"], found["alive"])
    return {**found, "gap": found["low"] - found["alive"] if both else None}


def apart_with_error(values_FD: np.ndarray, low_F: np.ndarray) -> tuple[float | None, float]:
    area = apart_together(values_FD, low_F)
    return area, np.nan if area is None else roc_area_error(area, int(low_F.sum()), int((~low_F).sum()))


def describe(table: pd.DataFrame, weights: Weights) -> dict[str, Any]:
    """The fields of a record; `table` has the columns of `geometry_table`, status and enc_dec_cosine."""
    low_F = (table["status"] != "alive").to_numpy()
    alive = table[~low_F]
    rows = {"low": low_F, "alive": ~low_F}
    told_by = {name: table[[*columns]].to_numpy() for name, columns in AXES.items()}
    return {
        "n_features": len(table),
        "n_low": int(low_F.sum()),
        "low_share": float(low_F.mean()),
        "basis": {
            **basis_shares(alive["neurons"].to_numpy()),
            "neurons": summarise(alive["neurons"].to_numpy()),
            "top_weight": summarise(alive["top_weight"].to_numpy()),
        },
        "enc_dec_cosine": medians(table, "enc_dec_cosine", low_F),
        "told_apart_by": with_normal_ends(
            {name: apart_with_error(values_FD, low_F) for name, values_FD in told_by.items()}
        ),
        "likeness": {
            "encoders": {name: likeness(weights.W_enc_FN[mask_F]) for name, mask_F in rows.items()},
            "decoders": {name: likeness(weights.W_dec_FN[mask_F]) for name, mask_F in rows.items()},
        },
        "weak_load": medians(table, "weak_load", low_F),
        "weak_shift": medians(table, "weak_shift", low_F),
    }
