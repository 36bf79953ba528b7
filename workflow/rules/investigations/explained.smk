"""How much of the MLP is explained: dictionaries beside principal components, neurons kept, and small MLPs.

in:  results/{model}/{site}/ and results/{model}/lm/ of one model, results/tokens/
out: results/investigations/explained/, results/figures/explained.*
"""

EXPLAINED = {"seed": config["investigations"]["seed"], **config["investigations"]["explained"]}


rule compare_baselines:
    input:
        weights=f"{STUDIED_MODEL}/lm/weights.safetensors",
        acts=f"{STUDIED_SITE}/acts.zarr",
        acts_record=f"{STUDIED_SITE}/acts.json",
        sae=paths(sweep_runs(), "sae.safetensors"),
        sae_record=paths(sweep_runs(), "sae.json"),
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        train="results/tokens/train.zarr",
        train_record="results/tokens/train.json",
    output:
        ways="results/investigations/explained/ways.tsv",
        record="results/investigations/explained/explained.json",
    log:
        "results/logs/compare_baselines/explained.log",
    benchmark:
        "results/benchmarks/compare_baselines/explained.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory("compare_baselines"),
        runtime=runtime("compare_baselines"),
        disk_mb=disk("compare_baselines"),
        gpu=GPU,
    params:
        code=fingerprint("compare_baselines.py"),
        headline=config["headline"],
        flags=flags(EXPLAINED),
        device=DEVICE,
    shell:
        r"""
        python "$SCRIPTS/compare_baselines.py" --model {input.weights:q} --acts {input.acts:q} \
            --tokens {input.tokens:q} --training {input.train:q} --headline {params.headline:q} \
            --sae {input.sae:q} --sae-record {input.sae_record:q} {params.flags:q} {params.device:q} \
            --threads {threads} --output {output.ways:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_explained:
    input:
        ways="results/investigations/explained/ways.tsv",
        record="results/investigations/explained/explained.json",
    output:
        figure=report("results/figures/explained.svg", caption="../../report/explained.rst", category="Dictionaries"),
        data="results/figures/explained.tsv",
    log:
        "results/logs/plot_explained/explained.log",
    benchmark:
        "results/benchmarks/plot_explained/explained.tsv"
    resources:
        mem_mb=memory("plot_explained"),
        runtime=runtime("plot_explained"),
        disk_mb=disk("plot_explained"),
    params:
        code=fingerprint("plot/explained.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/explained.py" --ways {input.ways:q} --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """
