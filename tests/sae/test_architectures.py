"""Hand-written gradients, sparse and dense, of every architecture against autograd on the textbook loss."""

from dataclasses import replace

import pytest
import textbook
import torch
from architecture_cases import (
    ALL_WAYS,
    NAMES,
    SCREENS,
    SHARE,
    WAYS,
    Case,
    assert_textbook,
    cases,
    encoder_bias,
    expected,
    made,
    settled,
)
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monosem.sae.architectures import steps
from monosem.sae.kernels import largest, support


@ALL_WAYS
@pytest.mark.parametrize("dtype", SHARE, ids=["float64", "float32"])
@settings(max_examples=50)
@given(data=st.data())
def test_gradients_are_autograds(name, way, dtype, data):
    case = data.draw(cases(name, dtype))
    assume(settled(case, expected(case)))
    assert_textbook(case, case.step(way))


@pytest.mark.parametrize("name", NAMES)
def test_the_textbooks_gradients_are_finite_differences(name, monkeypatch):
    """What counts as constant is recorded at the point itself and given back, in order, at the points around it."""
    case = made(name, 9, 3, 6, seed=5, shift=0.5, dead=0.5)
    case.hyper |= {key: 0.7 for key in ("l1", "pre_act", "aux") if key in case.hyper}
    held, real = [], textbook.constant
    monkeypatch.setattr(textbook, "constant", lambda tensor: held.append(real(tensor)) or held[-1])
    result, gradients = case.textbook()
    assert result.border > 1e-4

    def loss(key, i, change):
        recorded = iter(held)
        monkeypatch.setattr(textbook, "constant", lambda _: next(recorded))
        moved = case.weights[key].clone()
        moved.view(-1)[i] += change
        around, _ = replace(case, weights={**case.weights, key: moved}).textbook()
        return around.mse + around.penalty

    for key, gradient in gradients.items():
        for i, slope in enumerate(gradient.flatten()):
            measured = (loss(key, i, 1e-6) - loss(key, i, -1e-6)) / 2e-6
            assert float(measured) == pytest.approx(float(slope), rel=1e-5, abs=1e-6), (key, i)


@ALL_WAYS
@pytest.mark.parametrize("shift", [-8, -2, 1])
def test_a_larger_batch_in_float32(name, way, shift):
    """Rows of very different lengths: what bounds one row's candidates says nothing of another's."""
    for seed in range(20):
        case = made(name, 300, 24, 96, shift=shift, seed=seed, dtype=torch.float32, silent=0.1, dead=0.2)
        case.x_BN[:100] *= 6
        case.x_BN[100:200] /= 6
        if settled(case, expected(case)):
            return assert_textbook(case, case.step(way))
    raise AssertionError("none of these cases is settled in float32")


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30)
@given(st.integers(1, 30), st.integers(1, 7), st.integers(0, 9999))
def test_a_bfloat16_screen_misses_nothing_where_large_terms_cancel(name, B, N, seed):
    """Pre-activations near 1 are what is left of terms near 200, which bfloat16 holds to within 1 at best."""
    case = made(name, B, N, 24, seed=seed)
    case.x_BN[:, 0] = 200
    encoder_bias(case).sub_(200 * case.weights["W_enc_FN"][:, 0])
    assert_textbook(case, case.step("sparse-bfloat16"))


@pytest.mark.parametrize("way", [way for name, way in WAYS if name == "gated"])
def test_a_gates_bias_costs_the_magnitudes_no_digits(way):
    """u = W_e (x - b_d) is near 1 beside a gate's bias of 100: taken as the gate less its bias, it has lost two digits,
    and what it adds up to over these vectors, for the gradient of r_mag, is small."""
    case = made("gated", 3, 2, 1, shift=100, seed=438, dtype=torch.float32, dead=0, hyper={"l1": 0.3})
    assert settled(case, expected(case))
    assert_textbook(case, case.step(way))


@ALL_WAYS
@pytest.mark.parametrize("shift", [-100, -3, 0, 100])
def test_across_tiles(name, way, shift, monkeypatch):
    monkeypatch.setattr(support, "TILE", (7, 4))
    monkeypatch.setattr(largest, "ROWS", 7)
    monkeypatch.setattr(support, "BLOCK", 7)
    monkeypatch.setattr(largest, "SAMPLED_ROWS", 5)
    monkeypatch.setattr(steps, "DENSE_ENTRIES", 70)
    case = made(name, 50, 6, 30, shift=shift, silent=0.2)
    assert_textbook(case, case.step(way))


@ALL_WAYS
def test_repeating_the_batch_changes_neither_loss_nor_gradient(name, way):
    """Over the whole batch too: of each pair of equal codes both are kept, since an even number is."""
    case = made(name, 30, 5, 14, shift=1, seed=2, dead=0.3)
    once, twice = case.step(way), replace(case, x_BN=case.x_BN.repeat(2, 1)).step(way)
    torch.testing.assert_close(once.gradients, twice.gradients, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close((once.mse, once.penalty), (twice.mse, twice.penalty))
    assert twice.n_active == 2 * once.n_active > 0 and torch.equal(once.active_F, twice.active_F)


@ALL_WAYS
def test_nothing_given_is_changed(name, way):
    case = made(name, 30, 5, 14, shift=1, dtype=torch.float32)
    given_tensors = [*case.weights.values(), case.x_BN, case.dead_F]
    before = [tensor.clone() for tensor in given_tensors]
    step = case.step(way)
    for gradient in step.gradients.values():
        gradient.fill_(7)
    assert all(map(torch.equal, given_tensors, before))


@ALL_WAYS
def test_a_feature_that_is_active_nowhere_has_no_gradient(name, way):
    """Nor has one that is marked dead and stays below zero, but for what JumpReLU adds for its like."""
    case = made(name, 40, 4, 12, shift=1, dead=0)
    encoder_bias(case)[3:6] = -1e3
    case.dead_F[4:6] = name != "jumprelu"
    step = case.step(way)
    assert_textbook(case, step)
    assert not step.active_F[3:6].any() and step.active_F.any()
    for key, gradient in step.gradients.items():
        assert key == "b_dec_N" or (gradient[3:6] == 0).all(), key


@pytest.mark.parametrize("way", SCREENS)
@pytest.mark.parametrize("name", ["topk", "batchtopk", "matryoshka"])
@pytest.mark.parametrize("dtype", SHARE, ids=["float64", "float32"])
def test_of_equal_codes_exactly_as_many_as_asked_are_kept(name, way, dtype):
    case = made(name, 20, 3, 10, shift=4, dtype=dtype, dead=0, hyper={"k": 4, "k_aux": 2, "aux": 1.0})
    case.hyper |= {"prefixes": (1.0,)} if name == "matryoshka" else {}
    case.x_BN[:] = case.x_BN[0]
    for tensor in (case.weights[key] for key in ("W_enc_FN", "b_enc_F", "W_dec_FN")):
        tensor[:] = tensor[0]
    case.dead_F[:5] = True
    step, (result, _) = case.step(way), case.textbook()
    assert step.n_active == 4 * 20
    if name == "topk":  # over the whole batch, which rows the kept ones are in is not decided
        torch.testing.assert_close((step.mse.double(), step.penalty.double()), (result.mse, result.penalty))


@pytest.mark.parametrize("way", [way for name, way in WAYS if name == "jumprelu"])
def test_a_jumprelu_step_worked_by_hand(way):
    """One neuron, one feature, both weights 1, t = 2, h = 1, x = 2.2, 1.8, 5: f = 2.2, 0, 5, and only 1.8 is missed.

    df = 2 (0 - 1.8) / 3 = -1.2 there, within h / 2 of t: dt = -1.2 * -(2 / 1) = 2.4, and t times that for log t.
    """
    one = torch.ones(1, 1, dtype=torch.float64)
    weights = {"W_enc_FN": one, "b_enc_F": one[0] * 0, "W_dec_FN": one.clone(), "b_dec_N": one[0] * 0}
    weights["log_threshold_F"] = (2 * one[0]).log()
    hyper = {"l1": 0.0, "bandwidth": 1.0, "threshold": 2.0, "tanh_scale": 1.0, "pre_act": 1.0}
    x_BN = torch.tensor([[2.2], [1.8], [5.0]], dtype=torch.float64)
    step = Case("jumprelu", hyper, weights, x_BN, 1.0, torch.tensor([False])).step(way)
    gradients = {key: float(gradient) for key, gradient in step.gradients.items()}
    assert gradients == pytest.approx(
        {"W_enc_FN": 0, "b_enc_F": 0, "W_dec_FN": 0, "b_dec_N": -1.2, "log_threshold_F": 4.8}
    )
    assert float(step.mse) == pytest.approx(1.08) and step.n_active == 2 and float(step.penalty) == 0
