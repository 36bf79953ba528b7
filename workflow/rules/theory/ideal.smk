"""Ideally interpretable features in trained models, and coupled features of the main model's dictionary.

in:  the config; of coupled features, results/{model}/ of the headline dictionary and results/tokens/
out: results/theory/
"""

import json

CARRIERS = THEORY["carriers"]


rule count_carriers:
    output:
        table="results/theory/carriers/carriers.tsv",
        figure=report(
            "results/theory/carriers/carriers.svg", caption="../../report/carriers.rst", category="Discussion"
        ),
        record="results/theory/carriers/carriers.json",
    log:
        "results/logs/count_carriers/carriers.log",
    benchmark:
        "results/benchmarks/count_carriers/carriers.tsv"
    resources:
        mem_mb=memory("count_carriers"),
        runtime=runtime("count_carriers"),
        disk_mb=disk("count_carriers"),
    params:
        code=fingerprint("theory/count_carriers.py"),
        flags=flags({**CARRIERS, "lm": None, "autoencoder": None}),
        recipe=small_recipe(CARRIERS["autoencoder"]),
        # Models this small gain nothing by lower precision.
        lm=lambda wildcards: json.dumps(small_lm(CARRIERS["lm"], "float32")),
    shell:
        r"""
        python "$SCRIPTS/theory/count_carriers.py" {params.flags:q} {params.recipe:q} --lm {params.lm:q} \
            --output {output.table:q} --output-figure {output.figure:q} --output-record {output.record:q} \
            2>&1 | tee {log:q}
        """


rule find_coupled_features:
    input:
        weights=f"{STUDIED_MODEL}/lm/weights.safetensors",
        acts_record=f"{STUDIED_SITE}/acts.json",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        codes=f"{HEADLINE}/codes.safetensors",
        codes_record=f"{HEADLINE}/codes.json",
        logits=f"{HEADLINE}/logits.safetensors",
        tokenizer="results/tokens/tokenizer.json",
    output:
        table="results/theory/coupled_features/coupled_features.tsv",
        figure=report(
            "results/theory/coupled_features/coupled_features.svg",
            caption="../../report/coupled_features.rst",
            category="Discussion",
        ),
        record="results/theory/coupled_features/coupled_features.json",
    log:
        "results/logs/find_coupled_features/coupled_features.log",
    benchmark:
        "results/benchmarks/find_coupled_features/coupled_features.tsv"
    resources:
        mem_mb=memory("find_coupled_features"),
        runtime=runtime("find_coupled_features"),
        disk_mb=disk("find_coupled_features"),
    params:
        code=fingerprint("theory/find_coupled_features.py"),
        flags=flags(THEORY["coupled_features"]),
    shell:
        r"""
        python "$SCRIPTS/theory/find_coupled_features.py" --model {input.weights:q} --acts-record {input.acts_record:q} \
            --tokens {input.tokens:q} --codes {input.codes:q} --codes-record {input.codes_record:q} \
            --logits {input.logits:q} --tokenizer {input.tokenizer:q} {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """
