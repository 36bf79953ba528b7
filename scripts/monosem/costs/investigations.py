"""What the investigations cost: seconds and MiB of each of their jobs (`seconds` and `memory` have the units)."""

from itertools import combinations

from monosem.costs.held import MIB, MOST_L0, PLAIN, TORCH, forward, held_codes
from monosem.costs.jobs import Costs, Job
from monosem.costs.rates import EAGER, FORWARD, PAIR, SORT, START, core, products
from monosem.costs.rates import TORCH as TORCH_START
from monosem.costs.recipes import recipe

GROUPED = 0.2e-6  # seconds: a stored code, summed over its unit's contexts, categories and tokens
COUNTED = 0.06e-6  # a stored code, summed over its feature's tokens
SPELLED, FOLLOWED = 0.2e-6, 0.06e-6  # a training token, its characters looked at; a stored code, set beside contexts
PIECE = 4096 * 240  # bytes a position: contexts whose characters are looked at at once
LINEAR_WAYS, COMPARED = 4, 3  # baselines of each number kept; dictionaries that features are paired with
MLP_BATCH, MLP_STEP = 1024, 3e-3  # vectors of a small MLP's step, and its seconds beside the products
SOLVED_ROWS = 512  # vectors whose random directions are combined at once
PAIRED, PAIRED_BYTES = 0.4e-3, 100  # seconds a feature that is paired; bytes a candidate
KIN = 35e-9  # seconds: three products of codes of two dictionaries, sparse
MAPPING, MAPPED = 20.0, 3.5e-3  # seconds: UMAP compiled and begun; a feature placed on two maps
KIN_MIB, MAP_MIB, MAPPED_BYTES = 300, 500, 16384  # MiB of blocks of cosines, of compiled UMAP; bytes a feature mapped
GROUPS = 350  # MiB: a block of features and its sums


def of_run(job: Job, run: str) -> Job:
    """The same job, as if it worked on one dictionary alone, or on `neurons` or `random`."""
    wildcards = {"model": job.config["universality"]["model"], "site": job.config["sites"][0], "run": run}
    return Job(job.rule, wildcards, job.config)


def sweep(job: Job) -> list[Job]:
    """Of the dictionaries that differ from the headline one in their width only."""
    names = [name for name, entry in job.config["dictionaries"].items() if entry]
    recipes = {name: {**recipe(job.config, name), "width": None} for name in names}
    return [of_run(job, name) for name in names if recipes[name] == recipes[job.config["headline"]]]


def units(job: Job) -> list[Job]:
    return [of_run(job, run) for run in (job.config["headline"], "neurons", "random")]


def purity(job: Job) -> float:
    return core(job, START + GROUPED * sum(run.usual_codes for run in units(job)))


def purity_memory(job: Job) -> float:
    return PLAIN + GROUPS + max(held_codes(run) for run in units(job)) / MIB


def token_features(job: Job) -> float:
    return core(job, START + COUNTED * sum(run.usual_codes for run in sweep(job)))


def token_features_memory(job: Job) -> float:
    return PLAIN + GROUPS + max(held_codes(run) for run in sweep(job)) / MIB


def geometry(job: Job) -> float:
    return core(job, TORCH_START)


def geometry_memory(job: Job) -> float:
    """Two matrices, and both again in float64 as they are, at unit norm and squared."""
    headline = of_run(job, job.config["headline"])
    return TORCH + 64 * headline.features * headline.neurons / MIB


def contexts(job: Job) -> float:
    asked, runs = job.config["investigations"]["contexts"], (job.config["headline"], "neurons")
    read = min(asked["train_tokens"], job.config["tokens"]["train"])
    return core(job, START + SPELLED * read + FOLLOWED * sum(of_run(job, run).usual_codes for run in runs))


def contexts_memory(job: Job) -> float:
    """Codes and half of them at a time; ten numbers of each token and context; training tokens with their documents."""
    asked, runs = job.config["investigations"]["contexts"], (job.config["headline"], "neurons")
    tokens = 80 * job.held_out * len(asked["table"]) + 16 * min(asked["train_tokens"], job.config["tokens"]["train"])
    return PLAIN + (sum(held_codes(of_run(job, run)) for run in runs) + tokens + PIECE * job.model.length) / MIB


def baselines(job: Job) -> float:
    """Each way is a forward pass with its own coding; small MLPs train on pairs that one more pass gives."""
    own, here, widths = job.config["investigations"]["explained"], of_run(job, job.config["headline"]), sweep(job)
    kept, model, n_losses = 1 + len(own["k"]), job.model, own["loss_tokens"]
    passes = 2 + len(widths) + LINEAR_WAYS * kept + 1 + len(own["mlp_units"])
    coding = 4 * here.neurons * (sum(width.features for width in widths) + LINEAR_WAYS * kept * 2 * here.neurons)
    ica = 4 * own["ica_steps"] * own["sample"] * here.neurons**2
    pairs = own["mlp_vectors"] * model.forward
    fitting = 12 * model.d_model * sum(own["mlp_units"]) * own["mlp_vectors"] * own["mlp_epochs"]
    steps = len(own["mlp_units"]) * own["mlp_epochs"] * own["mlp_vectors"] / MLP_BATCH
    work = n_losses * (passes * (model.forward + model.logits) + coding) + ica + pairs
    return core(job, TORCH_START + MLP_STEP * steps) + products(job, work, FORWARD) + products(job, fitting, EAGER)


def baselines_memory(job: Job) -> float:
    """Twice the pairs that small MLPs learn from; six copies of the sample; two matrices of directions."""
    own, here = job.config["investigations"]["explained"], of_run(job, job.config["headline"])
    widest = max(width.features for width in sweep(job))
    held = 4 * own["mlp_vectors"] * job.model.d_model + 6 * own["sample"] * here.neurons
    held += 4 * widest * here.neurons + 2 * here.features**2 + 3 * SOLVED_ROWS * MOST_L0**2
    return TORCH + 4 * held / MIB + forward(job)


def pairing(job: Job) -> float:
    here = of_run(job, job.config["headline"])
    codes = here.usual_codes
    return core(job, START + COMPARED * (SORT * codes + PAIR * codes * codes / job.held_out + PAIRED * here.features))


def pairing_memory(job: Job) -> float:
    here = of_run(job, job.config["headline"])
    candidates = job.config["investigations"]["correspondence"]["candidates"]
    return PLAIN + (2 * held_codes(here) + here.features * (PAIRED_BYTES * candidates + 4 * job.model.vocab)) / MIB


def splitting(job: Job) -> float:
    """Every two dictionaries of the sweep, and two of them once more with tokens shifted."""
    codes = [run.usual_codes for run in sweep(job)]
    pairs = sum(a * b for a, b in combinations(codes, 2)) + codes[0] * codes[-1]
    return core(job, START + SORT * sum(codes) + KIN * pairs / job.held_out)


def splitting_memory(job: Job) -> float:
    """All codes and their float64 copies; three views of one dictionary's, ordered by feature of another's."""
    held = [held_codes(run) for run in sweep(job)]
    return PLAIN + KIN_MIB + (sum(held) + max(held)) / MIB


def mapping(job: Job) -> float:
    """Every two directions multiplied, and each feature placed twice."""
    runs = sweep(job)
    n_features = sum(run.features for run in runs)
    return core(job, MAPPING + MAPPED * n_features + 2 * n_features**2 * runs[0].neurons / FORWARD)


def mapping_memory(job: Job) -> float:
    """Decoders, and what UMAP and its page keep of a feature; distances are looked at a block at a time."""
    runs = sweep(job)
    return PLAIN + MAP_MIB + sum(run.features for run in runs) * (12 * runs[0].neurons + MAPPED_BYTES) / MIB


COSTS = {
    "compare_baselines": Costs(baselines, baselines_memory),
    "pair_features": Costs(pairing, pairing_memory),
    "measure_contexts": Costs(contexts, contexts_memory),
    "measure_purity": Costs(purity, purity_memory),
    "count_token_features": Costs(token_features, token_features_memory),
    "measure_geometry": Costs(geometry, geometry_memory),
    "split_features": Costs(splitting, splitting_memory),
    "map_features": Costs(mapping, mapping_memory),
}
