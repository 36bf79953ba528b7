"""Memories and features by layer: what layers were made to know is found at these layers."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from theory_cases import SCHEDULE, SEEDS, generator

from monosem.acts.sampling import Sample
from monosem.lm.sites import Site
from monosem.lm.transformer import LanguageModel, LMConfig
from monosem.measures.codes import Codes, shifted
from monosem.measures.evaluation import encode_held_out, held_out_activations
from monosem.sae.architectures.relu import Relu
from monosem.sae.recipe import Recipe
from monosem.text.tokens import read_contexts, read_record
from monosem.theory.layers import Text, drawn, language_model, partners, read_layer
from monosem.theory.memory import (
    Pairs,
    ResidualMLP,
    Shape,
    Training,
    chance,
    draw_pairs,
    gradient_norms,
    lens,
    settled,
    train,
)

SHAPE = Shape(n_values=6, n_answers=3, n_layers=3, width=8, neurons=16)


@given(SEEDS, st.integers(1, 36))
def test_pairs_are_all_different(seed, n_pairs):
    pairs = draw_pairs(n_pairs, SHAPE, generator(seed))
    assert len({tuple(pair) for pair in pairs.values_T2.tolist()}) == n_pairs
    assert int(pairs.values_T2.max()) < 6 and int(pairs.answer_T.max()) < 3


def test_more_pairs_than_there_are_is_an_error():
    with pytest.raises(ValueError, match="37 pairs: at most 36 of 6 values expected"):
        draw_pairs(37, SHAPE, generator(0))


@settings(max_examples=20)
@given(SEEDS)
def test_the_lens_ends_at_the_model_and_silent_blocks_add_nothing(seed):
    model, pairs = ResidualMLP(SHAPE, seed=seed), draw_pairs(20, SHAPE, generator(seed))
    loss_TK = lens(model, pairs)
    output_T = torch.nn.functional.cross_entropy(model(pairs.values_T2), pairs.answer_T, reduction="none")
    torch.testing.assert_close(loss_TK[:, -1], output_T.detach())
    with torch.no_grad():
        for weight in (*(block.W_out_MD for block in model.blocks), *(block.b_out_D for block in model.blocks)):
            weight.zero_()
    silent_TK = lens(model, pairs)
    assert torch.equal(silent_TK, silent_TK[:, :1].expand_as(silent_TK))
    torch.testing.assert_close(silent_TK[:, 0], loss_TK[:, 0])


@given(st.lists(st.lists(st.booleans(), min_size=4, max_size=4), min_size=1, max_size=9))
def test_a_pair_is_settled_where_it_is_learnt_from_then_on(learnt):
    found = settled(torch.tensor([[0.01 if known else 1.0 for known in row] for row in learnt]), 0.1)
    for row, layer in zip(learnt, found.tolist(), strict=True):
        assert all(row[layer:]) and (layer == 0 or not row[layer - 1])


def test_the_layer_that_was_made_to_answer_is_the_one_where_pairs_are_settled():
    """Of width 3, one dimension an answer: layer `taught` alone writes the answer of the first value."""
    shape = Shape(n_values=3, n_answers=3, n_layers=3, width=9, neurons=9)
    for taught in (1, 2, 3):
        model = ResidualMLP(shape, seed=0)
        with torch.no_grad():
            for weight in model.parameters():
                weight.zero_()
            for norm in (model.norm, *(block.norm for block in model.blocks)):
                norm.scale_D.fill_(1)
            model.E_1_ND[:, :3] = torch.eye(3)  # what the pair is, which the unembedding does not read
            model.W_U_DV[3:6] = 10 * torch.eye(3)
            block = model.blocks[taught - 1]
            block.W_in_DM[:3, :3], block.W_out_MD[:3, 3:6] = torch.eye(3), 5 * torch.eye(3)
        values_T2 = torch.cartesian_prod(torch.arange(3), torch.arange(3))
        loss_TK = lens(model, Pairs(values_T2, values_T2[:, 0]))
        assert loss_TK[:, 0].tolist() == pytest.approx([chance(3)] * 9)
        assert settled(loss_TK, 0.1).tolist() == [taught] * 9


def test_pairs_are_learnt_by_heart_and_gradients_are_those_of_the_weights():
    model = ResidualMLP(SHAPE, seed=0)
    pairs = draw_pairs(20, SHAPE, generator(0))
    before, norms = lens(model, pairs)[:, -1].mean(), train(model, pairs, Training(300, 32, 0.01, 0), parts=4)
    assert float(lens(model, pairs)[:, -1].max()) < 0.1 < float(before)
    assert len(norms) == 4 and all(len(of_part) == 3 for of_part in norms)
    assert all(sum(early) > sum(late) for early, late in pairwise([norms[0], norms[-1]]))
    expected = [sum(float(w.grad.norm() ** 2) for w in block.parameters()) ** 0.5 for block in model.blocks]
    assert gradient_norms(model).tolist() == pytest.approx(expected, rel=1e-5)


def sparse_codes(n_features, seed, on=0.05):
    rng = np.random.default_rng(seed)
    return (rng.random((4000, n_features)) < on) * rng.uniform(0.5, 1.5, (4000, n_features))


@settings(max_examples=20)
@given(SEEDS, st.integers(0, 12))
def test_planted_partners_are_found_and_no_others(seed, n_kept):
    """Of 12 features the first few go on at the next layer, in another order, with noise; the others are new."""
    rng = np.random.default_rng(seed)
    earlier_TF = sparse_codes(12, seed)
    later_TF = np.concatenate([earlier_TF[:, :n_kept], sparse_codes(13 - n_kept, seed + 1)], axis=1)
    later_TF = later_TF * rng.uniform(0.8, 1.2, later_TF.shape)
    both = [Codes(csr_array(codes.astype(np.float32))) for codes in (earlier_TF, later_TF[:, rng.permutation(13)])]
    assert (partners(*both) > 0.7).tolist() == [True] * n_kept + [False] * (12 - n_kept)
    assert not (partners(both[0], Codes(shifted(both[1].matrix))) > 0.7).any()


def test_shifting_moves_all_tokens_by_half():
    codes = Codes(csr_array(np.arange(10.0)[:, None]))
    assert shifted(codes.matrix).toarray().ravel().tolist() == [5, 6, 7, 8, 9, 0, 1, 2, 3, 4]


@settings(max_examples=20)
@given(SEEDS, st.integers(0, 6), st.integers(1, 9))
def test_as_many_features_are_drawn_as_others_fire_and_only_of_those_that_fire(seed, n_dead, n_neurons):
    codes_TF, neurons_TM = sparse_codes(8, seed), sparse_codes(n_neurons + 2, seed)
    codes_TF[:, :n_dead] = neurons_TM[:, :2] = 0
    codes, neurons = (Codes(csr_array(values.astype(np.float32))) for values in (codes_TF, neurons_TM))
    some = drawn(codes, neurons, seed)
    assert some.n_features == min(8 - n_dead, n_neurons) and some.n_tokens == codes.n_tokens
    best = partners(some, codes)
    assert best.tolist() == pytest.approx([1] * some.n_features), "all fire, and are features of the layer"
    pairs = some.matrix.T @ some.matrix
    assert (pairs.diagonal() > pairs.toarray().sum(axis=1) / 2).all(), "none is drawn twice"


def test_features_that_never_fire_have_no_partner():
    codes_TF = sparse_codes(3, 0)
    codes_TF[:, 1] = 0
    found = partners(*[Codes(csr_array(codes_TF.astype(np.float32)))] * 2)
    assert np.isnan(found[1]) and found[[0, 2]].tolist() == pytest.approx([1, 1])


def test_a_layer_that_repeats_the_one_before_it_has_a_partner_for_every_neuron(tokens):
    """Two equal MLPs, where the first block writes nothing, read the same stream."""
    record, val_SL = read_record(tokens / "val.zarr"), read_contexts(tokens / "val.zarr")
    model = LanguageModel(LMConfig(record["vocab_size"], record["context_length"], 2, 8, 2, 16), seed=0)
    first, second = model.blocks
    with torch.no_grad():
        for name in ("W_in_DM", "b_in_M"):
            getattr(second, name).copy_(getattr(first, name))
        for silent in (first.W_O_DD, first.W_out_MD, second.W_O_DD):
            silent.zero_()
    codes = [
        encode_held_out(None, held_out_activations(model, val_SL, record["bos"], Site("mlp_post", layer)))[0]
        for layer in (0, 1)
    ]
    found = partners(*codes)
    assert found[~np.isnan(found)].tolist() == pytest.approx([1] * int((~np.isnan(found)).sum()), abs=1e-6)


def test_a_model_is_trained_and_every_layer_of_it_read(tokens):
    text = Text(tokens / "train.zarr", tokens / "val.zarr", 240)
    lm = {"d_model": 8, "n_heads": 2, "d_mlp": 16, "tokens": 2880, "batch": 8, "lr": 0.01, "warmup": 0.1}
    lm |= {"weight_decay": 0.01, "grad_clip": 1, "val_every": 7, "data_seed": 0, "precision": "float32"}
    model, loss = language_model(2, {**lm, "compile": False, "val_tokens": 240}, text, seed=1)
    untrained = LanguageModel(model.config, seed=1)
    assert model.config.n_layers == 2 and loss < np.log(model.config.vocab_size)
    assert not torch.equal(model.blocks[1].W_in_DM, untrained.blocks[1].W_in_DM)
    recipe = Recipe(Relu(0.5), n_features=24, seed=0, **{**SCHEDULE, "vectors": 12_800, "batch": 64})
    for layer in (0, 1):
        read = read_layer(model, Site("mlp_post", layer), text, Sample(700, 8, 0), recipe)
        assert read.features.n_features == 24 and read.neurons.n_features == 16
        assert read.features.n_tokens == read.neurons.n_tokens == 20 * 11 - inner_bos(text)
        assert read.explained > 0.5 and 0 < read.l0 <= 24


def inner_bos(text):
    """Documents that begin within a context."""
    return int((text.val_contexts()[:, 1:] == text.record["bos"]).sum())
