"""What carriers and coupled features cost: seconds and MiB of each (`seconds` and `memory` have the units)."""

from monosem.costs.effects import headline
from monosem.costs.held import MIB, TORCH, forward, held_codes
from monosem.costs.jobs import Job
from monosem.costs.rates import FORWARD, SORT
from monosem.costs.recipes import Settings
from monosem.costs.theory import WITH_TORCH, costed

TAUGHT = 5e-6  # seconds: a token of training a transformer, each layer
SMALL_SAE = 2.4e-3  # a training step of an autoencoder with few features
ABLATED = 6.0  # carriers of a dictionary, put back and taken out
COUNTED = 8e-9  # a pair of codes of one token
FOLLOWED = 0.2e-6  # a code, on one joint path
PATHS = 0.6  # all turns of some hundred groups


def carriers(job: Job, own: Settings) -> float:
    lm, recipe = {**job.config["lm"], **own["lm"]}, {**job.config["sae"], **own["autoencoder"]}
    taught = own["starts"] * sum(own["layers"]) * TAUGHT * lm["tokens"]
    learnt = SMALL_SAE * recipe["vectors"] / recipe["batch"] + ABLATED * own["held_contexts"] / 2000
    return WITH_TORCH + taught + own["starts"] * len(own["layers"]) * len(own["widths"]) * learnt


def coupled_features(job: Job, own: Settings) -> float:
    run = headline(job)
    codes = run.usual_codes
    divisors = job.held_out * job.model.forward / FORWARD
    paths = (1 + own["draws"]) * (PATHS + FOLLOWED * codes)
    return WITH_TORCH + divisors + SORT * codes + COUNTED * codes * codes / job.held_out + paths


def carriers_memory(job: Job) -> float:
    """Contexts, the vectors that a dictionary is learnt from, stored and read, and what training holds beside them."""
    own = job.config["theory"]["carriers"]
    lm = {**job.config["lm"], **own["lm"]}
    vectors = 32 * own["acts_contexts"] * own["length"] * lm["d_mlp"]
    return TORCH + (24 * own["contexts"] * own["length"] + vectors) / MIB


def coupled_memory(job: Job) -> float:
    own = headline(job)
    weights = 8 * own.features * job.model.vocab
    return TORCH + (2 * held_codes(own) + weights) / MIB + forward(job)


COSTS = {
    "count_carriers": costed(carriers, carriers_memory),
    "find_coupled_features": costed(coupled_features, coupled_memory),
}
