"""How long a job takes: work in numbers of the config, over rates.

    seconds = (start + core work / threads of products) / core speed + GPU work

Matrix products count floating-point operations; everything else counts what it handles. The rates are of one
core of a two-core cloud machine with AVX-512 and bfloat16, both cores busy, from the benchmark files of the default and
the smoke run (`python scripts/estimate.py --benchmarks results/benchmarks` sets a run's own beside them). With `device:
cuda`, products run at config `machine`'s gpu_tflops x gpu_use, and each training step costs LAUNCH on top: these are
assumptions. What stays on the CPU there (reading, shuffling, writing, codes) is timed as on this machine.

The products, a token or a vector (Model.forward is of one token through the blocks, Model.logits to the vocabulary):

  train_lm    3 x (forward + logits): the backward pass is twice the forward
  validation  forward + logits
  collect     forward of whole contexts, for `per_context` vectors each
  train_sae   2 N F, the encoder, x STEPS of its architecture; the rest of a step follows the codes
  losses      of `loss_tokens`, three times
  evaluate    T forwards and 2 N F, and the loss once over `loss_tokens`, or twice
"""

from math import ceil

from monosem.costs.jobs import CONTEXTS, Job
from monosem.costs.rates import (
    CODES,
    COLLECT,
    COMPILE,
    COMPILED,
    DENSE_ABOVE,
    DENSE_PAIR,
    DOWNLOAD,
    EAGER,
    ENCODE,
    ENCODER,
    EXTRACT,
    FEATURE,
    FORWARD,
    LAUNCH,
    MERGES,
    PAIR,
    PLOT,
    READ,
    SHUFFLE,
    SORT,
    START,
    STEPS,
    TORCH,
    VECTOR,
    VECTOR_READ,
    core,
    products,
)
from monosem.ground.local_files import is_local


def corpus(job: Job) -> float:
    fetched = [source for source in job.config["corpus"]["source"] if not is_local(source)]
    return core(job, START + EXTRACT * job.text_mb) + DOWNLOAD * sum(map(job.source_mb, fetched))


def tokenizer(job: Job) -> float:
    tokens = job.config["tokens"]
    return core(job, START + (0 if tokens["tokenizer"] else MERGES * min(tokens["train_mb"], job.text_mb)))


def tokens(job: Job) -> float:
    return core(job, START + READ * job.read_mb + ENCODE * job.packed / job.config["threads"])


def validation(job: Job) -> float:
    model, n_tokens = job.model, job.config["lm"]["val_tokens"]
    return products(job, n_tokens * (model.forward + model.logits), FORWARD)


def train_lm(job: Job) -> float:
    lm, model = job.config["lm"], job.model
    steps = lm["tokens"] / (lm["batch"] * model.length)
    workers = lm["processes"] * lm["nodes"]
    each = model.forward + model.logits
    training = products(job, 3 * each * lm["tokens"] / workers, COMPILED if lm["compile"] else EAGER)
    curve = products(job, steps / lm["val_every"] * CONTEXTS * model.length * each, FORWARD)
    return core(job, TORCH + COMPILE * lm["compile"]) + training + curve + validation(job) + launches(job, steps)


def launches(job: Job, steps: float) -> float:
    return LAUNCH * steps if job.on_gpu else 0.0


def shuffle_lm(job: Job) -> float:
    return core(job, TORCH) + validation(job)


def collect(job: Job) -> float:
    acts, model = job.acts, job.model
    contexts = ceil(acts["n_vectors"] / min(acts["per_context"], model.length - 1) / acts["jobs"])
    forward = products(job, contexts * model.length * model.forward, FORWARD)
    return core(job, TORCH + COLLECT * job.store_bytes / acts["jobs"]) + forward


def store(job: Job) -> float:
    return core(job, START + SHUFFLE * job.store_bytes)


def train_sae(job: Job) -> float:
    own, neurons = job.dictionary, job.neurons
    encoder = 2 * neurons * own["width"] * own["vectors"] * STEPS.get(own["arch"], 1.0)
    around = (VECTOR_READ if job.on_gpu else VECTOR) * neurons * own["vectors"]
    return core(job, TORCH + around) + products(job, encoder, ENCODER) + launches(job, own["vectors"] / own["batch"])


def losses(job: Job) -> float:
    each = job.model.forward + job.model.logits
    return core(job, TORCH) + products(job, 3 * int(job.wildcards["loss_tokens"]) * each, FORWARD)


def evaluate(job: Job) -> float:
    model = job.model
    work = core(job, TORCH + CODES * job.usual_codes) + products(job, job.held_out * model.forward, FORWARD)
    if job.dictionary is None:
        return work
    encoder = 2 * job.neurons * job.features * job.held_out
    n_losses = 2 if job.evaluation["debias"] == "factor" else 1
    loss = n_losses * job.evaluation["loss_tokens"] * (model.forward + model.logits)
    return work + products(job, encoder, ENCODER) + products(job, loss, FORWARD)


def examples(job: Job) -> float:
    return core(job, START + SORT * job.usual_codes + FEATURE * job.features)


def directions(job: Job) -> float:
    drawn = job.config["autointerp"]["directions"]
    return core(job, TORCH) + products(job, 2 * drawn["sample"] * drawn["n_directions"] * job.neurons, FORWARD)


def scores(job: Job) -> float:
    return core(job, START + FEATURE * job.features)


def match(job: Job) -> float:
    """A sparse product is as long as the tokens' codes on both sides; above a density, dense blocks take over."""
    codes, entries = job.usual_codes, job.held_out * job.features
    sparse, dense = PAIR * codes * codes / job.held_out, DENSE_PAIR * entries * job.features
    pairs = dense if (codes / entries) ** 2 > DENSE_ABOVE else sparse
    return core(job, START + SORT * codes + pairs)


def plot(job: Job) -> float:
    return core(job, PLOT)


def tables(job: Job) -> float:
    return core(job, START)
