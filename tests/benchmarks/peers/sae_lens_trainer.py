"""SAELens: `SAETrainer.fit` on a `StandardTrainingSAE`. Precision: float32, or its option autocast (bfloat16).

Its penalty weighs each code by the norm of its decoder row, which it leaves free. Moving the norms into the codes gives
unit rows and the plain penalty, so lambda is the same and weights are saved in that form. It clips gradients to a norm
of 1, which nothing turns off.
"""

from contextlib import suppress

import torch
from common import ENDLESS, Batches, Job, Weights, read_job, start_weights
from sae_lens import StandardTrainingSAE, StandardTrainingSAEConfig
from sae_lens.config import SAETrainerConfig
from sae_lens.training.sae_trainer import SAETrainer


def new_sae(job: Job) -> StandardTrainingSAE:
    W_enc_FN, b_enc_F, W_dec_FN, b_dec_N = start_weights(job)
    n_features, n_neurons = W_enc_FN.shape
    sae = StandardTrainingSAE(StandardTrainingSAEConfig(d_in=n_neurons, d_sae=n_features, l1_coefficient=job.l1))
    state = {"W_enc": W_enc_FN.T.contiguous(), "b_enc": b_enc_F, "W_dec": W_dec_FN, "b_dec": b_dec_N}
    sae.load_state_dict(state)
    return sae


def unit_weights(sae: StandardTrainingSAE) -> Weights:
    with torch.no_grad():
        norm_F1 = sae.W_dec.norm(dim=1, keepdim=True)
        return sae.W_enc.T * norm_F1, sae.b_enc * norm_F1[:, 0], sae.W_dec / norm_F1, sae.b_dec


def main() -> None:
    job = read_job()
    sae = new_sae(job)
    settings = SAETrainerConfig(
        total_training_samples=ENDLESS * job.batch,
        train_batch_size_samples=job.batch,
        lr=job.lr,
        lr_end=job.lr,  # unused by a constant rate, but asked for
        autocast=job.precision == "bfloat16",
    )
    batches = Batches(job, lambda: unit_weights(sae))
    trainer = SAETrainer(settings, sae, batches)
    with suppress(StopIteration):  # it expects its data to last
        trainer.fit()
    batches.report()


if __name__ == "__main__":
    main()
