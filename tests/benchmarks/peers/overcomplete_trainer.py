"""overcomplete: `train_sae` (float32) or `train_sae_amp` (its autocast, bfloat16 on a CPU) with its `mse_l1`.

Its autoencoder has no decoder bias: it is given x - b_d, and b_d stays what it was at the start. Its squared error is a
mean over batch and neurons, its penalty a sum over the batch, so lambda / (B N) gives our loss divided by N. The
optimizer is the caller's choice; the monitoring is off.
"""

from functools import partial

import no_torchvision  # noqa: F401  (before overcomplete)
from common import Batches, Job, read_job, start_weights
from overcomplete.sae import SAE, mse_l1
from overcomplete.sae.train import train_sae, train_sae_amp
from torch.optim import Adam


def new_sae(job: Job) -> SAE:
    W_enc_FN, b_enc_F, W_dec_FN, _ = start_weights(job)
    n_features, n_neurons = W_enc_FN.shape
    sae = SAE(n_neurons, n_features)
    encoder = sae.encoder.final_block[0]
    encoder.weight.data, encoder.bias.data, sae.dictionary._weights.data = W_enc_FN, b_enc_F, W_dec_FN
    return sae


def main() -> None:
    job = read_job()
    sae, b_dec_N = new_sae(job), start_weights(job)[3]
    encoder, dictionary = sae.encoder.final_block[0], sae.dictionary
    # It normalises when the dictionary is asked for, so what the optimizer left is normalised here.
    batches = Batches(
        job,
        lambda: (encoder.weight, encoder.bias, dictionary.normalization(dictionary._weights), b_dec_N),
        shift_N=b_dec_N,
    )
    criterion = partial(mse_l1, penalty=job.l1 / (job.batch * len(b_dec_N)))
    train = train_sae_amp if job.precision == "bfloat16" else train_sae
    optimizer = Adam(sae.parameters(), lr=job.lr, fused=True)
    train(sae, batches, criterion, optimizer, nb_epochs=1, monitoring=0, device="cpu")
    batches.report()


if __name__ == "__main__":
    main()
