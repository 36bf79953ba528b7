"""What many jobs hold in memory: a process, codes, a forward pass (`memory` has the units)."""

from monosem.costs.jobs import CONTEXTS, Job

MIB = 1 << 20
PLAIN, TORCH = 350, 700  # MiB of a process
MOST_L0, MOST_ACTIVE = 128, 0.6
CODE_BYTES = 32  # position and value, and a second order of both; 64-bit positions from 2^31 codes on


def held_codes(job: Job) -> float:
    """Bytes."""
    return CODE_BYTES * job.codes(MOST_L0, MOST_ACTIVE)


def forward(job: Job) -> float:
    """MiB of a forward pass without gradients."""
    model = job.model
    a_token = 4 * (8 * model.d_model + 6 * model.d_mlp)
    return (CONTEXTS * model.length * a_token + 512 * model.vocab * 12) / MIB
