"""This package: the steps of `train_sae`. Precision: float32, which is exact, or bfloat16. Architecture: relu or
topk.

Like all others it starts from given weights and keeps its learning rate; nothing is resampled, and top-k codes have no
auxiliary loss. Gradients are clipped to a norm of 1, as in the workflow's own recipe.
"""

import torch
from common import ENDLESS, NAMES, Batches, Job, read_job, start_weights
from torch import Tensor

from monosem.sae.architectures.relu import Relu
from monosem.sae.architectures.topk import TopK
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.recipe import Products, Recipe
from monosem.sae.training import Progress, advance, record

CPU = torch.device("cpu")


def recipe_of(job: Job, n_features: int) -> Recipe:
    architectures = {"relu": Relu(job.l1), "topk": TopK(job.k, k_aux=0, aux=0.0)}
    return Recipe(
        architecture=architectures[job.arch],
        n_features=n_features,
        vectors=ENDLESS * job.batch,
        batch=job.batch,
        lr=job.lr,
        beta1=0.9,
        beta2=0.999,
        warmup=0.0,
        decay=0.0,
        ramp=0.0,
        grad_clip=1.0,
        resample_at=(),
        resample_inputs=0,
        dead_window=1.0,
        log_every=1,
        seed=0,
    )


def saved(sae: SparseAutoencoder) -> tuple[Tensor, ...]:
    return tuple(sae.tensors()[name] for name in NAMES)


def main() -> None:
    job = read_job()
    weights = dict(zip(NAMES, start_weights(job), strict=True))
    n_features = len(weights["b_enc_F"])
    recipe, products = recipe_of(job, n_features), Products.of(job.precision, CPU)
    moments = {name: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for name, tensor in weights.items()}
    run = Progress(weights, moments, torch.full((n_features,), -1))
    batches = Batches(job, lambda: saved(recipe.architecture.inference(run.weights, torch.empty(0))))
    for x_BN in batches:
        record(run, advance(run, x_BN, recipe, products), recipe, resampled=0)
    batches.report()


if __name__ == "__main__":
    main()
