"""Rates of one core, measured, and how work becomes time (see `seconds`)."""

from monosem.costs.jobs import Job

# Operations a second in matrix products of one core.
COMPILED, EAGER = 1.5e11, 0.75e11  # of training a transformer
FORWARD = 0.45e11  # float32, without gradients
ENCODER = 1.6e11  # bfloat16, of dictionaries
# Seconds.
START, TORCH, PLOT = 0.8, 2.5, 2.4  # of Python, with torch, with seaborn
COMPILE = 25.0  # of a transformer, before its first step
DOWNLOAD, EXTRACT = 0.13, 0.14  # a megabyte of text
MERGES = 0.24  # a megabyte that the tokenizer is learnt from
READ, ENCODE = 0.0085, 0.9e-6  # a megabyte of the corpus; a token
COLLECT, SHUFFLE = 3e-9, 12.5e-9  # a byte of an activation store
CODES = 0.2e-6  # a stored code, compressed rows made and written
SORT = 0.12e-6  # a stored code, ordered by feature
PAIR, DENSE_PAIR = 10e-9, 0.04e-9  # a product of codes, sparse and dense
FEATURE = 0.2e-3  # a feature explained and scored
VECTOR = 20e-9  # a number of a vector in a training step: its reading, and products that follow the codes
VECTOR_READ = 5e-9  # its reading alone
LAUNCH = 2e-3  # a training step on a GPU, whatever its size
DENSE_ABOVE = 0.002  # share of pairs of codes from which match_features multiplies dense blocks
STEPS = {"gated": 2.0, "matryoshka": 2.0, "jumprelu": 3.0}  # of an architecture, in relu's


def core(job: Job, work: float) -> float:
    return work / job.config["machine"]["core"]


def products(job: Job, operations: float, rate: float) -> float:
    machine = job.config["machine"]
    if job.on_gpu:
        return operations / (machine["gpu_tflops"] * 1e12 * machine["gpu_use"])
    return core(job, operations / (rate * job.config["threads"]))
