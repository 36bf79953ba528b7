"""Planted features and last layers: every formula as a property, every planted truth found again."""

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from recipes import HYPERPARAMETERS
from theory_cases import SCHEDULE, SEEDS, generator

from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.architectures.relu import Relu
from monosem.sae.autoencoder import SparseAutoencoder, random_rows, unit_rows
from monosem.sae.recipe import Recipe, architecture_of
from monosem.theory.planted import RECOVERED, Planted, best_cosines, plant
from monosem.theory.recovery import HANDLINGS, NONE, OWN, RESAMPLING, TERM, Bench, Condition, handled, recovery, sweeps
from monosem.theory.unembedding import (
    HALF,
    SOFTMAX,
    SQUARED,
    SQUARED_RELU,
    Layers,
    Training,
    alone,
    loss,
    train,
)


def least_squared_loss(n_features: int, n_neurons: int, on: float) -> float:
    """Of any layer with a linear output: what n dimensions cannot hold of F independent features."""
    return (n_features - n_neurons) * on * (1 - on)


def on_an_arc(n_features: int, scale: float) -> Layers:
    """Features at equal distances on the quarter circle of two neurons, read along the same directions."""
    turned_F = torch.linspace(0, math.pi / 2, n_features, dtype=torch.float64)
    W_1Fn = torch.stack([turned_F.cos(), turned_F.sin()], dim=1)[None]
    none_1n1 = torch.zeros(1, 2, 1, dtype=torch.float64)
    # "Nothing" has logit 0, and each feature, while all are off, less: with one on, its own is the largest.
    c_1V = torch.cat([torch.full((n_features,), -scale / 2), torch.zeros(1)]).double()
    return Layers(
        W_1Fn, torch.zeros(1, 1, 2).double(), torch.cat([scale * W_1Fn.mT, none_1n1], dim=2), c_1V[None, None]
    )


@settings(max_examples=15)
@given(SEEDS, st.floats(0.1, 0.9), st.floats(0, 1))
def test_the_features_of_a_pair_go_together_as_much_as_was_asked_and_are_on_as_often(seed, on, together):
    on_TF = (plant(torch.eye(5), 20_000, on, generator(seed), together=together).code_TF > 0).double()
    slack = 5 / 20_000**0.5  # five standard errors
    assert on_TF.mean(dim=0).tolist() == pytest.approx([on] * 5, abs=slack)
    correlation_FF = torch.corrcoef(on_TF.T)
    expected_FF = torch.eye(5).double()
    for first, second in ((0, 1), (2, 3)):
        expected_FF[first, second] = expected_FF[second, first] = together
    torch.testing.assert_close(correlation_FF, expected_FF, atol=3 * slack, rtol=0)


def test_independent_features_are_drawn_as_ever():
    D_FN = random_rows(6, 4, generator(0))
    first, second = (plant(D_FN, 50, 0.3, generator(1), **more) for more in ({}, {"together": 0.0}))
    assert torch.equal(first.code_TF, second.code_TF)


@given(SEEDS, st.integers(2, 12), st.integers(1, 12))
def test_a_dictionary_finds_no_more_directions_than_it_has_features_if_they_are_far_apart(seed, n_true, n_found):
    rng = generator(seed)
    true_FN = random_rows(n_true, 6, rng)
    nearest = (true_FN @ true_FN.T - 2 * torch.eye(n_true)).max()
    assume(nearest < 2 * RECOVERED**2 - 1)
    noise_GN = 0.1 * torch.randn(n_found, 6, generator=rng)
    found_GN = unit_rows(true_FN[torch.randint(n_true, (n_found,), generator=rng)] + noise_GN)
    assert int((best_cosines(true_FN, found_GN) > RECOVERED).sum()) <= n_found


def known(D_FN):
    """An autoencoder whose dictionary is the true one, orthogonal."""
    zeros_F = torch.zeros(len(D_FN))
    return SparseAutoencoder(D_FN, zeros_F, D_FN, torch.zeros(D_FN.shape[1]), zeros_F)


def test_recovery_of_a_dictionary_that_is_the_truth_and_of_one_that_never_fires():
    held = plant(torch.eye(4), 200, 0.3, generator(0))
    found = recovery(torch.eye(4), known(torch.eye(4)), held)
    assert found == {
        "mmcs": 1.0,
        "recovered": 1.0,
        "alive": 1.0,
        "error": 0.0,
        "l0": pytest.approx(float((held.code_TF > 0).sum(dim=1).float().mean())),
    }
    silent = replace(known(torch.eye(4)), threshold_F=torch.tensor([9.0, 0, 0, 0]))
    some = recovery(torch.eye(4), silent, held)
    assert some["recovered"] == some["alive"] == some["mmcs"] == 0.75, "a feature that never fires finds nothing"
    nothing = Planted(held.code_TF, torch.zeros_like(held.x_TN) - 1)
    assert recovery(torch.eye(4), known(torch.eye(4)), nothing)["recovered"] == 0


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_architecture_finds_planted_features_in_fewer_dimensions(name):
    """With features to spare: the first of a Matryoshka dictionary must do on their own, and are mixtures."""
    own = {**HYPERPARAMETERS[name], "l1": {"gated": 4.0, "jumprelu": 0.5}.get(name, 1.0)}
    own = {key: value for key, value in own.items() if key in architecture_fields(name)} | {"resample_at": []}
    bench = Bench.drawn(20, 14, 4000, SCHEDULE, 0)
    found = bench.trial(name, {**own, **({"aux": 0.03125, "k_aux": 64} if "aux" in own else {})}, Condition(2, 0.08, 0))
    assert found["recovered"] >= 0.75 and found["mmcs"] > 0.9 and found["error"] < 0.5
    if "k" in own:
        assert found["l0"] == pytest.approx(2, abs=0.5), "told how many are on: 8 % of 20"


def architecture_fields(name):
    return ARCHITECTURES[name].__dataclass_fields__


def test_sweeps_vary_one_thing_at_a_time_beside_the_first_of_each_list():
    found = list(sweeps([1, 0.5, 4], [0.05, 0.2], [0, 0.9], 20))
    base = Condition(1, 0.05, 0)
    assert [value for sweep, value, _ in found if sweep == "width"] == ["0.5", "1", "4"]
    for sweep, _, condition in found:
        changed = [name for name in Condition._fields if getattr(condition, name) != getattr(base, name)]
        assert set(changed) <= {"spare": {"handling", "width"}, "needed": {"handling", "haste"}}.get(sweep, {sweep})
    for sweep, where in (("spare", (4, 1)), ("needed", (1, 20))):
        of = [(value, condition) for name, value, condition in found if name == sweep]
        assert [value for value, _ in of] == list(HANDLINGS)
        assert {(condition.width, condition.haste) for _, condition in of} == {where}


def test_dead_features_are_handled_as_named():
    relu = Recipe(Relu(1.0), n_features=8, seed=0, **SCHEDULE)
    top = replace(relu, architecture=architecture_of("topk", {"k": 2, "k_aux": 4, "aux": 0.5}), resample_at=())
    assert handled(relu, OWN, (0.5,)) is relu and handled(relu, TERM, (0.5,)) is None
    assert handled(relu, NONE, (0.5,)).resample_at == () and handled(top, RESAMPLING, (0.5,)).resample_at == (0.5,)
    assert handled(top, TERM, (0.5,)) == top
    assert handled(top, NONE, (0.5,)).architecture.aux == handled(top, RESAMPLING, (0.5,)).architecture.aux == 0


@settings(max_examples=25)
@given(SEEDS, st.integers(3, 30), st.data())
def test_rises_of_a_projection_add_up_to_its_dimensions_so_few_are_represented(seed, n_features, data):
    """A linear output of least squared loss is a projection; here the neurons are never off."""
    n = data.draw(st.integers(1, n_features - 1))
    Q_Fn = torch.linalg.qr(torch.randn(n_features, n, generator=generator(seed), dtype=torch.float64))[0]
    far = 100.0
    layers = Layers(Q_Fn[None], torch.full((1, 1, n), far).double(), Q_Fn.T[None], -far * Q_Fn.sum(dim=1)[None, None])
    rise_F = alone(layers, SQUARED)[0][0]
    assert float(rise_F.sum()) == pytest.approx(n) and int((rise_F >= HALF).sum()) <= 2 * n
    torch.testing.assert_close(rise_F, Q_Fn.square().sum(dim=1))


@settings(max_examples=20)
@given(SEEDS, st.integers(2, 10), st.integers(1, 5), st.floats(0.05, 0.95))
def test_no_layer_with_a_linear_output_loses_less_than_the_formula(seed, n_features, n_neurons, on):
    assume(n_neurons < n_features)
    rng = generator(seed)
    x_TF = (torch.rand(20_000, n_features, generator=rng) < on).double()
    hidden_Tn = (x_TF @ torch.randn(n_features, n_neurons, generator=rng).double().abs()).relu()
    design_TC = torch.cat([hidden_Tn, torch.ones(20_000, 1).double()], dim=1)
    best_TF = design_TC @ torch.linalg.lstsq(design_TC, x_TF).solution  # the best unembedding of these neurons
    left = float(loss(best_TF[None], x_TF[None], SQUARED))
    assert left >= least_squared_loss(n_features, n_neurons, on) * (1 - 0.03) - 0.01


@given(st.integers(2, 60))
def test_behind_a_softmax_two_neurons_represent_any_number_of_features(n_features):
    apart = math.pi / 2 / (n_features - 1)
    rise_F, named_F = (found[0] for found in alone(on_an_arc(n_features, 12 / (1 - math.cos(apart))), SOFTMAX))
    assert bool(named_F.all()) and float(rise_F.min()) > 0.9
    weak_F, _ = alone(on_an_arc(n_features, 0.1), SOFTMAX)
    assert float(weak_F.max()) < HALF, "the same directions, but a small number"


def test_a_feature_is_named_only_if_its_output_is_the_largest_alone():
    identity = Layers(torch.eye(3)[None], torch.zeros(1, 1, 3), torch.eye(3)[None], torch.zeros(1, 1, 3))
    for head in (SQUARED, SQUARED_RELU):
        assert alone(identity, head)[1].all()
    silent = Layers(torch.eye(3)[None], torch.zeros(1, 1, 3), torch.eye(3)[None], torch.full((1, 1, 3), -2.0))
    assert alone(silent, SQUARED)[1].all() and not alone(silent, SQUARED_RELU)[1].any(), "all outputs are equally 0"


@given(SEEDS, st.sampled_from([SOFTMAX, SQUARED]))
def test_a_perfect_output_has_the_least_loss(seed, head):
    x_RBF = (torch.rand(2, 9, 5, generator=generator(seed)) < 0.4).double()
    n_on_RB1 = x_RBF.sum(dim=2, keepdim=True)
    share_RBV = torch.cat([x_RBF, (n_on_RB1 == 0).double()], dim=2) / n_on_RB1.clamp_min(1)
    perfect = share_RBV.clamp_min(1e-12).log() if head == SOFTMAX else x_RBF
    expected_R = n_on_RB1.clamp_min(1).log().mean(dim=(1, 2)) if head == SOFTMAX else torch.zeros(2).double()
    torch.testing.assert_close(loss(perfect, x_RBF, head), expected_R, atol=1e-9, rtol=0)


def test_a_trained_softmax_layer_has_superposition_and_a_squared_loss_has_none():
    settings = Training(n_features=16, steps=1500, batch=128, lr=0.03, seed=0)
    counts = {}
    for head in (SOFTMAX, SQUARED):
        layers = train([4, 2], [0.5, 0.5], head, settings)
        counts[head] = (alone(layers, head)[0] >= HALF).sum(dim=1)
        assert not layers.W_RFn[1, :, 2:].any() or head, "unused neurons"
    assert int(counts[SOFTMAX][0]) == 16 and int(counts[SQUARED][0]) <= 4


def test_layers_side_by_side_have_no_more_neurons_than_they_may():
    layers = train([1, 3], [0.5, 0.5], SQUARED, Training(n_features=5, steps=20, batch=16, lr=0.03, seed=0))
    _, b_R1n, U_RnV, _ = layers.weights()
    spare_BF = torch.rand(7, 5, generator=generator(0))
    cut = Layers(layers.W_RFn[:1, :, :1], b_R1n[:1, :, :1], U_RnV[:1, :1], layers.c_R1V[:1])
    torch.testing.assert_close(layers(spare_BF.expand(2, 7, 5), SQUARED)[:1], cut(spare_BF[None], SQUARED))
