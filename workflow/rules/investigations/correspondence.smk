"""Features paired one-to-one: with a second dictionary of the same model, the other model, the control.

in:  results/{model}/{site}/{dict}/ of the headline dictionary in each of these, results/universality/
out: results/investigations/correspondence/, results/figures/correspondence.*, results/figures/universality_by_*

`snakemake results/figures/universality_by_length.svg` trains the headline dictionary of both models for shorter and
compares each; after a default run that took 2 min 25 s on two cores. It is in no default target.
"""

CORRESPONDENCE = config["investigations"]["correspondence"]
OTHERS = {
    "seed": (*HEADLINE_RUN[:2], f"{config['headline']}-seed{CORRESPONDENCE['seed']}"),
    "model": (PAIR["other"], SITE, config["headline"]),
    "control": ("control", SITE, config["headline"]),
}
OTHERS = {name: run for name, run in OTHERS.items() if run[0] in MODELS}
LENGTHS = {f"{config['headline']}-vectors{number}": number for number in CORRESPONDENCE["vectors"]}
LENGTHS[config["headline"]] = recipe(config["headline"])["vectors"]
WIDTHS = {name: recipe(name)["width"] for site, name in compared() if site == SITE and name in width_sweep()}
SWEPT = {
    "width": (WIDTHS, "features of the dictionary"),
    "length": (LENGTHS, "activation vectors the dictionary is trained on"),
}


rule pair_features:
    input:
        codes=f"{HEADLINE}/codes.safetensors",
        record=f"{HEADLINE}/codes.json",
        logits=f"{HEADLINE}/logits.safetensors",
        features=f"{HEADLINE}/features.parquet",
        scores=f"{HEADLINE}/autointerp/scores.parquet",
        scores_record=f"{HEADLINE}/autointerp/scores.json",
        other_codes=paths(OTHERS.values(), "codes.safetensors"),
        other_records=paths(OTHERS.values(), "codes.json"),
        other_logits=paths(OTHERS.values(), "logits.safetensors"),
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
    output:
        pairs="results/investigations/correspondence/pairs.parquet",
        features="results/investigations/correspondence/features.tsv",
        record="results/investigations/correspondence/correspondence.json",
    log:
        "results/logs/pair_features/correspondence.log",
    benchmark:
        "results/benchmarks/pair_features/correspondence.tsv"
    resources:
        mem_mb=memory("pair_features"),
        runtime=runtime("pair_features"),
        disk_mb=disk("pair_features"),
    params:
        code=fingerprint("pair_features.py"),
        names=list(OTHERS),
        flags=flags(CORRESPONDENCE, "candidates"),
    shell:
        r"""
        python "$SCRIPTS/pair_features.py" --codes {input.codes:q} --record {input.record:q} --logits {input.logits:q} \
            --features {input.features:q} --scores {input.scores:q} --names {params.names:q} \
            --other-codes {input.other_codes:q} --other-records {input.other_records:q} \
            --other-logits {input.other_logits:q} --tokens {input.tokens:q} {params.flags:q} --output-pairs {output.pairs:q} \
            --output-features {output.features:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_correspondence:
    input:
        pairs="results/investigations/correspondence/pairs.parquet",
        features="results/investigations/correspondence/features.tsv",
        record="results/investigations/correspondence/correspondence.json",
    output:
        figure=report(
            "results/figures/correspondence.svg",
            caption="../../report/correspondence.rst",
            category="Universality",
        ),
        data="results/figures/correspondence.tsv",
    log:
        "results/logs/plot_correspondence/correspondence.log",
    benchmark:
        "results/benchmarks/plot_correspondence/correspondence.tsv"
    resources:
        mem_mb=memory("plot_correspondence"),
        runtime=runtime("plot_correspondence"),
        disk_mb=disk("plot_correspondence"),
    params:
        code=fingerprint("plot/correspondence.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/correspondence.py" --pairs {input.pairs:q} --features {input.features:q} \
            --record {input.record:q} --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_universality_sweep:
    input:
        records=lambda wildcards: [f"results/universality/{SITE}/{name}.json" for name in SWEPT[wildcards.what][0]],
    output:
        figure=report(
            "results/figures/universality_by_{what}.svg",
            caption="../../report/universality_by.rst",
            category="Universality",
        ),
        data="results/figures/universality_by_{what}.tsv",
    log:
        "results/logs/plot_universality_sweep/{what}.log",
    benchmark:
        "results/benchmarks/plot_universality_sweep/{what}.tsv"
    wildcard_constraints:
        what="|".join(SWEPT),
    resources:
        mem_mb=memory("plot_universality_sweep"),
        runtime=runtime("plot_universality_sweep"),
        disk_mb=disk("plot_universality_sweep"),
    params:
        code=fingerprint("plot/universality_sweep.py"),
        at=lambda wildcards: list(SWEPT[wildcards.what][0].values()),
        axis=lambda wildcards: SWEPT[wildcards.what][1],
    shell:
        r"""
        python "$SCRIPTS/plot/universality_sweep.py" --records {input.records:q} --at {params.at:q} \
            --axis {params.axis:q} --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """
