"""What a training is told: settings by architecture, rates over the steps, precision of the products."""

import pytest
import torch
from recipes import CPU, HYPERPARAMETERS, NAMES, recipe

from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.kernels import Screen
from monosem.sae.recipe import Products, architecture_of, penalty_units

EVERY = ("l1", "k", "k_aux", "aux", "prefixes", "bandwidth", "threshold", "tanh_scale", "pre_act")


def given(name, **changed):
    return {**dict.fromkeys(EVERY), **HYPERPARAMETERS[name], **changed}


def test_all_architectures_are_known():
    assert set(ARCHITECTURES) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_architecture_takes_its_own_settings(name):
    made = architecture_of(name, given(name))
    assert type(made) is ARCHITECTURES[name]
    assert {key: getattr(made, key) for key in HYPERPARAMETERS[name]} == HYPERPARAMETERS[name]


@pytest.mark.parametrize(("name", "setting"), [(name, key) for name in NAMES for key in HYPERPARAMETERS[name]])
def test_a_missing_setting_is_named_by_its_flag(name, setting):
    flag = "--" + setting.replace("_", "-")
    with pytest.raises(ValueError, match=rf"^{flag}: needed by the architecture {name}$"):
        architecture_of(name, given(name, **{setting: None}))


@pytest.mark.parametrize(
    ("name", "setting"), [(name, key) for name in NAMES for key in EVERY if key not in HYPERPARAMETERS[name]]
)
def test_a_setting_of_others_is_named_by_its_flag(name, setting):
    """Zero too: it was given."""
    flag, own = ("--" + key.replace("_", "-") for key in (setting, list(HYPERPARAMETERS[name])[-1]))
    for value in (7, 0):
        with pytest.raises(ValueError, match=rf"^{flag} {value}: not a setting of .* {name}, which has .*{own}"):
            architecture_of(name, given(name, **{setting: value}))


def test_the_learning_rate_rises_stays_and_falls():
    rates = [recipe().learning_rate(step) for step in range(20)]
    assert rates[:3] == pytest.approx([0.005, 0.01, 0.01])
    assert rates[-4:] == pytest.approx([0.01, 0.0075, 0.005, 0.0025])
    assert recipe(warmup=0, decay=0).learning_rate(0) == 0.01


def test_the_penalty_rises_and_stays():
    factors = [recipe(ramp=0.25).penalty_factor(step) for step in range(20)]
    assert factors == pytest.approx([0.2, 0.4, 0.6, 0.8] + [1] * 16)
    assert {recipe(ramp=0).penalty_factor(step) for step in range(20)} == {1}
    whole = [recipe(ramp=1).penalty_factor(step) for step in range(20)]
    assert whole == pytest.approx([(step + 1) / 20 for step in range(20)])


def test_shares_are_of_the_steps():
    some = recipe(vectors=1000 * 64 + 63, resample_at=(0.1, 0.5), dead_window=0.05)
    assert (some.steps, some.window, some.resample_steps) == (1000, 50, {100, 500})
    assert recipe(dead_window=0).window == 1
    with pytest.raises(ValueError, match=r"--vectors 63: at least one batch \(64\) expected"):
        recipe(vectors=63).steps  # noqa: B018


def test_only_bfloat16_asked_for_takes_its_word():
    exact, narrow = Products.of("float32", CPU), Products.of("bfloat16", CPU)
    assert (exact.screen, exact.dense) == (Screen.exact(CPU), torch.float32)
    assert (narrow.screen, narrow.dense) == (Screen(torch.bfloat16, margin=False), torch.bfloat16)
    assert 0 < narrow.sparse_below < exact.sparse_below < 1  # a dense step in float32 costs the most


@pytest.mark.parametrize("native", [True, False])
def test_the_exact_screen_is_bfloat16_where_that_is_native(native, monkeypatch):
    monkeypatch.setattr("monosem.sae.kernels.support.native_bfloat16", lambda device: native)
    expected = Screen(torch.bfloat16, margin=True) if native else Screen(torch.float32, margin=False)
    assert Screen.exact(CPU) == expected


def test_the_penalty_in_three_units():
    made = {name: architecture_of(name, {**given(name), "l1": 3.0}) for name in ("relu", "jumprelu")}
    assert penalty_units(architecture_of("topk", given("topk")), 2.0, 512) == {}
    assert penalty_units(made["jumprelu"], 2.0, 512) == {}  # tanh has no units
    assert penalty_units(made["relu"], 2.0, 512) == {
        "l1_scaled_units": 3.0, "l1_raw_units": 1.5, "l1_paper_units": 1.5 / 512,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "setting"), [("relu", "l1"), ("topk", "k"), ("jumprelu", "threshold")])
def test_a_setting_out_of_range_is_named(name, setting):
    with pytest.raises(ValueError, match=rf"--{setting} -1: at least .* expected"):
        architecture_of(name, {**given(name), setting: -1})
