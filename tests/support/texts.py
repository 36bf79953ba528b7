"""Packed text made for a test, in memory and as pack_tokens.py leaves it."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import zarr

from monosem.text.packed import Packed

NO_BOS = -1  # of text all of whose tokens are counted


def packed(
    tokens_SL: np.ndarray,
    categories: Sequence[str] = ("text",),
    *,
    category_SL: np.ndarray | None = None,
    bos: int = 0,
    vocab_size: int | None = None,
) -> Packed:
    """Every context is a document of its own; unless it is said otherwise, of the categories in turn."""
    document_SL = np.broadcast_to(np.arange(len(tokens_SL))[:, None], tokens_SL.shape)
    if category_SL is None:
        category_SL = document_SL % len(categories)
    n_vocab = int(tokens_SL.max()) + 1 if vocab_size is None else vocab_size
    return Packed(tokens_SL, category_SL, document_SL, list(categories), bos, n_vocab, "abc")


def write_store(path: Path, text: Packed) -> None:
    """A token store, with its record beside it."""
    store = zarr.open_group(path, mode="w", zarr_format=3)
    kinds = {"tokens": np.uint16, "category": np.uint16, "document": np.int32}
    for name, kind in kinds.items():
        data = getattr(text, f"{name}_SL").astype(kind)
        store.create_array(name, data=data, config={"write_empty_chunks": True})
    record = {name: getattr(text, name) for name in ("categories", "bos", "vocab_size", "digest")}
    n_contexts, length = text.tokens_SL.shape
    path.with_suffix(".json").write_text(json.dumps({**record, "n_contexts": n_contexts, "context_length": length}))
