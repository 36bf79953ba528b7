"""The transformers: trained ones (A, B) and the control, which is a trained one with shuffled weights.

in:  results/tokens/
out: results/{model}/lm/
"""

SHUFFLED = [name for name, entry in MODELS.items() if entry["shuffle_of"]]
TRAINED = [name for name in MODELS if name not in SHUFFLED + IMPORTED_MODELS]


rule train_lm:
    input:
        train="results/tokens/train.zarr",
        train_record="results/tokens/train.json",
        val="results/tokens/val.zarr",
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
        model="|".join(map(re.escape, TRAINED)) or "none",
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
        unpack(original),
        val="results/tokens/val.zarr",
        val_record="results/tokens/val.json",
    output:
        weights="results/{model}/lm/weights.safetensors",
        record="results/{model}/lm/lm.json",
    log:
        "results/logs/shuffle_lm/{model}.log",
    benchmark:
        "results/benchmarks/shuffle_lm/{model}.tsv"
    wildcard_constraints:
        model="|".join(map(re.escape, SHUFFLED)) or "none",
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
