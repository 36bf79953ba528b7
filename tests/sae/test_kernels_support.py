"""The pre-activations of a batch that are above a floor: against all of them, in float64.

Shape suffixes: B vectors, N neurons, F features.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_problems import BOTH, MANY, NARROW, SEED, SHAPES, dense, magnitudes, normals, problem

from monosem.sae.kernels import Screen, entries_above

pytestmark = pytest.mark.usefixtures("tile")


def check_above(x_BN, W_FN, b_F, floor, screen):
    """All that is above the floor is found, and with a margin only what is near it besides; values are exact."""
    pre_BF = x_BN.double() @ W_FN.double().T + b_F.double()
    size_BF = x_BN.double().norm(dim=1)[:, None] * W_FN.double().norm(dim=1) + b_F.double().abs() + abs(floor)
    rounding = 4 * torch.finfo(x_BN.dtype).eps
    above_BF, unsure_BF = pre_BF > floor, (pre_BF - floor).abs() < 1e-13 * size_BF
    value_BF = dense(entries_above(x_BN, W_FN, b_F, floor, screen), fill=torch.nan)
    found_BF = ~value_BF.isnan()
    assert not (above_BF & ~found_BF & ~unsure_BF).any()
    assert ((value_BF - pre_BF).abs() <= rounding * size_BF)[found_BF].all()
    reach_BF = size_BF.amax(dim=0) * 2**-5 if screen.margin else 1e-13 * size_BF
    assert (pre_BF > floor - reach_BF)[found_BF].all()


def floors(F, rng):
    return [0.0, 1.5, -0.7, normals(rng, F), magnitudes(rng, F, 4)[:, 0]]


@BOTH
@MANY
@given(*SHAPES, SEED, st.sampled_from([0, 2, 6]))
def test_all_above_a_floor_are_found(screen, B, N, F, seed, decades):
    x_BN, W_FN, b_F, rng = problem(B, N, F, seed, decades)
    for floor in floors(F, rng):
        check_above(x_BN, W_FN, b_F, floor, screen)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@settings(max_examples=300)
@given(
    st.integers(1, 9),
    st.integers(1, 64),
    st.integers(1, 24),
    SEED,
    st.sampled_from([1e-6, 1e-4, 3e-4, 1e-3, 1e-2]),
    st.sampled_from([0, 1, 100]),
)
def test_a_narrow_screen_misses_nothing_at_the_worst_roundings(dtype, B, N, F, seed, margin, floor_size):
    """Nearly half a unit of bfloat16's last place off in every factor, all in one direction, and just above the floor.

    What is lost by rounding does not cancel: inputs shrink where their product with a weight is positive and grow where
    it is negative. The bias puts one entry of each feature above its floor by `margin` of the lengths.
    """
    rng = torch.Generator().manual_seed(seed)
    positive_FN = torch.rand(F, N, generator=rng) < 0.5
    base_N = torch.where(positive_FN[0], 1 + 2**-8, 1 + 3 * 2**-8).double()
    sign_N = torch.where(torch.rand(N, generator=rng) < 0.5, -1.0, 1.0).double()
    towards_FN = torch.where(torch.rand(F, 1, generator=rng) < 0.7, positive_FN[0], positive_FN)
    W_FN = torch.where(towards_FN, 1 + 2**-8, -1 - 3 * 2**-8).double() * sign_N * 2.0 ** torch.arange(F)[:, None]
    x_BN = (base_N * sign_N).expand(B, N) * 2.0 ** (-torch.randint(0, 9, (B, 1), generator=rng))
    floor_F = floor_size * normals(rng, F)
    chosen_F = torch.randint(0, B, (F,), generator=rng)
    product_F = (x_BN[chosen_F] * W_FN).sum(dim=1)
    b_F = floor_F - product_F + margin * x_BN[chosen_F].norm(dim=1) * W_FN.norm(dim=1)
    parts = [part.to(dtype) for part in (x_BN, W_FN, b_F, floor_F)]
    check_above(*parts, NARROW)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@MANY
@given(*SHAPES, SEED)
def test_a_narrow_screen_misses_nothing_where_only_the_bias_is_rounded(dtype, B, N, F, seed):
    """Whole numbers up to 256 are exact in bfloat16, so only the bias's last digits say what is above zero."""
    rng = torch.Generator().manual_seed(seed)
    x_BN, W_FN = (torch.randint(-255, 256, (size, N), generator=rng).to(dtype) for size in (B, F))
    product_F = (x_BN[torch.randint(0, B, (F,), generator=rng)] * W_FN).sum(dim=1)
    last_F = 2 * torch.finfo(dtype).eps * product_F.abs() + 1e-7
    for sign in (1, -1):
        check_above(x_BN, W_FN, 0.3 * sign - product_F + last_F, 0.3 * sign, NARROW)


def test_float32_finds_the_same_with_and_without_a_narrow_screen():
    """The values of the first are those of the product itself, of the second computed again: the same but rounding."""
    for seed in range(10):
        x_BN, W_FN, b_F = (part.float() for part in problem(60, 24, 40, seed)[:3])
        plain, narrow = (entries_above(x_BN, W_FN, b_F, 0.3, Screen(*way)) for way in ((torch.float32, False), NARROW))
        kept = narrow.where(narrow.value_Z > 0.3)
        assert torch.equal(plain.column_Z, kept.column_Z) and torch.equal(plain.start_B1, kept.start_B1)
        torch.testing.assert_close(plain.value_Z, kept.value_Z, rtol=1e-4, atol=1e-4)
        assert len(narrow.value_Z) > len(kept.value_Z) > 0


@pytest.mark.parametrize("margin", [True, False])
def test_nothing_is_read_that_was_not_written(margin):
    """Deterministic algorithms fill new memory with NaN, as it may happen to be."""
    x_BN, W_FN = torch.randn(30, 5), torch.randn(40, 5)
    expected = entries_above(x_BN, W_FN, torch.zeros(40), 0.0, Screen(torch.bfloat16, margin))
    torch.use_deterministic_algorithms(True)
    try:
        found = entries_above(x_BN, W_FN, torch.zeros(40), 0.0, Screen(torch.bfloat16, margin))
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(found.column_Z, expected.column_Z) and torch.equal(found.value_Z, expected.value_Z)
