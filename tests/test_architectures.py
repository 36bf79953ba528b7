"""Hand-written gradients, sparse and dense, of every architecture against autograd on the textbook loss."""

import random
from dataclasses import dataclass, replace

import pytest
import textbook
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from textbook import differentiated
from torch import Tensor

from monosem.architectures import ARCHITECTURES, Now, dense_step, sparse_step, steps
from monosem.kernels import Screen, adam, largest, support
from monosem.sae_recipe import Products, Recipe
from monosem.sae_training import advance, start

NAMES = list(textbook.LOSSES)
PER_BATCH = ("batchtopk", "matryoshka")
SCREENS = {
    "sparse": lambda dtype: Screen(dtype, False),
    "sparse-bfloat16": lambda dtype: Screen(torch.bfloat16, True),
}
WAYS = [(name, way) for name in NAMES for way in SCREENS] + [
    (name, "dense") for name in NAMES if ARCHITECTURES[name].has_dense
]
ALL_WAYS = pytest.mark.parametrize(("name", "way"), WAYS)
SHARE = {torch.float64: 1e-9, torch.float32: 1e-4}  # of a tensor's norm: how far it may be from the textbook's


@dataclass
class Case:
    name: str
    hyper: dict
    weights: dict[str, Tensor]
    x_BN: Tensor
    ramp: float
    dead_F: Tensor

    def step(self, way):
        arch, now = ARCHITECTURES[self.name](**self.hyper), Now(self.ramp, self.dead_F)
        dtype = self.x_BN.dtype
        if way == "dense":
            return dense_step(arch, self.weights, self.x_BN, dtype, now)
        return sparse_step(arch, self.weights, self.x_BN, SCREENS[way](dtype), now)

    def textbook(self):
        return differentiated(self.name, self.hyper, self.weights, self.x_BN, self.ramp, self.dead_F)


def hyperparameters(name, F, draw):
    """`draw` is a random.Random; every one that differs between architectures is drawn anew."""
    l1 = draw.choice([0.0, 0.3, 5.0])
    if name == "jumprelu":
        drawn = {"bandwidth": draw.uniform(0.1, 2), "threshold": 0.1, "tanh_scale": draw.uniform(0.2, 4)}
        return {"l1": l1, "pre_act": draw.choice([0.0, 0.7]), **drawn}
    if name in ("relu", "relu-2024", "gated"):
        return {"l1": l1}
    hyper = {"k": draw.randint(1, F + 2), "k_aux": draw.randint(1, F + 3), "aux": draw.choice([0.0, 1 / 32, 2.0])}
    if name == "matryoshka":
        sizes = sorted({*draw.choices(range(1, F + 1), k=draw.randint(0, 3)), F})
        hyper["prefixes"] = tuple(size / F for size in sizes)
    return hyper


def made(name, B, N, F, *, shift=0.0, seed=0, dtype=torch.float64, silent=0.0, dead=0.3, ramp=1.0, hyper=None):
    """`shift` of the encoder bias sets the density: at -100 nothing is above zero, at 100 everything.

    About a share `silent` of the rows lies where, at a shift near 0, no feature is active: far down neuron 0, which
    all features read with a positive weight. A share `dead` of the features is marked so, half of them rightly.
    """
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    def chance(share, size):
        return torch.rand(size, generator=rng) < share

    weights = {"W_enc_FN": normal(F, N), "b_enc_F": normal(F) + shift, "W_dec_FN": normal(F, N), "b_dec_N": normal(N)}
    weights["W_enc_FN"][:, 0] = weights["W_enc_FN"][:, 0].abs() + 0.5
    dead_F = chance(dead, F)
    weights["b_enc_F"][dead_F & chance(0.5, F)] -= 40
    if name == "jumprelu":
        weights["log_threshold_F"] = 0.5 * normal(F) - 0.5
    if name == "gated":
        bias_F = weights.pop("b_enc_F")
        weights |= {"b_gate_F": bias_F, "r_mag_F": 0.4 * normal(F), "b_mag_F": bias_F + normal(F)}
    x_BN = normal(B, N)
    x_BN[chance(silent, B), 0] -= 30
    hyper = hyper or hyperparameters(name, F, random.Random(seed))
    weights = {key: tensor.to(dtype) for key, tensor in weights.items()}
    return Case(name, hyper, weights, x_BN.to(dtype), ramp, dead_F)


@st.composite
def cases(draw, name, dtype):
    return made(
        name, draw(st.integers(1, 40)), draw(st.integers(1, 7)), draw(st.integers(1, 24)), dtype=dtype,
        shift=draw(st.sampled_from([-100, -4, -2, 0, 2, 100])), silent=draw(st.sampled_from([0, 0.3, 1])),
        dead=draw(st.sampled_from([0, 0.3, 1])), ramp=draw(st.sampled_from([0.0, 0.3, 1.0])),
        seed=draw(st.integers(0, 9999)),
    )  # fmt: skip


def settled(case, figures):
    """Whether float32 can tell the answer to a tenth of what is asked of it: no entry is so near a border that rounding
    could put it on the other side, and the textbook's own figures, in float64, do not change by more than 1e-5 when
    the last bit of everything given does."""
    if case.x_BN.dtype == torch.float64:
        return True
    largest = max(float(tensor.abs().max()) for tensor in case.weights.values())
    if case.textbook()[0].border < 3e-6 * (1 + largest):
        return False
    for seed in range(3):
        rng = torch.Generator().manual_seed(seed)

        def nudged(tensor, rng=rng):
            return tensor.double() * (1 + 2**-23 * (1 - 2 * torch.randint(0, 2, tensor.shape, generator=rng)))

        weights = {key: nudged(tensor) for key, tensor in case.weights.items()}
        moved = expected(replace(case, weights=weights, x_BN=nudged(case.x_BN)))
        if any((moved[key] - theirs).norm() > 1e-5 * theirs.norm() for key, theirs in figures.items()):
            return False
    return True


def expected(case):
    """All that is compared as numbers, by name."""
    result, gradients = case.textbook()
    return {"mse": result.mse, "penalty": result.penalty, **gradients}


def assert_textbook(case, step):
    assert set(step.gradients) == set(case.weights)
    for key, theirs in expected(case).items():
        ours = getattr(step, key) if key in ("mse", "penalty") else step.gradients[key]
        assert ours.dtype == case.x_BN.dtype and ours.shape == theirs.shape, key
        # a penalty that is nothing may be a rounding error of the loss
        rest = torch.finfo(ours.dtype).eps * float(step.mse) if key == "penalty" else 0.0
        assert (ours.double() - theirs).norm() <= SHARE[ours.dtype] * theirs.norm() + rest, (key, ours, theirs)
    active_BF = case.textbook()[0].codes_BF != 0
    assert step.n_active == int(active_BF.sum())
    assert torch.equal(step.active_F, active_BF.any(dim=0))


@ALL_WAYS
@pytest.mark.parametrize("dtype", SHARE, ids=["float64", "float32"])
@settings(max_examples=50, deadline=None)
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
@settings(max_examples=30, deadline=None)
@given(st.integers(1, 30), st.integers(1, 7), st.integers(0, 9999))
def test_a_bfloat16_screen_misses_nothing_where_large_terms_cancel(name, B, N, seed):
    """Pre-activations near 1 are what is left of terms near 200, which bfloat16 holds to within 1 at best."""
    case = made(name, B, N, 24, seed=seed)
    case.x_BN[:, 0] = 200
    case.weights["b_gate_F" if name == "gated" else "b_enc_F"] -= 200 * case.weights["W_enc_FN"][:, 0]
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
    monkeypatch.setattr(support, "TILE", 7)
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
    case.weights["b_gate_F" if name == "gated" else "b_enc_F"][3:6] = -1e3
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


@pytest.mark.parametrize("name", [name for name in NAMES if name not in PER_BATCH])
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_the_saved_form_gives_the_codes_and_the_reconstruction(name, data):
    """Its decoder rows have unit norm, so its codes are the textbook's times that norm."""
    case = data.draw(cases(name, torch.float64))
    arch, W_dec_FN = ARCHITECTURES[name](**case.hyper), case.weights["W_dec_FN"]
    if arch.unit_decoder:
        W_dec_FN /= W_dec_FN.norm(dim=1, keepdim=True)
    before = {key: tensor.clone() for key, tensor in case.weights.items()}
    sae = arch.inference(case.weights, case.x_BN)
    result, _ = case.textbook()
    codes_BF = sae.encode(case.x_BN)
    torch.testing.assert_close(codes_BF, result.codes_BF * W_dec_FN.norm(dim=1), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(sae.decode(codes_BF), result.reconstruction_BN, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(sae.W_dec_FN.norm(dim=1), torch.ones(len(W_dec_FN), dtype=torch.float64))
    assert all(torch.equal(before[key], tensor) for key, tensor in case.weights.items())


@pytest.mark.parametrize("name", PER_BATCH)
@pytest.mark.parametrize("k", [1, 3])
def test_the_saved_form_of_a_batchs_largest_keeps_as_many_on_average(name, k):
    case = made(name, 200, 6, 30, shift=1, dead=0, hyper={"k": k, "k_aux": 4, "aux": 1 / 32})
    case.hyper |= {"prefixes": (0.25, 0.5, 1.0)} if name == "matryoshka" else {}
    case.weights["W_dec_FN"] /= case.weights["W_dec_FN"].norm(dim=1, keepdim=True)
    sae = ARCHITECTURES[name](**case.hyper).inference(case.weights, case.x_BN)
    codes_BF, (result, _) = sae.encode(case.x_BN), case.textbook()
    assert int((codes_BF > 0).sum()) == 200 * k
    torch.testing.assert_close(codes_BF, result.codes_BF, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(sae.decode(codes_BF), result.reconstruction_BN, rtol=1e-9, atol=1e-9)


TRAINED = {
    "relu": {"l1": 0.3},
    "relu-2024": {"l1": 0.3},
    "topk": {"k": 3, "k_aux": 4, "aux": 1 / 32},
    "batchtopk": {"k": 3, "k_aux": 4, "aux": 1 / 32},
    "matryoshka": {"k": 3, "k_aux": 4, "aux": 1 / 32, "prefixes": (0.25, 0.5, 1.0)},
    "jumprelu": {"l1": 0.3, "bandwidth": 0.5, "threshold": 0.2, "tanh_scale": 2.0, "pre_act": 0.05},
    "gated": {"l1": 0.3},
}
STEPS, WINDOW = 200, 8


def superposed(rng, n_batches, B=32, N=8):
    """Batches of what autoencoders are for: a few of 20 directions each, and noise."""
    directions_FN = torch.randn(20, N, generator=rng, dtype=torch.float64)
    present_TF = torch.rand(n_batches * B, 20, generator=rng) < 0.1
    size_TF = torch.rand(n_batches * B, 20, generator=rng, dtype=torch.float64) + 0.5
    noise_TN = torch.randn(n_batches * B, N, generator=rng, dtype=torch.float64)
    return ((present_TF * size_TF) @ directions_FN + 0.05 * noise_TN + 0.3).split(B)


def recipe_for(name):
    return Recipe(
        architecture=ARCHITECTURES[name](**TRAINED[name]), n_features=24, vectors=STEPS * 32, batch=32, lr=0.01,
        beta1=0.9, beta2=0.999, warmup=0.1, decay=0.2, ramp=0.3, grad_clip=1.0 if "l1" in TRAINED[name] else None,
        resample_at=(), resample_inputs=1, dead_window=WINDOW / STEPS, log_every=1, seed=3,
    )  # fmt: skip


def textbook_schedule(step):
    """Learning rate and penalty factor of the recipe's shares, worked out: 20 steps up, 40 down; 60 of the penalty."""
    return 0.01 * min(1, (step + 1) / 20, (200 - step) / 40), min(1, (step + 1) / 60)


@pytest.mark.parametrize(
    ("name", "way", "dtype", "share"),
    [(name, "sparse", torch.float64, 1e-10) for name in NAMES]
    + [(name, "sparse-bfloat16", torch.float32, 1e-5) for name in NAMES]
    + [(name, "dense", torch.float64, 1e-10) for name, way in WAYS if way == "dense"],
)
def test_a_whole_training_is_the_textbooks(name, way, dtype, share, monkeypatch):
    """Two hundred steps; some features start so that they count as dead after a while."""
    monkeypatch.setattr(adam, "BLOCK", 7)
    recipe = recipe_for(name)
    run = start(torch.full((8,), 0.3), recipe, torch.device("cpu"))
    run.weights["b_gate_F" if name == "gated" else "b_enc_F"][:4] -= 2
    run.weights = {key: tensor.to(dtype) for key, tensor in run.weights.items()}
    run.moments = {key: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for key, tensor in run.weights.items()}
    batches = [x_BN.to(dtype) for x_BN in superposed(torch.Generator().manual_seed(1), STEPS)]
    optimiser = textbook.Optimiser(recipe.grad_clip, unit_decoder=recipe.architecture.unit_decoder, window=WINDOW)
    final, n_dead, n_clipped = optimiser.train(name, TRAINED[name], run.weights, batches, textbook_schedule)
    screen, sparse_below = SCREENS.get(way, SCREENS["sparse"])(dtype), 0.0 if way == "dense" else 2.0
    products = Products(screen, dtype, sparse_below)
    for x_BN in batches:
        advance(run, x_BN, recipe, products)
    assert n_dead > STEPS // 4 and (n_clipped > 0) == (recipe.grad_clip is not None)
    for key, theirs in final.items():
        assert (run.weights[key] - theirs).norm() <= share * theirs.norm(), key


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
