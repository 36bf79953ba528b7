"""Memory of a job, MiB: an upper bound from the arrays that it holds at once.

    MiB = process + bytes of the arrays / 2^20

A process takes PLAIN, with torch TORCH, with the compiler COMPILING more. P parameters, D residual width, M neurons a
block, L context length, V vocabulary, N site width, F features, Z stored codes, T held-out tokens, B batch:

  build_corpus    3 x text of `packages`, all held at once; else 4 x one of 128 buckets, sorted as objects;
                  torch, by which checkpoints are written
  train_tokenizer 15 x the text it is learnt from
  pack_tokens     64 bytes a token of a block of 65,536 contexts
  train_lm        P x 28: weights, gradients, two moments, and their copies while saving
                  + a micro-batch's activations: 4 bytes x layers x (10 D + 3 M), and 3 H L where attention is plain
                  + a tile of logits: max(256, L) x V x 16 bytes
                  + 16 bytes a training context, their order; all this for each process of a node
  shuffle_lm      P x 20, and a forward pass
  collect_acts    16 bytes a training context, a forward pass
  store_acts      4 buckets, each 256 MiB or a 1024th of the store: one read, permuted, being written, waiting
  train_sae       4 bytes x (12 F N: weights, moments, gradients, their copies while saving
                  + 7 of a dense tile of 2^26 entries, or 50 bytes for each of the 20 % that a sparse step is given
                  + N (8 B + 2 x 65,536 + resampling inputs))
  losses          a forward pass
  evaluate        Z x 32 + F V x 16 (logit weights) + F N x 16 + a tile + a forward pass
  draw_directions 4 bytes x sample x (3 N + 2 directions)
  sample_examples Z x 32 + T x 64
  match_features  Z x 32 of both sides, + 2048 x F x 16
  score_features  20 KiB a feature; figures, ratings and the report read tables only

A forward pass is of 64 contexts, 4 bytes x (8 D + 6 M + ...) a token. Z is taken as 128 codes a token, or k; of neurons
behind a ReLU as 60 %. On a GPU most of these arrays lie there, and the same bound holds for both together.
"""

from math import ceil

from monosem.costs.held import MIB, PLAIN, TORCH, forward, held_codes
from monosem.costs.jobs import BLOCK, Job
from monosem.costs.recipes import recipe

COMPILING = 700
BUCKET_MIB, MAX_BUCKETS = 256, 1024  # of a store that is shuffled
TEXT_BUCKETS = 128
LOGIT_ROWS, TILE_ENTRIES, WHOLE_ROWS, DENSE_ENTRIES, MATCHED_ROWS = 256, 1 << 20, 256, 1 << 26, 2048
SCREENED = 65536  # vectors that a threshold is found on


def corpus(job: Job) -> float:
    return TORCH + 3 * job.packages_mb + 4 * job.text_mb / TEXT_BUCKETS


def tokenizer(job: Job) -> float:
    return PLAIN + 15 * job.config["tokens"]["train_mb"]


def tokens(job: Job) -> float:
    return PLAIN + 64 * BLOCK * job.model.length / MIB


def train_lm(job: Job) -> float:
    lm, model = job.config["lm"], job.model
    contexts = lm["micro_batch"] or ceil(lm["batch"] / (lm["processes"] * lm["nodes"]))
    plain = 3 * model.heads * model.length if model.length <= 512 and not job.on_gpu else 0
    a_token = 4 * model.layers * (10 * model.d_model + 3 * model.d_mlp + plain)
    step = contexts * model.length * a_token + 16 * max(LOGIT_ROWS, model.length) * model.vocab
    process = TORCH + COMPILING * lm["compile"]
    return lm["processes"] * (process + (28 * model.parameters + step + job.order_bytes) / MIB)


def shuffle_lm(job: Job) -> float:
    return TORCH + 20 * job.model.parameters / MIB + forward(job)


def collect(job: Job) -> float:
    return TORCH + job.order_bytes / MIB + 2 * forward(job)


def store(job: Job) -> float:
    rows = job.store_bytes / MIB
    return TORCH + 4 * max(min(BUCKET_MIB, rows), rows / MAX_BUCKETS)


def train_sae(job: Job) -> float:
    own, neurons = job.dictionary, job.neurons
    entries = own["batch"] * own["width"]
    work = max(7 * min(entries, DENSE_ENTRIES), 0.2 * 50 / 4 * entries)
    inputs = (8 * own["batch"] + 2 * SCREENED + own["resample_inputs"]) * neurons
    return TORCH + 4 * (12 * own["width"] * neurons + work + inputs) / MIB


def losses(job: Job) -> float:
    return TORCH + forward(job)


def evaluate(job: Job) -> float:
    features, neurons = job.features, job.neurons
    tables = 16 * features * (job.model.vocab + neurons) + 12 * max(TILE_ENTRIES, WHOLE_ROWS * features)
    return TORCH + (held_codes(job) + tables) / MIB + forward(job)


def directions(job: Job) -> float:
    drawn = job.config["autointerp"]["directions"]
    return TORCH + 4 * drawn["sample"] * (3 * job.neurons + 2 * drawn["n_directions"]) / MIB


def examples(job: Job) -> float:
    return PLAIN + (held_codes(job) + 64 * job.held_out) / MIB


def match(job: Job) -> float:
    return PLAIN + (2 * held_codes(job) + 16 * MATCHED_ROWS * job.features) / MIB


def scores(job: Job) -> float:
    return PLAIN + job.features * 20 / 1024


def tables(job: Job) -> float:
    """Figures, findings, the report: the features of all dictionaries, a KiB each."""
    widths = [recipe(job.config, name)["width"] for name, entry in job.config["dictionaries"].items() if entry]
    runs = len(job.config["models"]) * len(job.config["sites"])
    return PLAIN + runs * sum(widths) / 1024
