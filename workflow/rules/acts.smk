"""Activations of every model and site in shuffled Zarr stores: collected by one job or several, then shuffled by one.

in:  results/{model}/lm/, results/tokens/
out: results/{model}/{site}/acts.zarr and its record
"""

JOBS = config["acts"]["jobs"]


rule collect_acts:
    input:
        weights="results/{model}/lm/weights.safetensors",
        record="results/{model}/lm/lm.json",
        tokens="results/tokens/train.zarr",
        tokens_record="results/tokens/train.json",
    output:
        part=temp(directory("results/{model}/{site}/acts-{job}-of-{jobs}")),
    log:
        "results/logs/collect_acts/{model}_{site}_{job}-of-{jobs}.log",
    benchmark:
        "results/benchmarks/collect_acts/{model}_{site}_{job}-of-{jobs}.tsv"
    wildcard_constraints:
        job=r"\d+",
        jobs=r"\d+",
    priority: 20
    threads: config["threads"]
    resources:
        mem_mb=memory("collect_acts"),
        runtime=runtime("collect_acts"),
        disk_mb=disk("collect_acts"),
        disk_gib=config["acts"]["disk_gib"],  # a limit, not a setting: raising it reruns nothing
        gpu=GPU,
    params:
        code=fingerprint("collect_acts.py"),
        seed=lambda wildcards: config["acts"]["seed"] + MODELS[wildcards.model]["seed"],
        part=lambda wildcards: text_share(wildcards.model),
        flags=lambda wildcards: flags(acts_of(config, wildcards.site), "n_vectors", "per_context", "dtype"),
        device=DEVICE,
    shell:
        r"""
        python "$SCRIPTS/collect_acts.py" --model {input.weights:q} --model-record {input.record:q} \
            --tokens {input.tokens:q} --site {wildcards.site:q} --seed {params.seed:q} {params.part:q} {params.flags:q} \
            --job {wildcards.job:q} --jobs {wildcards.jobs:q} --disk-gib {resources.disk_gib:q} \
            {params.device:q} --threads {threads} --output {output.part:q} 2>&1 | tee {log:q}
        """


rule store_acts:
    input:
        parts=expand("results/{{model}}/{{site}}/acts-{job}-of-{jobs}", job=range(JOBS), jobs=JOBS),
    output:
        acts=directory("results/{model}/{site}/acts.zarr"),
        record="results/{model}/{site}/acts.json",
    log:
        "results/logs/store_acts/{model}_{site}.log",
    benchmark:
        "results/benchmarks/store_acts/{model}_{site}.tsv"
    priority: 20
    resources:
        mem_mb=memory("store_acts"),
        runtime=runtime("store_acts"),
        disk_mb=disk("store_acts"),
    params:
        code=fingerprint("store_acts.py"),
    shell:
        r"""
        python "$SCRIPTS/store_acts.py" --collected {input.parts:q} \
            --output {output.acts:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """
