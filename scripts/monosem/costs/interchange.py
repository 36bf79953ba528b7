"""What exports and imports cost: seconds, MiB and bytes of their jobs (`seconds`, `memory` and `disk` have the units).

A dictionary has F features of N neurons, a model P parameters; both are held as they are and as they are written.
"""

from monosem.costs.held import MIB, TORCH, held_codes
from monosem.costs.jobs import Costs, Job
from monosem.costs.rates import SORT, core
from monosem.costs.rates import TORCH as TORCH_START

WRITTEN, WRITTEN_BYTES = 4e-3, 8 << 10  # seconds and bytes: a feature for Neuronpedia, with its examples


def light(job: Job) -> float:
    return core(job, TORCH_START)


def neuronpedia(job: Job) -> float:
    return core(job, TORCH_START + SORT * job.usual_codes + WRITTEN * job.features)


def model_memory(job: Job) -> float:
    return TORCH + 20 * job.model.parameters / MIB


def dictionary_memory(job: Job) -> float:
    return TORCH + 32 * job.features * job.neurons / MIB


def neuronpedia_memory(job: Job) -> float:
    return TORCH + held_codes(job) / MIB


def model_disk(job: Job) -> tuple[float, float]:
    return 4.0 * job.model.parameters, 0.0


def dictionary_disk(job: Job) -> tuple[float, float]:
    return 8.0 * job.features * job.neurons, 0.0


def neuronpedia_disk(job: Job) -> tuple[float, float]:
    return WRITTEN_BYTES * job.features, 0.0


DICTIONARIES, MODELS = ("import_dictionary", "export_dictionary"), ("export_lm",)
COSTS = {
    **dict.fromkeys(DICTIONARIES, Costs(light, dictionary_memory, dictionary_disk)),
    **dict.fromkeys(MODELS, Costs(light, model_memory, model_disk)),
    "export_neuronpedia": Costs(neuronpedia, neuronpedia_memory, neuronpedia_disk),
}
