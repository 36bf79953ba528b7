"""dictionary_learning: `trainSAE` with `StandardTrainer`, its training of the paper's recipe. Precision: float32.

Its loss is ours, its decoder's columns have unit norm. Its autocast is for CUDA only. Warm-up of learning rate and
penalty is off; dead features are not tracked unless resampled, which is its default.
"""

import torch
from common import ENDLESS, Batches, Job, read_job, start_weights
from dictionary_learning.dictionary import AutoEncoder
from dictionary_learning.trainers.standard import StandardTrainer
from dictionary_learning.training import trainSAE


def new_dictionary(job: Job) -> AutoEncoder:
    W_enc_FN, b_enc_F, W_dec_FN, b_dec_N = start_weights(job)
    n_features, n_neurons = W_enc_FN.shape
    dictionary = AutoEncoder(n_neurons, n_features)
    state = {"bias": b_dec_N, "encoder.weight": W_enc_FN, "encoder.bias": b_enc_F, "decoder.weight": W_dec_FN.T}
    dictionary.load_state_dict(state)
    return dictionary


def main() -> None:
    job = read_job()
    sae = new_dictionary(job)
    trainer = {
        "trainer": StandardTrainer,
        "dict_class": lambda n_neurons, n_features: sae,
        "steps": ENDLESS,
        "activation_dim": sae.activation_dim,
        "dict_size": sae.dict_size,
        "layer": 0,
        "lm_name": "none",
        "lr": job.lr,
        "l1_penalty": job.l1,
        "warmup_steps": 0,
        "sparsity_warmup_steps": None,
        "device": "cpu",
    }
    batches = Batches(job, lambda: (sae.encoder.weight, sae.encoder.bias, sae.decoder.weight.T, sae.bias))
    trainSAE(batches, [trainer], steps=ENDLESS, device="cpu", autocast_dtype=torch.float32)
    batches.report()


if __name__ == "__main__":
    main()
