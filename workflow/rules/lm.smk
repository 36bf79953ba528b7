"""The transformers: trained ones (A, B) and the control, which is a trained one with shuffled weights.

in:  results/tokens/
out: results/{model}/lm/
"""

TRAINED = [name for name, entry in MODELS.items() if entry["shuffle_of"] is None]
PROCESSES, NODES = config["lm"]["processes"], config["lm"]["nodes"]
LM = {name: value for name, value in config["lm"].items() if name not in ("processes", "nodes")}


def spread():
    """Resources of a training by several processes: the command that starts them, and what SLURM is to give it.

    They are not settings: like threads, they change rounding at most, and rerun nothing.
    """
    if PROCESSES == NODES == 1:
        return {"launch": "python", "gpu": GPU}
    torchrun = f"torchrun --nnodes {NODES} --nproc-per-node {PROCESSES}"
    if NODES == 1:
        return {"launch": f"{torchrun} --standalone", "gpu": GPU * PROCESSES}
    # One torchrun on each node; they meet at the first, where this shell runs. The plugin leaves `srun` to jobs with
    # `mpi`, and would ask for a task for each GPU.
    gpus = f"--gres gpu:{PROCESSES}" if GPU else ""
    srun = f"srun --nodes {NODES} --ntasks {NODES} --cpus-per-task {config['threads'] * PROCESSES} {gpus}"
    meet = "--rdzv-backend c10d --rdzv-id $SLURM_JOB_ID --rdzv-endpoint $(hostname):$((20000 + SLURM_JOB_ID % 20000))"
    slurm = {"mpi": "srun", "nodes": NODES, "tasks": NODES, "tasks_per_gpu": 0}
    slurm |= {"gres": f"gpu:{PROCESSES}"} if GPU else {}
    return {"launch": f"{srun} {torchrun} {meet}", "gpu": GPU * PROCESSES * NODES, **slurm}


rule train_lm:
    input:
        train=ancient("results/tokens/train.zarr"),
        train_record="results/tokens/train.json",
        val=ancient("results/tokens/val.zarr"),
        val_record="results/tokens/val.json",
    output:
        weights="results/{model}/lm/weights.safetensors",
        log="results/{model}/lm/train.tsv",
        record="results/{model}/lm/lm.json",
    log:
        "results/logs/train_lm/{model}.log",
    benchmark:
        "results/benchmarks/train_lm/{model}.tsv"
    wildcard_constraints:
        model="|".join(TRAINED),
    threads: config["threads"] * PROCESSES
    resources:
        **spread(),
        mem_mb=memory("train_lm"),
        runtime=runtime("train_lm"),
        disk_mb=disk("train_lm"),
    params:
        code=fingerprint("train_lm.py"),
        seed=lambda wildcards: MODELS[wildcards.model]["seed"],
        flags=flags({**LM, "precision": config["precision"]}),
        device=DEVICE,
    shell:
        r"""
        {resources.launch} "$SCRIPTS/train_lm.py" --train {input.train:q} --val {input.val:q} --name {wildcards.model:q} \
            --seed {params.seed:q} {params.flags:q} {params.device:q} --threads {threads} \
            --output {output.weights:q} --output-log {output.log:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule shuffle_lm:
    input:
        weights=lambda wildcards: f"results/{MODELS[wildcards.model]['shuffle_of']}/lm/weights.safetensors",
        val=ancient("results/tokens/val.zarr"),
        val_record="results/tokens/val.json",
    output:
        weights="results/{model}/lm/weights.safetensors",
        record="results/{model}/lm/lm.json",
    log:
        "results/logs/shuffle_lm/{model}.log",
    benchmark:
        "results/benchmarks/shuffle_lm/{model}.tsv"
    wildcard_constraints:
        model="|".join(name for name in MODELS if name not in TRAINED) or "none",
    threads: config["threads"]
    resources:
        mem_mb=memory("shuffle_lm"),
        runtime=runtime("shuffle_lm"),
        disk_mb=disk("shuffle_lm"),
    params:
        code=fingerprint("shuffle_lm.py"),
        seed=lambda wildcards: MODELS[wildcards.model]["seed"],
        flags=flags(config["lm"], "val_tokens"),
    shell:
        r"""
        python "$SCRIPTS/shuffle_lm.py" --model {input.weights:q} --val {input.val:q} --name {wildcards.model:q} \
            --seed {params.seed:q} {params.flags:q} --threads {threads} \
            --output {output.weights:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """
