"""How mixed the tokens are on which a unit (a feature, a neuron, a direction) is active: entropy of a label of them.

Draw two of a unit's active tokens, each in proportion to its activation, from two different contexts. The chance `s`
that both have the same label (the same document category, or are the same token) gives the entropy of order 2,

    s = (sum_l A_l^2 - sum_cl A_cl^2) / ((sum_l A_l)^2 - sum_c A_c^2)        entropy = -log2 s, in bits

where A_l is the activation summed over the tokens of label l, A_c over those of context c, A_cl over both. Two bits are
as mixed as four labels that are equally frequent.

Entropy as usual, -sum p log2 p, is too low when it is estimated from few tokens, and a unit that seldom fires would
look pure. `s` is a mean over pairs of different tokens, so its expectation does not depend on how many there are; and
pairs within a context are left out, because a context repeats its category and its words.

Shape suffixes: T held-out tokens, R units of a block, F all units.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from monosem.measures.codes import Codes, blocks, members
from monosem.text.packed import Packed


@dataclass(frozen=True)
class Label:
    """A label of every token: by label, by context, and by both, [T, groups] each."""

    by_label: csr_array
    by_context: csr_array
    by_both: csr_array
    n_occurring: int  # labels that occur

    @classmethod
    def of(cls, label_T: np.ndarray, context_T: np.ndarray) -> "Label":
        occurring, label_T = np.unique(label_T, return_inverse=True)
        n_contexts = int(context_T.max(initial=-1)) + 1
        both, both_T = np.unique(label_T * n_contexts + context_T, return_inverse=True)
        groups = (members(label_T, occurring.size), members(context_T, n_contexts), members(both_T, both.size))
        return cls(*groups, occurring.size)

    def agreement(self, values_RT: csr_array) -> np.ndarray:
        """The chance `s` of each unit, [R]; NaN for one that is not active in two contexts."""
        total_R = values_RT.sum(axis=1)
        pairs_R = total_R**2 - square_sums(values_RT, self.by_context)
        alike_R = square_sums(values_RT, self.by_label) - square_sums(values_RT, self.by_both)
        defined_R = pairs_R > 1e-9 * total_R**2
        return np.where(defined_R, alike_R / np.where(defined_R, pairs_R, 1.0), np.nan)

    def entropy(self, values_RT: csr_array) -> np.ndarray:
        """Bits, [R]; no more than if all labels that occur were equally frequent, which the estimate could exceed."""
        return -np.log2(np.clip(self.agreement(values_RT), 1 / self.n_occurring, 1.0))


def square_sums(values_RT: csr_array, groups: csr_array) -> np.ndarray:
    return (values_RT @ groups).power(2).sum(axis=1)


def strongest(values_RT: csr_array, n_kept: int) -> csr_array:
    """Each unit with its `n_kept` strongest tokens only (more, where several are as strong as the last)."""
    kept = values_RT.copy()
    for row in range(kept.shape[0]):
        part = kept.data[kept.indptr[row] : kept.indptr[row + 1]]
        if part.size > n_kept:
            part[part < np.partition(part, -n_kept)[-n_kept]] = 0
    kept.eliminate_zeros()
    return kept


@dataclass(frozen=True)
class Purity:
    """Measures units against the categories and the tokens of one text."""

    held_out: Packed
    category: Label
    token: Label
    min_active: int  # units that are active on fewer tokens are not measured

    @classmethod
    def on(cls, held_out: Packed, min_active: int) -> "Purity":
        context_T = held_out.context_T
        labels = (Label.of(label_T, context_T) for label_T in (held_out.category_T, held_out.token_T))
        return cls(held_out, *labels, min_active)

    def table(self, kind: str, codes: Codes, n_kept: int | None = None) -> pd.DataFrame:
        """A row a unit: n_active, category_bits, token_bits, and the category with most of its activation.

        With `n_kept`, of each unit's strongest tokens only. Bits are NaN where the unit is not measured.
        """
        parts = [self.rows(own_RT if n_kept is None else strongest(own_RT, n_kept)) for own_RT in blocks(codes)]
        table = pd.concat(parts, ignore_index=True)
        table.insert(0, "kind", kind)
        table.insert(1, "feature", np.arange(len(table), dtype=np.int32))
        return table

    def rows(self, values_RT: csr_array) -> pd.DataFrame:
        n_active_R = np.diff(values_RT.indptr)
        measured_R = n_active_R >= self.min_active
        by_category = (values_RT @ members(self.held_out.category_T, len(self.held_out.categories))).toarray()
        top_R, total_R = by_category.argmax(axis=1), by_category.sum(axis=1)
        names = np.array([*self.held_out.categories, ""])
        return pd.DataFrame(
            {
                "n_active": n_active_R,
                "category_bits": np.where(measured_R, self.category.entropy(values_RT), np.nan),
                "token_bits": np.where(measured_R, self.token.entropy(values_RT), np.nan),
                "top_category": names[np.where(total_R > 0, top_R, -1)],
                "top_category_share": by_category.max(axis=1) / np.where(total_R > 0, total_R, np.nan),
            }
        )

    def of_all_tokens(self) -> dict[str, float]:
        """Bits of a unit that is equally active everywhere."""
        everywhere = csr_array(np.ones((1, self.held_out.n_tokens)))
        return {name: float(getattr(self, name).entropy(everywhere)[0]) for name in ("category", "token")}
