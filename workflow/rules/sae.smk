"""Sparse autoencoders, one job each, and random directions of the same form.

in:  results/{model}/{site}/acts.zarr, results/{model}/lm/, results/tokens/
out: results/{model}/{site}/{dict}/
"""


rule train_sae:
    input:
        acts="results/{model}/{site}/acts.zarr",
        record="results/{model}/{site}/acts.json",
    output:
        sae="results/{model}/{site}/{dict}/sae.safetensors",
        log="results/{model}/{site}/{dict}/train.tsv",
        record="results/{model}/{site}/{dict}/sae.json",
    log:
        "results/logs/train_sae/{model}_{site}_{dict}.log",
    benchmark:
        "results/benchmarks/train_sae/{model}_{site}_{dict}.tsv"
    wildcard_constraints:
        dict=all_but("neurons", "random", *IMPORTED_DICTIONARIES),
    priority: 10  # the long jobs first, so that the short ones fill the end
    threads: config["threads"]
    resources:
        mem_mb=memory("train_sae"),
        runtime=runtime("train_sae"),
        disk_mb=disk("train_sae"),
        gpu=GPU,
    params:
        code=fingerprint("train_sae.py"),
        flags=lambda wildcards: flags(recipe(wildcards.dict)),
        device=DEVICE,
    shell:
        r"""
        python "$SCRIPTS/train_sae.py" --acts {input.acts:q} --name {wildcards.dict:q} {params.flags:q} \
            {params.device:q} --threads {threads} \
            --output {output.sae:q} --output-log {output.log:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule draw_directions:
    input:
        acts="results/{model}/{site}/acts.zarr",
        record="results/{model}/{site}/acts.json",
    output:
        sae="results/{model}/{site}/random/sae.safetensors",
        record="results/{model}/{site}/random/sae.json",
    log:
        "results/logs/draw_directions/{model}_{site}.log",
    benchmark:
        "results/benchmarks/draw_directions/{model}_{site}.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory("draw_directions"),
        runtime=runtime("draw_directions"),
        disk_mb=disk("draw_directions"),
    params:
        code=fingerprint("draw_directions.py"),
        flags=flags(config["autointerp"]["directions"]),
    shell:
        r"""
        python "$SCRIPTS/draw_directions.py" --acts {input.acts:q} --name random {params.flags:q} --threads {threads} \
            --output {output.sae:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """
