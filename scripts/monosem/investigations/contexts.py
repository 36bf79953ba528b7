"""All contexts measured: their proxies, the feature of each, and what is claimed of it.

Shape suffixes: S packed contexts, L position, T held-out tokens, C contexts, F features, V vocabulary.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.ground.tensors import open_tensor
from monosem.investigations.best_features import Evidence, choose, halves
from monosem.investigations.context_claims import HISTOGRAM_COLUMNS, absent, claims, histograms, promoted, tidy
from monosem.investigations.proxies import Context, Proxies
from monosem.measures.codes import Codes
from monosem.text.packed import Packed

LIKELIER = np.log(2)  # a token is one of the context's when it is twice as likely there
MATCH = {"match": "match", "match_correlation": "correlation", "match_logit_correlation": "logit_correlation"}


class Knowledge(NamedTuple):
    """What text says of the contexts, whatever a model does."""

    evidence: Evidence
    inside_CV: np.ndarray  # the context's tokens
    common_V: np.ndarray  # tokens that are not rare
    half_T: np.ndarray  # 0: features are chosen here; 1: and measured here


class Limits(NamedTuple):
    min_tokens: int  # of a context, in either half
    rare: int  # occurrences in training text below which a token is rare
    seed: int


def learn(
    contexts: Sequence[Context], held_out: Packed, training: Packed, tokens: Sequence[bytes], limits: Limits
) -> Knowledge:
    proxies = Proxies.learn(contexts, training, tokens)
    count_V = proxies.rates.count_V
    common_V = count_V >= limits.rare
    if not common_V.any():
        raise ValueError(f"rare {limits.rare}: no token occurs as often in {count_V.sum()} training tokens; lower it")
    proxy_TC = proxies.of(held_out)
    target_TC = np.stack([context.target(proxy_TC[:, c]) for c, context in enumerate(contexts)], axis=1)
    truth_TC = np.stack([held_out.is_of(context.category)[held_out.counted_SL] for context in contexts], axis=1)
    evidence = Evidence(proxy_TC, target_TC, truth_TC, held_out.document_T)
    half_T = halves(held_out.document_T, held_out.category_T, limits.seed)
    return Knowledge(evidence, proxies.score_CV > LIKELIER, common_V, half_T)


class Dictionary(NamedTuple):
    features: Codes
    neurons: Codes
    logits: Path
    matches: pd.DataFrame  # a row a feature, with its match in the other model


def measure(
    contexts: Sequence[Context], known: Knowledge, dictionary: Dictionary, limits: Limits
) -> tuple[list[dict[str, Any]], pd.DataFrame]:
    """A row a context, with no more than counts for one that hardly occurs; and histograms of the others.

    `proxy_share` of the tokens are in the context by its proxy, `document_share` by their documents' category.
    """
    absent_C = absent(known.evidence, known.half_T, limits.min_tokens)
    best = None  # one of the halves may be empty
    if not absent_C.all():
        best = choose(dictionary.features, dictionary.neurons, known.evidence, known.half_T)
    chosen_on, measured = (known.evidence.of(np.flatnonzero(known.half_T == half)) for half in (0, 1))
    rows, counts = [], []
    matches = dictionary.matches.set_index("feature")
    weights = open_tensor(dictionary.logits, "logit_weights")
    for c, context in enumerate(contexts):
        inside_T = measured.inside_TC[:, c]
        row = {"context": context.name, "absent": bool(absent_C[c]), "n_inside": int(inside_T.sum())}
        row["n_documents"] = np.unique(measured.document_T[inside_T]).size
        row["proxy_share"] = float(known.evidence.inside_TC[:, c].mean())
        row["document_share"] = float(known.evidence.truth_TC[:, c].mean())
        row["n_documents_chosen"] = np.unique(chosen_on.document_T[chosen_on.inside_TC[:, c]]).size
        if not absent_C[c]:
            feature = int(best.feature_C[c])
            tokens = promoted(weights[feature : feature + 1][0], known.inside_CV[c], known.common_V)
            row |= claims(best, measured, c, tokens)
            row |= {name: matches.loc[feature, column].item() for name, column in MATCH.items()}
            counts.append(histograms(context, best.acts_TC[:, c], inside_T, tokens))
        rows.append(tidy(row))
    return rows, pd.concat(counts, ignore_index=True) if counts else pd.DataFrame(columns=HISTOGRAM_COLUMNS)
