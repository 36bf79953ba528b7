"""What ablations, steering and automata cost: seconds and MiB (`seconds` and `memory` have the units)."""

from monosem.costs.held import MIB, PLAIN, TORCH, forward, held_codes
from monosem.costs.investigations import PIECE, SPELLED, of_run
from monosem.costs.jobs import Costs, Job
from monosem.costs.rates import FORWARD, PAIR, START, core, products
from monosem.costs.rates import TORCH as TORCH_START

LOGITS_OF_A_PAIR = 4  # of a pair and its token: clean, their gradient, ablated, ablated with the divisor kept
FOLLOWED = 0.5e-6  # seconds: a stored code, summed over tokens and steps
RANKED = 0.1e-6  # a logit weight
SEARCHED = 0.5e-6  # a pair of features, looked at again by chance
MOST_PAIRS = 16  # bytes of a pair of features that may follow each other, if all do; twice while blocks are joined


def headline(job: Job) -> Job:
    return of_run(job, job.config["headline"])


def ablations(job: Job) -> float:
    n_pairs = headline(job).features * job.config["investigations"]["effects"]["pairs"]
    operations = job.held_out * job.model.forward + LOGITS_OF_A_PAIR * n_pairs * job.model.logits
    return core(job, TORCH_START) + products(job, operations, FORWARD)


def ablations_memory(job: Job) -> float:
    own = headline(job)
    pairs = own.features * job.config["investigations"]["effects"]["pairs"]
    weights = 16 * own.features * own.neurons + 4 * 1024 * job.model.vocab
    return TORCH + (held_codes(own) + weights + pairs * (200 + 4 * job.model.d_model)) / MIB + forward(job)


def steering(job: Job) -> float:
    """Every token is written after all before it have been read again."""
    asked = job.config["investigations"]["steering"]
    n_texts = asked["texts"] * (1 + len(asked["steer"]) * len(asked["multiples"]))
    read = n_texts * asked["length"] * (len(asked["prefix"]) + asked["length"] / 2)
    operations = read * job.model.forward + 2 * n_texts * asked["length"] * job.model.logits
    learnt = SPELLED * trained_on(job)
    return core(job, TORCH_START + learnt) + products(job, operations, FORWARD)


def trained_on(job: Job) -> int:
    return min(job.config["investigations"]["contexts"]["train_tokens"], job.config["tokens"]["train"])


def steering_memory(job: Job) -> float:
    own, asked = headline(job), job.config["investigations"]["steering"]
    texts = asked["texts"] * (40 * job.model.vocab + (len(asked["prefix"]) + asked["length"]) * 40 * job.model.d_mlp)
    weights = 16 * own.features * own.neurons
    return TORCH + (16 * trained_on(job) + PIECE * job.model.length + texts + weights) / MIB


def automata(job: Job) -> float:
    own = headline(job)
    codes = own.usual_codes
    steps = PAIR * codes * codes / own.held_out
    by_chance = SEARCHED * own.features**2
    return core(job, START + steps + FOLLOWED * codes + RANKED * own.features * job.model.vocab + by_chance)


def automata_memory(job: Job) -> float:
    own = headline(job)
    counts = MOST_PAIRS * own.features * (own.features + job.model.vocab)
    return PLAIN + (2 * held_codes(own) + counts) / MIB


COSTS = {
    "ablate_features": Costs(ablations, ablations_memory),
    "steer_features": Costs(steering, steering_memory),
    "find_automata": Costs(automata, automata_memory),
}
