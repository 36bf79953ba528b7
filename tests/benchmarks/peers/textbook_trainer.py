"""The same training in plain PyTorch: autograd and Adam. Precision: float32, or autocast to bfloat16."""

import torch
from common import Batches, read_job, start_weights
from torch import Tensor
from torch.optim import Adam


def step(parameters: list[Tensor], optimizer: Adam, x_BN: Tensor, l1: float, autocast: bool) -> None:
    W_enc_FN, b_enc_F, W_dec_FN, b_dec_N = parameters
    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        codes_BF = torch.relu(torch.nn.functional.linear(x_BN - b_dec_N, W_enc_FN, b_enc_F))
        error_BN = codes_BF @ W_dec_FN + b_dec_N - x_BN
        loss = error_BN.square().sum(dim=1).mean() + l1 * codes_BF.sum(dim=1).mean()
    optimizer.zero_grad()
    loss.backward()
    with torch.no_grad():
        W_dec_FN.grad -= (W_dec_FN.grad * W_dec_FN).sum(dim=1, keepdim=True) * W_dec_FN
        optimizer.step()
        W_dec_FN /= W_dec_FN.norm(dim=1, keepdim=True)


def main() -> None:
    job = read_job()
    parameters = [tensor.requires_grad_() for tensor in start_weights(job)]
    optimizer = Adam(parameters, lr=job.lr, fused=True)  # PyTorch's fastest on a CPU
    batches = Batches(job, lambda: tuple(parameters))
    for x_BN in batches:
        step(parameters, optimizer, x_BN, job.l1, job.precision == "bfloat16")
    batches.report()


if __name__ == "__main__":
    main()
