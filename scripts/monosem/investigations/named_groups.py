"""Groups of features with a name: those that fire mostly on one category of text, such as base64, or on one word.

A feature belongs to a group when more than a given share of its activation falls there; the paper, which names such
features by what a person sees in them, states no share. A word is all tokens that spell it, whatever the case and the
space around it; token_features tells which one token a feature follows.

Shape suffixes: F features.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array

from monosem.investigations.families import growth
from monosem.investigations.firing import spell
from monosem.text.packed import Packed


class Group(NamedTuple):
    kind: str  # category, or word
    labels: list[int]  # of categories, or tokens
    n_tokens: int  # of the text that are in it


def named_groups(
    categories: Sequence[str], words: Sequence[str], text: Packed, vocabulary: Sequence[str]
) -> dict[str, Group]:
    """Groups by name; one of a category that the text does not have is empty. Raises ValueError for a name twice."""
    names = [*categories, *words]
    if len(set(names)) < len(names):
        raise ValueError(f"categories and words {', '.join(names)}: a name stands twice; give each once")
    groups = {}
    for name in categories:
        labels = [text.categories.index(name)] if name in text.categories else []
        groups[name] = Group("category", labels, int(np.isin(text.category_T, labels).sum()))
    for word in words:
        labels = spell(word, vocabulary)
        groups[word] = Group("word", labels, int(np.isin(text.token_T, labels).sum()))
    return groups


def is_member(group: Group, share_of_kind: Mapping[str, csr_array], min_share: float) -> np.ndarray:
    """Of each feature, whether it belongs to the group, bool [F]."""
    return share_of_kind[group.kind][:, group.labels].sum(axis=1) > min_share


def group_summary(group: Group, counts: Sequence[int]) -> dict[str, Any]:
    """Numbers of its features, by dictionary from narrow to wide; None where the text has no token of the group."""
    grown = growth(counts if group.n_tokens else [])
    return {"kind": group.kind, "n_tokens": group.n_tokens, "counts": list(counts), **grown}
