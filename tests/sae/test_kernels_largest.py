"""The largest pre-activations of each row, and of a batch: against all of them, in float64.

Shape suffixes: B vectors, N neurons, F features.
"""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_problems import BOTH, MANY, NARROW, SEED, SHAPES, dense, problem

from monosem.sae.kernels import Screen, largest, largest_of_batch, largest_of_row

pytestmark = pytest.mark.usefixtures("tile")


def misjudged():
    """Of each nine rows the first is in the sample, and the other eight are a thousandth its size."""
    x_BN, W_FN, b_F, _ = problem(64 * 9, 6, 24, 0, decades=0, special=False)
    x_BN[torch.arange(64 * 9) % 9 != 0] /= 1000
    return x_BN, W_FN, b_F * 1e-4


def exact(found, pre_BF):
    """Their dense form [B, F], which has the pre-activations' own values."""
    value_BF = dense(found)
    torch.testing.assert_close(value_BF[value_BF > 0], pre_BF[value_BF > 0], rtol=1e-9, atol=1e-12)
    return value_BF


def check_largest_of_row(x_BN, W_FN, b_F, k, screen):
    pre_BF = x_BN @ W_FN.T + b_F
    expected_Bk = pre_BF.relu().topk(min(k, len(b_F)), dim=1).values
    found = largest_of_row(x_BN, W_FN, b_F, k, screen)
    ours_Bk = exact(found, pre_BF).topk(min(k, len(b_F)), dim=1).values
    torch.testing.assert_close(ours_Bk, expected_Bk, rtol=1e-9, atol=1e-12)
    assert torch.equal(found.start_B1.diff().long(), (expected_Bk > 0).sum(dim=1))
    assert (found.value_Z > 0).all()


@BOTH
@MANY
@given(*SHAPES, SEED, st.integers(1, 30), st.sampled_from([-3, 0, 3]), st.sampled_from([0, 2, 6]))
def test_the_largest_of_each_row(screen, B, N, F, seed, k, shift, decades):
    """k may exceed the number of features; shifted down, most rows have fewer than k above zero."""
    x_BN, W_FN, b_F, _ = problem(B, N, F, seed, decades)
    check_largest_of_row(x_BN, W_FN, b_F + shift, k, screen)


@BOTH
@pytest.mark.parametrize("k", [1, 3, 20])
def test_the_largest_of_rows_of_very_different_length(screen, k):
    check_largest_of_row(*misjudged(), k, screen)


@settings(max_examples=150)
@given(st.integers(1, 64), SEED, st.integers(1, 8), st.sampled_from([1e-6, 1e-3, 1e-2]), st.sampled_from([0, 1, 8]))
def test_the_largest_of_nearly_equal_entries_at_the_worst_roundings(N, seed, k, spread, size):
    """The screen puts what is largest as far too low as it can, and everything else as far too high."""
    rng = torch.Generator().manual_seed(seed)
    rising_N, up, down = torch.rand(N, generator=rng) < 0.5, 1 + 3 * 2**-8, 1 + 2**-8
    x_BN = torch.where(rising_N, up, down).double().expand(9, N)
    lowered_N, raised_N = torch.where(rising_N, -up, down), torch.where(rising_N, up, -down)
    largest_F = torch.randperm(60, generator=rng) < k
    W_FN = torch.where(largest_F[:, None], lowered_N, raised_N).double()
    b_F = (size + spread * (largest_F + torch.rand(60, generator=rng))) * N - (x_BN[0] * W_FN).sum(dim=1)
    check_largest_of_row(x_BN, W_FN, b_F, k, NARROW)


@MANY
@given(st.integers(1, 9), SEED, st.integers(1, 6), st.sampled_from([1e-3, 1]))
def test_the_largest_where_only_the_bias_is_rounded(N, seed, k, spread):
    """Whole numbers up to 256 are exact in bfloat16, so only the last digits of large biases tell entries apart."""
    rng = torch.Generator().manual_seed(seed)
    x_BN, W_FN = (torch.randint(-255, 256, (size, N), generator=rng).double() for size in (9, 60))
    b_F = 1 + spread * torch.rand(60, generator=rng).double() - W_FN @ x_BN[0]
    check_largest_of_row(x_BN, W_FN, b_F, k, NARROW)


def check_largest_of_batch(x_BN, W_FN, b_F, k, screen):
    pre_BF = x_BN @ W_FN.T + b_F
    wanted = len(x_BN) * min(k, len(b_F))
    expected_Z = pre_BF.relu().flatten().topk(wanted).values
    found = largest_of_batch(x_BN, W_FN, b_F, k, screen)
    exact(found, pre_BF)
    ours_Z = found.value_Z.sort(descending=True).values
    torch.testing.assert_close(ours_Z, expected_Z[expected_Z > 0], rtol=1e-9, atol=1e-12)


@BOTH
@MANY
@given(*SHAPES, SEED, st.integers(1, 30), st.sampled_from([-3, 0, 3]), st.sampled_from([0, 2, 6]))
def test_the_largest_of_a_batch(screen, B, N, F, seed, k, shift, decades):
    x_BN, W_FN, b_F, _ = problem(B, N, F, seed, decades)
    check_largest_of_batch(x_BN, W_FN, b_F + shift, k, screen)


@BOTH
def test_a_batch_whose_sample_misjudges_it_is_searched_again(screen, monkeypatch):
    calls, real = [], largest.entries_above
    monkeypatch.setattr(largest, "entries_above", lambda *given: calls.append(given[3]) or real(*given))
    check_largest_of_batch(*misjudged(), 5, screen)
    assert len(calls) >= 2 and calls == sorted(set(calls), reverse=True) and calls[-1] >= 0


@pytest.mark.parametrize("find", [largest_of_row, largest_of_batch])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@MANY
@given(SEED, st.integers(1, 12))
def test_how_many_rows_are_sampled_does_not_matter(find, dtype, seed, k):
    """With a narrow screen not in the last bit: which entries were candidates leaves no trace."""
    x_BN, W_FN, b_F = (part.to(dtype) for part in problem(50, 6, 24, seed, special=False)[:3])
    results = []
    for sampled in (1, 3, 64, 10**9):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(largest, "SAMPLED_ROWS", sampled)
            results.append(find(x_BN, W_FN, b_F, k, NARROW))
    for other in results[1:]:
        for ours, theirs in zip(results[0][:3], other[:3], strict=True):
            assert torch.equal(ours, theirs)


def test_the_margin_covers_the_accumulation_of_large_terms_that_cancel():
    """All is exact in bfloat16; feature 0 is raised by far more than feature 1, the larger one."""
    x_BN = torch.tensor([[1, 1, 2**-30]])
    W_FN, b_F = torch.tensor([[1024, -1024, 1], [0, 0, 2.0]]), torch.zeros(2)
    found = largest_of_row(x_BN, W_FN, b_F, 1, Screen(torch.bfloat16, margin=True))
    assert found.column_Z.tolist() == [1] and found.value_Z.tolist() == [2**-29]
