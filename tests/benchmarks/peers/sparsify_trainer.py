"""EleutherAI sparsify: `Trainer.fit` with top-k codes and Adam. Precision: float32, its autocast is for CUDA only.

It trains on what a module of a language model puts out while text goes through, so it is given a model whose only
module puts out the next batch of activations. Its loss is the squared error over the batch's variance: the same
minimum, and Adam does not see the factor. Without Triton it decodes by `embedding_bag`.
"""

import os
from contextlib import suppress

os.environ["SPARSIFY_DISABLE_TRITON"] = "1"  # read when it is imported; there is no Triton on a CPU
os.environ["TQDM_DISABLE"] = "1"

import torch
from common import ENDLESS, Batches, Job, read_job, start_weights
from sparsify import SparseCoderConfig, TrainConfig, Trainer
from torch import Tensor, nn


class Site(nn.Module):
    """Puts out the next batch as one text of B tokens; a zero for the dummy input that asks for its width."""

    def __init__(self, n_neurons: int) -> None:
        super().__init__()
        self.n_neurons, self.batches = n_neurons, iter(())

    def forward(self, token_1B: Tensor) -> Tensor:
        if token_1B.shape[1] == 1:
            return torch.zeros(1, 1, self.n_neurons)
        return next(self.batches)[None]


class Model(nn.Module):
    def __init__(self, n_neurons: int) -> None:
        super().__init__()
        self.site, self.device = Site(n_neurons), torch.device("cpu")
        self.dummy_inputs = {"input_ids": torch.zeros(1, 1, dtype=torch.long)}

    @property
    def base_model(self) -> nn.Module:
        return self

    def forward(self, input_ids: Tensor) -> Tensor:
        return self.site(input_ids)


class Texts:
    """ENDLESS texts of as many tokens as a batch has vectors."""

    def __init__(self, batch: int) -> None:
        self.text = {"input_ids": torch.zeros(batch, dtype=torch.long)}

    def __len__(self) -> int:
        return ENDLESS

    def __getitem__(self, number: int) -> dict[str, Tensor]:
        return self.text


def new_trainer(job: Job) -> Trainer:
    W_enc_FN, b_enc_F, W_dec_FN, b_dec_N = start_weights(job)
    settings = TrainConfig(
        SparseCoderConfig(num_latents=len(W_enc_FN), k=job.k),
        batch_size=1,
        optimizer="adam",
        lr=job.lr,
        lr_warmup_steps=0,
        hookpoints=["site"],
        finetune=job.start,  # keeps the decoder bias that it is given
        save_every=ENDLESS,
        log_to_wandb=False,
    )
    trainer = Trainer(settings, Texts(job.batch), Model(len(b_dec_N)))
    state = {"encoder.weight": W_enc_FN, "encoder.bias": b_enc_F, "W_dec": W_dec_FN, "b_dec": b_dec_N}
    trainer.saes["site"].load_state_dict(state)
    return trainer


def main() -> None:
    job = read_job()
    trainer = new_trainer(job)
    sae = trainer.saes["site"]
    # It normalises before a step, so what the optimizer left is normalised here.
    batches = Batches(
        job,
        lambda: (sae.encoder.weight, sae.encoder.bias, nn.functional.normalize(sae.W_dec, dim=1), sae.b_dec),
    )
    trainer.model.site.batches = batches
    with suppress(StopIteration):
        trainer.fit()
    batches.report()


if __name__ == "__main__":
    main()
