"""What packed text is made of: tokens and documents of each category.

Long documents weigh more than short ones: the effective number of documents is that of equally long ones whose mean
would vary as much, (sum n)^2 / sum n^2 over the tokens n of each (Kish, Survey Sampling, 1965).
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from monosem.text.tokens import counted, read_contexts, read_record

ALL = "all"  # the row of all categories
MOST_TOKENS = 10_000_000  # of a store, from its beginning, where contexts are mixed


def document_sizes(path: Path) -> pd.DataFrame:
    """Counted tokens of each document in the first contexts of a token store: category, document, tokens."""
    record = read_record(path)
    n_contexts = min(record["n_contexts"], max(1, MOST_TOKENS // record["context_length"]))
    arrays = [read_contexts(path, n_contexts, name) for name in ("tokens", "category", "document")]
    of_text_SL = counted(arrays[0], record["bos"])
    category_T, document_T = (array[of_text_SL].astype(np.int64) for array in arrays[1:])
    both_D, tokens_D = np.unique(category_T << 32 | document_T, return_counts=True)
    names = np.array(record["categories"], dtype=object)[both_D >> 32]
    return pd.DataFrame({"category": names, "document": both_D & (1 << 32) - 1, "tokens": tokens_D})


def shares(sizes: pd.DataFrame) -> list[dict[str, Any]]:
    """A row a category, the largest first, after that of all text."""
    parts = [(ALL, sizes), *sizes.groupby("category")]
    rows, total = [], int(sizes["tokens"].to_numpy().sum())
    for name, part in parts:
        tokens_D = part["tokens"].to_numpy()
        n, effective = int(tokens_D.sum()), float(tokens_D.sum() ** 2 / np.square(tokens_D).sum())
        counts = {"category": name, "tokens": n, "share": n / total, "documents": len(part)}
        rows.append({**counts, "effective_documents": effective})
    return sorted(rows, key=lambda row: (-row["tokens"], row["category"] != ALL, row["category"]))
