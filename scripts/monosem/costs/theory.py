"""What the experiments of `config: theory` cost: seconds of each; all take the memory of a small process."""

from collections.abc import Callable

from monosem.costs.jobs import Job
from monosem.costs.rates import PLOT, core

TINY_STEP = 1.1e-3  # seconds: a step of Adam on a few small arrays, most of it torch's own calls
TORCH_PLOT = PLOT + 1.0  # a figure by a script that uses torch too


def one_neuron(job: Job) -> float:
    own = job.config["theory"]["one_neuron"]
    return core(job, TORCH_PLOT + TINY_STEP * own["steps"] * (3 + len(own["kept"])))


SECONDS: dict[str, Callable[[Job], float]] = {
    "train_one_neuron": one_neuron,
}
