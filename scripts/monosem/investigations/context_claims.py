"""The paper's claims about the feature of a context, measured: specific, sensitive, felt downstream, not a neuron,
found again in another model; and beside the proxy the truth about where it fires, the categories of documents.

Shape suffixes: T held-out tokens of the half that is measured on, C contexts, V vocabulary.
"""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.ground.summary import or_none
from monosem.investigations.best_features import Best, Evidence
from monosem.investigations.proxies import Context
from monosem.measures.metrics import correlation_of, roc_area, roc_area_error
from monosem.measures.resampling import DrawnTokens, with_ends, with_normal_ends

WEAK, STRONG = 0.1, 0.5  # of the highest activation: at most, at least (paper: "barely active", "above 5")
N_PROMOTED = 20  # tokens with the highest logit weights
N_BINS = 25
HISTOGRAM_COLUMNS = ["context", "quantity", "low", "high", "inside", "outside"]


class Promoted(NamedTuple):
    """A feature's logit weights of the tokens that are not rare, with median 0, and which are the context's."""

    weight_V: np.ndarray
    inside_V: np.ndarray


def share(chosen_T: np.ndarray, among_T: np.ndarray) -> float:
    return float(chosen_T[among_T].mean()) if among_T.any() else np.nan


def promoted(weight_V: np.ndarray, inside_V: np.ndarray, common_V: np.ndarray) -> Promoted:
    weight_V = weight_V[common_V].astype(np.float64)
    return Promoted(weight_V - np.median(weight_V), inside_V[common_V])


def claims(best: Best, evidence: Evidence, number: int, tokens: Promoted) -> dict[str, Any]:
    """The numbers of context `number`."""
    acts_T, inside_T = best.acts_TC[:, number], evidence.inside_TC[:, number]
    target_T, truth_T = evidence.target_TC[:, number], evidence.truth_TC[:, number]
    active_T, top = acts_T > 0, np.argsort(-tokens.weight_V, kind="stable")[:N_PROMOTED]
    weak_T, strong_T = active_T & (acts_T <= WEAK * acts_T.max()), active_T & (acts_T >= STRONG * acts_T.max())
    area, n_inside = roc_area(tokens.weight_V, tokens.inside_V), int(tokens.inside_V.sum())
    drawn = drawn_claims(best, evidence, number, (weak_T, strong_T))
    return {
        "feature": int(best.feature_C[number]),
        "density": float(active_T.mean()),
        "n_active": int(active_T.sum()),
        "sensitivity": correlation_of(acts_T, target_T),
        "n_specific": int(best.n_specific_C[number]),
        "specific_sensitivity": correlation_of(best.specific_acts_TC[:, number], target_T),
        "recall": share(active_T, inside_T),
        "inside": share(inside_T, active_T),
        "inside_weak": share(inside_T, weak_T),
        "inside_strong": share(inside_T, strong_T),
        "neuron": int(best.neuron_C[number]),
        "neuron_sensitivity": correlation_of(best.neuron_acts_TC[:, number], target_T),
        "nearest_neuron": int(best.nearest_C[number]),
        "nearest_correlation": float(best.nearest_correlation_C[number]),
        "truth": share(truth_T, active_T),
        "truth_strong": share(truth_T, strong_T),
        "truth_recall": share(active_T, truth_T),
        "truth_area": roc_area(acts_T, truth_T),
        **with_normal_ends({"logit_area": (area, roc_area_error(area, n_inside, tokens.inside_V.size - n_inside))}),
        "logit_gap": share(tokens.weight_V, tokens.inside_V) - share(tokens.weight_V, ~tokens.inside_V),
        "promoted_inside": float(tokens.inside_V[top].mean()),
        "vocabulary_inside": float(tokens.inside_V.mean()),
        "lead": correlation_of(acts_T, target_T) - correlation_of(best.neuron_acts_TC[:, number], target_T),
        "sharpening": share(inside_T, strong_T) - share(inside_T, weak_T),
        **with_ends(drawn),
    }


def drawn_claims(
    best: Best, evidence: Evidence, number: int, weak_and_strong: tuple[np.ndarray, np.ndarray]
) -> dict[str, np.ndarray]:
    """Those of the numbers that are of the text, over draws of its documents. Feature, neurons and what counts as weak
    and strong stay as they were chosen."""
    acts_T, inside_T = best.acts_TC[:, number], evidence.inside_TC[:, number]
    target_T, active_T = evidence.target_TC[:, number], acts_T > 0
    drawn = DrawnTokens(evidence.document_T)
    feature_W, neuron_W = (drawn.correlation(acts, target_T) for acts in (acts_T, best.neuron_acts_TC[:, number]))
    weak_W, strong_W = (drawn.share(inside_T, chosen_T) for chosen_T in weak_and_strong)
    return {
        "sensitivity": feature_W,
        "neuron_sensitivity": neuron_W,
        "lead": feature_W - neuron_W,
        "specific_sensitivity": drawn.correlation(best.specific_acts_TC[:, number], target_T),
        "recall": drawn.share(active_T, inside_T),
        "inside": drawn.share(inside_T, active_T),
        "inside_weak": weak_W,
        "inside_strong": strong_W,
        "sharpening": strong_W - weak_W,
        "nearest_correlation": drawn.correlation(acts_T, best.nearest_acts_TC[:, number]),
    }


def absent(evidence: Evidence, half_T: np.ndarray, min_tokens: int) -> np.ndarray:
    """Bool [C]: contexts with too few tokens in one of the halves to choose by, or to measure on."""
    n_inside_C = [evidence.inside_TC[half_T == half].sum(axis=0) for half in (0, 1)]
    return np.minimum(*n_inside_C) < min_tokens


def histograms(context: Context, acts_T: np.ndarray, inside_T: np.ndarray, tokens: Promoted) -> pd.DataFrame:
    """Counts of active tokens by activation, and of the vocabulary by logit weight, within the context and outside."""
    active_T, parts = acts_T > 0, []
    ranges = {"activation": (0.0, acts_T.max(initial=0.0)), "logit": (tokens.weight_V.min(), tokens.weight_V.max())}
    values = {"activation": (acts_T[active_T], inside_T[active_T]), "logit": tokens}
    for quantity, (value, inside) in values.items():
        edges = np.histogram_bin_edges(value, N_BINS, ranges[quantity])
        within, outside = (np.histogram(value[chosen], edges)[0] for chosen in (inside, ~inside))
        columns = (context.name, quantity, edges[:-1], edges[1:], within, outside)
        parts.append(pd.DataFrame(dict(zip(HISTOGRAM_COLUMNS, columns, strict=True))))
    return pd.concat(parts, ignore_index=True)


def tidy(row: dict[str, Any]) -> dict[str, Any]:
    """Numbers as JSON has them: None for what is undefined."""
    return {name: or_none(value) if isinstance(value, float) else value for name, value in row.items()}
