"""Examples of a feature: the windows its explainer sees, and other windows on which the explanation is scored.

Sampling follows "Towards Monosemanticity" (#appendix-automated-setup): windows of nine tokens, drawn per even interval
of activation between 0 and the feature's maximum, plus random windows and windows around the feature's top tokens in
contexts drawn regardless of activation.

Shape suffixes: those of layout.py; Z active tokens of one feature, E windows, W positions in a window, G groups to draw
from, C candidates.
"""

from collections.abc import Iterator

import numpy as np

from monosem.autointerp.layout import Layout, Plan
from monosem.autointerp.windows import INTERVAL, KINDS, OUT_OF_CONTEXT, RANDOM, ROLES, TOP, Windows, concatenate
from monosem.ground.progress import progress
from monosem.measures.codes import Codes

SPARE = 4  # candidates drawn for each random window wanted, so that repeats can be dropped
BLOCK = 512  # features a row group


def sample_windows(codes: Codes, layout: Layout, plan: Plan) -> Iterator[Windows]:
    """Blocks of windows, in order of features; what a feature gets depends on `plan` and its own activations alone.

    Activations of zero and below (neurons of a signed site) count as inactive.
    """
    matrix = codes.by_feature()
    dense_P = np.zeros(layout.tokens_P.size, dtype=np.float32)
    for start in progress(range(0, codes.n_features, BLOCK), desc="sampling", unit="block"):
        parts = [empty(plan.width)]
        for feature in range(start, min(start + BLOCK, codes.n_features)):
            entries = slice(matrix.indptr[feature], matrix.indptr[feature + 1])
            rows_Z, values_Z = matrix.indices[entries], matrix.data[entries]
            active_Z = values_Z > 0
            if np.count_nonzero(active_Z) >= plan.min_active:
                parts.append(sample_feature(feature, rows_Z[active_Z], values_Z[active_Z], layout, plan, dense_P))
        yield concatenate(parts)


def empty(width: int) -> Windows:
    none_E, none_EW = np.empty(0, dtype=np.int32), np.empty((0, width), dtype=np.int32)
    return Windows(*[none_E] * 6, none_EW, none_EW.astype(np.float32), none_E.astype(np.float32))


def sample_feature(
    feature: int, rows_Z: np.ndarray, values_Z: np.ndarray, layout: Layout, plan: Plan, dense_P: np.ndarray
) -> Windows:
    """The windows of one feature. `dense_P` is scratch space, all zero before and after."""
    interval_Z = interval_of(values_Z, plan.n_intervals)
    rng = np.random.default_rng((plan.seed, feature))
    rows_E, kind_E, interval_E = choose(rows_Z, interval_Z, layout, plan, rng)
    # Importance weights of the paper: 1 for random windows, density x share of the active tokens that fall in the
    # interval for those drawn from one. It gives none for windows out of context; 0 leaves them out.
    density_I = np.bincount(interval_Z, minlength=plan.n_intervals) / layout.place_T.size
    weight_E = np.where(interval_E >= 0, density_I[interval_E], kind_E == RANDOM)

    places_EW = layout.place_T[rows_E][:, None] + np.arange(plan.width) - plan.width // 2
    dense_P[layout.place_T[rows_Z]] = values_Z
    activations_EW = dense_P[places_EW]
    dense_P[layout.place_T[rows_Z]] = 0
    return Windows(
        np.full(rows_E.size, feature),
        layout.role_T[rows_E],
        kind_E,
        interval_E,
        layout.context_T[rows_E],
        layout.position_T[rows_E],
        layout.tokens_P[places_EW],
        activations_EW,
        weight_E,
    )


def choose(
    rows_Z: np.ndarray, interval_Z: np.ndarray, layout: Layout, plan: Plan, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centres of a feature's windows, as rows of T, with their kinds and intervals. No token is centre of two."""
    active = draw_active(interval_Z, layout.role_T[rows_Z], plan, rng)
    is_top = interval_Z[active] == plan.n_intervals - 1
    rows = rows_Z[active[is_top]]
    tokens, role = layout.tokens_P[layout.place_T[rows]], layout.role_T[rows]
    # Each role sees top tokens of its own text only: what stands in scored documents must not guide the explainer.
    random, out_of_context = draw_others([tokens[role == own] for own in range(len(ROLES))], layout, plan, rng)

    rows_C = np.concatenate([rows_Z[active], random, out_of_context])
    others = np.repeat([RANDOM, OUT_OF_CONTEXT], [random.size, out_of_context.size])
    kind_C = np.concatenate([np.where(is_top, TOP, INTERVAL), others])
    interval_C = np.concatenate([interval_Z[active].astype(np.int8), np.full(others.size, -1, dtype=np.int8)])
    fresh = np.sort(np.unique(rows_C, return_index=True)[1])  # what is drawn twice stays where it was drawn first
    group = layout.role_T[rows_C[fresh]] * len(KINDS) + kind_C[fresh]
    drawn_already = active.size  # draw_active has kept its quotas
    quota_G = [[drawn_already, drawn_already, quota.random, quota.out_of_context] for quota in plan.quotas]
    kept = fresh[within_quota(group, np.ravel(quota_G))]
    return rows_C[kept], kind_C[kept], interval_C[kept]


def interval_of(values_Z: np.ndarray, n_intervals: int) -> np.ndarray:
    """Interval k holds activations in (k, k+1] x max / n_intervals; values are above zero."""
    scaled_Z = np.ceil(values_Z.astype(np.float64) / values_Z.max() * n_intervals) - 1
    return np.clip(scaled_Z, 0, n_intervals - 1).astype(np.uint8)


def draw_active(interval_Z: np.ndarray, role_Z: np.ndarray, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Places in Z of windows drawn from each interval, in the quota of the role their document serves."""
    quota_G = np.array([[quota.interval] * (plan.n_intervals - 1) + [quota.top] for quota in plan.quotas]).ravel()
    shuffled = rng.permutation(interval_Z.size)
    group_Z = (role_Z * plan.n_intervals + interval_Z).astype(np.uint8)
    return shuffled[within_quota(group_Z[shuffled], quota_G)]


def within_quota(group_C: np.ndarray, quota_G: np.ndarray) -> np.ndarray:
    """Places of the first `quota_G[g]` candidates of each group g, ordered by group."""
    order = np.argsort(group_C, kind="stable")
    size_G = np.bincount(group_C, minlength=quota_G.size)
    rank = np.arange(group_C.size) - np.repeat(np.cumsum(size_G) - size_G, size_G)
    return order[rank < np.repeat(quota_G, size_G)]


def draw_others(
    top_tokens: list[np.ndarray], layout: Layout, plan: Plan, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Candidate rows for random windows and, around tokens of the role's top windows, for windows out of context.

    A role without top windows gets none out of context.
    """
    random, out_of_context = [], []
    by_role = zip(plan.quotas, layout.by_token, layout.sorted_tokens, top_tokens, strict=True)
    for quota, rows, tokens, top in by_role:
        random.append(rng.choice(rows, SPARE * quota.random))
        chosen = rng.choice(top, SPARE * quota.out_of_context) if top.size else top
        first, last = np.searchsorted(tokens, chosen, "left"), np.searchsorted(tokens, chosen, "right")
        found = last > first
        out_of_context.append(rows[rng.integers(first[found], last[found])])
    return np.concatenate(random), np.concatenate(out_of_context)
