"""One dictionary of the browser: everything read, and its shards written.

Shape suffixes: F features, V vocabulary, N site width.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monosem.ground.records import Run, kind
from monosem.investigations.firing import shares, tokens_fired_on
from monosem.measures.codes import Codes, read_codes_of, read_held_out
from monosem.pages.browser.answers import read_answers
from monosem.pages.browser.columns import N_TOKENS, write_table, write_texts
from monosem.pages.browser.details import Details, Geometry, top_tokens
from monosem.pages.browser.examples import LEVELS, Activity, Limits, names
from monosem.pages.browser.relations import Sources, correlations, gather, steering
from monosem.pages.browser.texts import plain, shown_vocabulary
from monosem.text.tokenizer import load_vocabulary


@dataclass(frozen=True)
class Held:
    """Held-out text with the activations on it."""

    codes: Codes
    activity: Activity
    vocabulary: Sequence[str]  # as it is shown

    @staticmethod
    def read(codes: Path, record: Path, tokens: Path, tokenizer: Path) -> "Held":
        """Raises ValueError when the activations are of other tokens than those given."""
        held_out = read_held_out(tokens, record)
        found = read_codes_of(codes, record, held_out)
        vocabulary = load_vocabulary(tokenizer)
        if len(vocabulary) < held_out.vocab_size:
            raise ValueError(f"{tokenizer}: {len(vocabulary)} tokens, {tokens} has {held_out.vocab_size}; give its own")
        shown = [plain(token) for token in shown_vocabulary(vocabulary, held_out.bos)]
        return Held(found, Activity(found, held_out), shown)

    def fired_on(self, count: int) -> list[str]:
        """Of each feature, the tokens with most of its activation, in one line."""
        share_FV = shares(self.codes, self.activity.held_out.token_T, len(self.vocabulary))
        return list(map(" ".join, tokens_fired_on(share_FV, self.vocabulary, count)))

    def checked_logits(self, logits_FV: np.ndarray, path: Path) -> np.ndarray:
        shape = (self.activity.by_feature.shape[1], len(self.vocabulary))
        if logits_FV.shape != shape:
            raise ValueError(f"{path}: logit weights {logits_FV.shape}, {shape} expected; rerun evaluate_dictionary")
        return logits_FV


def write_dictionary(
    folder: Path,
    run: Run,
    table: pd.DataFrame,
    held: Held,
    rows: pd.DataFrame,
    limits: Limits,
    weights: tuple[np.ndarray, np.ndarray | None, str],
    sources: Sources,
    intervals: int,
) -> dict[str, Any]:
    """The shards of a dictionary, and what its record says of them. `weights`: logit weights [F, V], decoder [F, N] or
    None, and the dictionary that the decoder's other side belongs to."""
    folder.mkdir(parents=True)
    logits_FV, decoder_FN, beside = weights
    relations = gather(sources, run)
    geometry = Geometry.of(logits_FV, decoder_FN, run)
    facts = {"n": len(table), "kind": kind(run), "intervals": intervals, "levels": LEVELS, "reach": limits.reach}
    facts |= {"context": limits.context, "tokens": held.activity.held_out.n_tokens, **names()}
    fires = held.fired_on(N_TOKENS)
    promotes = top_tokens(geometry.promoted, held.vocabulary, N_TOKENS)
    steered = steering(sources.steering, sources.steered_texts) if sources.steering else {}
    answers = read_answers(sources.llm_answers) if sources.llm_answers else {}
    details = Details(run, beside, table, held.activity, rows, limits, geometry, relations, steered, answers)
    written = {
        "table": write_table(folder, table, facts, correlations(relations, len(table))),
        "texts": write_texts(folder, table, fires, promotes),
        "features": details.write(folder),
    }
    scored = table.loc[table["score_status"] == "ok", "spearman"]
    summary = {"n_alive": int((table["density"] > 0).sum()), "n_scored": len(scored)}
    return {**summary, "median_score": float(scored.median(skipna=False)) if len(scored) else None, "bytes": written}
