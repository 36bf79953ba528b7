"""What the experiments with a known truth cost: seconds and MiB of each (`seconds` and `memory` have the units)."""

from monosem.costs.held import MIB, MOST_L0, TORCH, forward
from monosem.costs.jobs import Job
from monosem.costs.rates import ENCODER, FORWARD
from monosem.costs.recipes import Settings
from monosem.costs.theory import TINY_STEP, WITH_TORCH, costed, with_torch

LOSSES, OUTPUT = 3, 2e-9  # kinds of output layer; seconds of a step for each output of a sample
SMALL_PRODUCTS = 8e10  # operations a second in matrix products of few rows
SMALL_TRAINING = 0.8e11  # of training a small transformer
HELD_OUT = 3e-5  # a held-out token, encoded and matched
SMALL_SAE = 1.1e-3  # seconds: a training step of an autoencoder with few features


def planted_recovery(job: Job, own: Settings) -> float:
    recipe = {**job.config["sae"], **own["autoencoder"]}
    values = len(own["widths"]) + len(own["shares_on"]) + len(own["together"]) + 3
    trained = values * len(job.config["architectures"])
    return WITH_TORCH + SMALL_SAE * trained * recipe["vectors"] / recipe["batch"]


def output_superposition(job: Job, own: Settings) -> float:
    entries = own["batch"] * own["n_features"] * len(own["neurons"]) * len(own["mean_on"])
    return WITH_TORCH + LOSSES * own["steps"] * (TINY_STEP + OUTPUT * entries)


def layerwise_memory(job: Job, own: Settings) -> float:
    operations = 12 * own["batch"] * own["width"] * own["neurons"] * own["n_layers"]
    return WITH_TORCH + len(own["n_pairs"]) * own["steps"] * (2 * TINY_STEP + operations / SMALL_PRODUCTS)


def layerwise_features(job: Job, own: Settings) -> float:
    """Models side by side with the main one's vocabulary and contexts; a dictionary for each of their layers."""
    lm, recipe = {**job.config["lm"], **own["lm"]}, {**job.config["sae"], **own["autoencoder"]}
    trained = 0.0
    for depth in own["depths"]:
        sizes = {"layers": depth, "d_model": lm["d_model"], "heads": lm["n_heads"], "d_mlp": lm["d_mlp"]}
        model = job.model._replace(**sizes)
        trained += 3 * lm["tokens"] * (model.forward + model.logits) / SMALL_TRAINING
        trained += lm["tokens"] / (lm["batch"] * model.length) * TINY_STEP * 2 * depth
        trained += depth * own["n_vectors"] * model.length / own["per_context"] * model.forward / FORWARD
    learnt = 12 * recipe["vectors"] * lm["d_mlp"] * own["width"] / ENCODER
    return WITH_TORCH + trained + sum(own["depths"]) * (learnt + HELD_OUT * own["held_out"])


def planted_memory(job: Job) -> float:
    """Planted vectors and their codes in every condition, to learn from and held out."""
    own = job.config["theory"]["planted_recovery"]
    conditions = len(own["shares_on"]) + len(own["together"])
    return TORCH + 16 * own["n_vectors"] * conditions * (own["true_features"] + own["dimensions"]) / MIB


def layers_memory(job: Job) -> float:
    """Activations of a layer, in rows, in order and as a store; codes of all layers and those of the neurons."""
    own = job.config["theory"]["layerwise_features"]
    neurons = {**job.config["lm"], **own["lm"]}["d_mlp"]
    codes = 16 * own["held_out"] * max(own["depths"]) * (neurons + MOST_L0)
    return TORCH + (16 * own["n_vectors"] * neurons + codes) / MIB + forward(job)


COSTS = {
    "recover_planted": costed(planted_recovery, planted_memory),
    "train_unembeddings": costed(output_superposition, with_torch),
    "train_residual_mlp": costed(layerwise_memory, with_torch),
    "match_layers": costed(layerwise_features, layers_memory),
}
