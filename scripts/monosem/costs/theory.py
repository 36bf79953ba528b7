"""What the experiments of config `theory` cost: seconds and MiB of each (`seconds` and `memory` have the units)."""

from collections.abc import Callable
from math import log

from monosem.costs.held import MIB, PLAIN, TORCH, forward
from monosem.costs.jobs import Costs, Job
from monosem.costs.memory import tables
from monosem.costs.rates import FORWARD, PLOT, core
from monosem.costs.recipes import Settings, recipe

WITH_TORCH, WITH_SCIPY = PLOT + 1.0, PLOT  # a process that draws a figure and uses them
TINY_STEP = 1.4e-3  # seconds: a step of training on small arrays, most of it torch's own calls
PROGRAM = 1.6e-3  # a linear program
GELU = 18e-9  # a neuron of a sample
CURVE = 0.25e-3  # a feature's ratios over a grid, straight and normalised
FITTED = 1e-6  # a token of a fit, all its steps


def log_ratios(job: Job, own: Settings) -> float:
    pairs = own["n_tokens"] * (own["n_tokens"] - 1) / 2
    return WITH_TORCH + CURVE * own["draws"] * len(own["strengths"]) * pairs / 10


def fixed_triples(job: Job, own: Settings) -> float:
    return WITH_SCIPY + FITTED * own["steps"] / 500 * own["triples"] * own["n_tokens"] * sum(own["widths"]) ** 0.5


def continuous_targets(job: Job, own: Settings) -> float:
    return WITH_SCIPY + own["starts"] * own["steps"] * 0.8e-3 * len(own["features"]) / 4


def one_neuron(job: Job, own: Settings) -> float:
    return WITH_TORCH + TINY_STEP * own["steps"] * (3 + len(own["kept"]))


def spread_features(job: Job, own: Settings) -> float:
    return WITH_SCIPY + 0.5


def nonhomogeneity(job: Job, own: Settings) -> float:
    cells = 2 * len(own["others"]) * len(own["spreads"]) * own["probes"]
    looked_for = (
        1e-9 * len(own["spreads"]) * log(own["most_features"]) * own["most_features"] ** 2 * own["n_neurons"] / 20
    )
    return WITH_SCIPY + GELU * own["samples"] * own["n_neurons"] * cells + looked_for


def sparse_codes(job: Job, own: Settings) -> float:
    return WITH_SCIPY + PROGRAM * own["draws"] * (sum(own["dimensions"]) + 6 * len(own["angles"]))


def encoders(job: Job, own: Settings) -> float:
    trained = own["autoencoder"].get("vectors", job.config["sae"]["vectors"])
    steps = trained / own["autoencoder"].get("batch", job.config["sae"]["batch"])
    return WITH_TORCH + 1.5e-3 * steps + 1.1e-2 * own["fit_steps"] * own["fit_batch"] / 256


def penalties(job: Job, own: Settings) -> float:
    return PLOT + 0.5


def naming(job: Job, own: Settings) -> float:
    return PLOT + 0.5


def targets(job: Job, own: Settings) -> float:
    """Codes summed over tokens, each place, and a pass of the model and of one dictionary over a sample."""
    width = recipe(job.config, own["dictionary"])["width"]
    product = 2 * own["sample"] * job.model.d_mlp * (width + 2 * job.model.d_mlp)
    return WITH_TORCH + 1.0 * len(own["sites"]) + (product + own["sample"] * job.model.forward) / FORWARD


def costed(formula: Callable[[Job, Settings], float], memory: Callable[[Job], float] = tables) -> Costs:
    """Of an experiment, whose settings in the config have the formula's name."""
    return Costs(lambda job: core(job, formula(job, job.config["theory"][formula.__name__])), memory)


def with_torch(job: Job) -> float:
    return TORCH


def nonhomogeneity_memory(job: Job) -> float:
    """Cosines of all pairs of features, and samples of the layer."""
    own = job.config["theory"]["nonhomogeneity"]
    return PLAIN + 8 * (2 * own["most_features"] ** 2 + 4 * own["samples"] * own["n_neurons"]) / MIB


def encoders_memory(job: Job) -> float:
    """Planted vectors and their codes, at all angles and in more dimensions, to learn from and held out."""
    own = job.config["theory"]["encoders"]
    rows = 8 * len(own["angles"]) + 6 * (own["true_features"] + own["dimensions"])
    return TORCH + 16 * own["n_vectors"] * rows / MIB


def targets_memory(job: Job) -> float:
    """A sample of neurons and of reconstructions, both centred, and logit weights of one dictionary at a time."""
    own = job.config["theory"]["targets"]
    weights = 20 * recipe(job.config, own["dictionary"])["width"] * job.model.vocab
    return TORCH + (64 * own["sample"] * job.model.d_mlp + weights + 200 * own["tokens"]) / MIB + forward(job)


COSTS = {
    "measure_log_ratios": costed(log_ratios, with_torch),
    "fit_fixed_triples": costed(fixed_triples),
    "fit_continuous_targets": costed(continuous_targets),
    "train_one_neuron": costed(one_neuron, with_torch),
    "spread_features": costed(spread_features),
    "measure_nonhomogeneity": costed(nonhomogeneity, nonhomogeneity_memory),
    "find_sparse_codes": costed(sparse_codes),
    "compare_encoders": costed(encoders, encoders_memory),
    "compare_penalties": costed(penalties),
    "fit_naming": costed(naming),
    "compare_targets": costed(targets, targets_memory),
}
