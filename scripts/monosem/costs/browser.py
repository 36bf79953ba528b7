"""What the feature browser costs: seconds, MiB and bytes of its jobs (`seconds`, `memory` and `disk` have the units).

A dictionary has F features, V tokens in its vocabulary, N neurons beside it, Z stored codes. Logit weights are ranked
twice, every pair of features has its cosine, and each code is sorted by feature, binned and looked up.
"""

from monosem.costs.held import MIB, PLAIN, held_codes
from monosem.costs.jobs import Costs, Job
from monosem.costs.rates import FORWARD, START, core, products

DESCRIBED = 0.5e-3  # seconds: a feature, its examples cut out and written
SORTED = 0.06e-6  # seconds: a stored code, sorted, binned and summed
RANKED = 12e-9  # seconds: a number, among which the highest are found
DETAILS, TEXT = 12 << 10, 6  # bytes: of a feature's shards; of a token of held-out text
HELD = 96 << 10  # bytes: of a feature's examples before they are written
BLOCKS = 300  # MiB: of cosines, and their order


def build(job: Job) -> float:
    features, vocab = job.features, job.model.vocab
    ranked = RANKED * (2 * features * vocab + features * features)
    cosines = products(job, 2.0 * job.neurons * features * features, FORWARD)
    return core(job, START + SORTED * job.usual_codes + DESCRIBED * features + ranked) + cosines


def build_memory(job: Job) -> float:
    """Logit weights as stored, and where there are no other directions in float32 too."""
    weights = job.features * (8 * job.model.vocab + 8 * job.neurons)
    text = 64 * job.held_out
    return PLAIN + BLOCKS + (held_codes(job) + weights + HELD * job.features + text) / MIB


def build_disk(job: Job) -> tuple[float, float]:
    return DETAILS * job.features, 0.0


def assemble(job: Job) -> float:
    return core(job, START + 1e-6 * job.held_out)


def assemble_memory(job: Job) -> float:
    return PLAIN + 64 * job.held_out / MIB


def assemble_disk(job: Job) -> tuple[float, float]:
    return TEXT * job.held_out, 0.0


COSTS = {
    "build_browser": Costs(build, build_memory, build_disk),
    "assemble_browser": Costs(assemble, assemble_memory, assemble_disk),
}
