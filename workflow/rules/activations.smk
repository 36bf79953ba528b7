"""Activations of every model and site in shuffled Zarr stores.

in:  results/{model}/lm/, results/tokens/
out: results/{model}/{site}/acts.zarr and its record
"""


rule store_acts:
    input:
        weights="results/{model}/lm/weights.safetensors",
        record="results/{model}/lm/lm.json",
        tokens=ancient("results/tokens/train.zarr"),
        tokens_record="results/tokens/train.json",
    output:
        acts=directory("results/{model}/{site}/acts.zarr"),
        record="results/{model}/{site}/acts.json",
    log:
        "results/logs/store_acts/{model}_{site}.log",
    benchmark:
        "results/benchmarks/store_acts/{model}_{site}.tsv"
    priority: 20
    threads: config["threads"]
    resources:
        mem_mb=memory,
        runtime=240,
        disk_mb=2048 * config["acts"]["disk_gib"],
        disk_gib=config["acts"]["disk_gib"],  # a limit, not a setting: raising it reruns nothing
        gpu=GPU,
    params:
        code=fingerprint("store_acts.py"),
        seed=lambda wildcards: config["acts"]["seed"] + MODELS[wildcards.model]["seed"],
        part=lambda wildcards: text_share(wildcards.model),
        flags=flags(config["acts"], "n_vectors", "per_context", "dtype"),
        device=DEVICE,
    shell:
        r"""
        python $SCRIPTS/store_acts.py --model {input.weights:q} --model-record {input.record:q} \
            --tokens {input.tokens:q} --site {wildcards.site:q} --seed {params.seed:q} {params.part:q} {params.flags:q} \
            --disk-gib {resources.disk_gib:q} {params.device:q} --threads {threads} \
            --output {output.acts:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """
