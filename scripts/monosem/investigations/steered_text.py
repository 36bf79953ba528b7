"""What steering does to text: the share of it in each context, and how unlikely the model alone finds it.

A token is in a context where the context's proxy is above zero (see `proxies`), as for held-out text. Shape suffixes:
S texts, L position, C contexts, V vocabulary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from tokenizers import Tokenizer

from monosem.ground.progress import progress
from monosem.ground.records import value_of
from monosem.investigations.proxies import Context, Proxies, parse_contexts
from monosem.investigations.steering import Writer, pinned
from monosem.measures.resampling import with_normal_ends
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.text.packed import Packed

PAPER_MULTIPLE = 1.0  # of the highest activation observed, to which the paper pins a feature
NOTHING = ""  # in place of a context's name, for texts without steering
COLUMNS = ["pinned", "feature", "multiple", "value", "context", "share", "share_error", "n_tokens", "perplexity"]
TEXT_COLUMNS = ["pinned", "multiple", "text"]


def count_inside(known: Proxies, tokens_SL: np.ndarray, n_prefix: int) -> tuple[np.ndarray, np.ndarray]:
    """Tokens after the prefix that are in each context [S, C], and all of them [S]; BOS does not count."""
    nowhere_SL = np.full(tokens_SL.shape, -1)
    text = Packed(tokens_SL, nowhere_SL, nowhere_SL, [], known.bos, known.score_CV.shape[1], digest="")
    inside_SLC = np.zeros((*tokens_SL.shape, len(known.contexts)), dtype=bool)
    inside_SLC[text.counted_SL] = known.of(text) > 0
    return inside_SLC[:, n_prefix:].sum(axis=1), text.counted_SL[:, n_prefix:].sum(axis=1)


def steerable(record: dict[str, Any], names: Sequence[str], where: object) -> list[Context]:
    """Of the contexts named, those with a feature, by the record of measure_contexts.py at `where`.

    Raises ValueError for one of which no text but documents can tell.
    """
    defined = value_of(record, "flags.contexts", where)
    present = [name for name in names if not record["contexts"].get(name, {"absent": True})["absent"]]
    contexts = parse_contexts({name: defined[name] for name in present})
    for context in contexts:
        if not (context.blocks or context.alphabet):
            raise ValueError(
                f"--steer {context.name}: without blocks or alphabet, new text cannot be told; choose another"
            )
    return contexts


@dataclass(frozen=True)
class Condition:
    context: str  # whose feature is pinned, or NOTHING
    multiple: float
    value: float  # that it is pinned to
    feature: int


def conditions(
    contexts: Sequence[Context], features: Mapping[str, int], highest_F: np.ndarray, multiples: Sequence[float]
) -> list[Condition]:
    """Texts without steering and with each context's feature at each multiple; none where there is no context."""
    if not contexts:
        return []
    own = [(c.name, multiple, features[c.name]) for c in contexts for multiple in multiples]
    steered = [Condition(name, multiple, multiple * float(highest_F[f]), f) for name, multiple, f in own]
    return [Condition(NOTHING, 0.0, 0.0, -1), *steered]


def write_all(
    writer: Writer, sae: SparseAutoencoder, known: Proxies, wanted: Sequence[Condition], tokenizer: Tokenizer
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a condition and context: share of the written tokens in it with its standard error over texts, and the
    perplexity of the condition's texts; and one row a text, without the prefix."""
    rows, texts, n_prefix = [], [], len(writer.prefix)
    for condition in progress(wanted, desc="write", unit="condition"):
        edit = None if condition.context == NOTHING else pinned(sae, condition.feature, condition.value)
        tokens_SL = writer.write(edit)
        perplexity = float(writer.losses(tokens_SL).double().mean().exp())
        inside_SC, n_S = count_inside(known, tokens_SL.cpu().numpy(), n_prefix)
        written = tokenizer.decode_batch(tokens_SL[:, n_prefix:].tolist(), skip_special_tokens=False)
        texts += [(condition.context, condition.multiple, text) for text in written]
        n_tokens = max(1, int(n_S.sum()))
        for c, context in enumerate(known.contexts):
            share = inside_SC[:, c].sum() / n_tokens
            error = np.sqrt(np.square(inside_SC[:, c] - share * n_S).sum()) / n_tokens
            row = {"pinned": condition.context, "feature": condition.feature, "multiple": condition.multiple}
            row |= {"value": condition.value, "context": context.name, "share": share, "share_error": error}
            rows.append(row | {"n_tokens": int(n_S.sum()), "perplexity": perplexity})
    return pd.DataFrame(rows, columns=COLUMNS), pd.DataFrame(texts, columns=TEXT_COLUMNS)


def record_fields(table: pd.DataFrame) -> dict[str, Any]:
    """At the paper's multiple: of each context the share under its own feature, what that is over the share without
    steering (gain), and over the largest share under another context's feature (lead; None where there is none). Both
    with an interval over texts, which takes those of two conditions as independent."""
    errors = table[table["multiple"].isin((0.0, PAPER_MULTIPLE))].set_index(["pinned", "context"])["share_error"]
    alone = table[table["pinned"] == NOTHING].set_index("context")
    pinned_once = table[(table["pinned"] != NOTHING) & (table["multiple"] == PAPER_MULTIPLE)]
    shares = pinned_once.pivot(index="pinned", columns="context", values="share")
    contexts = {}
    for row in pinned_once[pinned_once["pinned"] == pinned_once["context"]].itertuples():
        others = shares[row.context].drop(row.context)
        unsteered, own_error = float(alone.loc[row.context, "share"]), float(errors[row.pinned, row.context])
        numbers = {"gain": (row.share - unsteered, float(errors[NOTHING, row.context]))}
        if len(others):
            numbers["lead"] = (
                row.share - float(others.max(skipna=False)),
                float(errors[others.idxmax(skipna=False), row.context]),
            )
        contexts[row.context] = {
            "feature": row.feature,
            "value": row.value,
            "unsteered": unsteered,
            "share": row.share,
            "lead": None,
            **with_normal_ends({name: (value, np.hypot(own_error, error)) for name, (value, error) in numbers.items()}),
            "perplexity": row.perplexity,
        }
    return {
        "n_tokens": int(table.drop_duplicates(["pinned", "multiple"])["n_tokens"].sum(skipna=False)),
        "perplexity_unsteered": float(alone["perplexity"].iloc[0]) if len(alone) else None,
        "contexts": contexts,
    }
