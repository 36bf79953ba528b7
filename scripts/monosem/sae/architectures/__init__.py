"""Sparse autoencoders by name: one file each, its equations on top, its gradients by hand below them."""

from monosem.sae.architectures.batchtopk import BatchTopK
from monosem.sae.architectures.gated import Gated
from monosem.sae.architectures.jumprelu import JumpRelu
from monosem.sae.architectures.matryoshka import Matryoshka
from monosem.sae.architectures.relu import Relu
from monosem.sae.architectures.relu_2024 import Relu2024
from monosem.sae.architectures.relu_unshifted import ReluUnshifted
from monosem.sae.architectures.steps import Architecture
from monosem.sae.architectures.topk import TopK

ARCHITECTURES: dict[str, type[Architecture]] = {
    "relu": Relu,
    "relu-2024": Relu2024,
    "relu-unshifted": ReluUnshifted,
    "topk": TopK,
    "batchtopk": BatchTopK,
    "jumprelu": JumpRelu,
    "gated": Gated,
    "matryoshka": Matryoshka,
}
