"""Experiments with a known truth: planted features, small layers, and what each layer of a model adds.

in:  the config; results/tokens/ for models of real text
out: results/theory/
"""

import json

PLANTED, LAYERWISE = THEORY["planted_recovery"], THEORY["layerwise_features"]


rule recover_planted:
    output:
        table="results/theory/planted_recovery/planted_recovery.tsv",
        figure=report(
            "results/theory/planted_recovery/planted_recovery.svg",
            caption="../../report/planted_recovery.rst",
            category="Discussion",
        ),
        record="results/theory/planted_recovery/planted_recovery.json",
    log:
        "results/logs/recover_planted/planted_recovery.log",
    benchmark:
        "results/benchmarks/recover_planted/planted_recovery.tsv"
    resources:
        mem_mb=memory("recover_planted"),
        runtime=runtime("recover_planted"),
        disk_mb=disk("recover_planted"),
    params:
        code=fingerprint("theory/recover_planted.py"),
        flags=flags({**PLANTED, "autoencoder": None, "l1": None}),
        recipe=small_recipe(PLANTED["autoencoder"]),
        architectures=lambda wildcards: json.dumps(
            {
                name: {**own, "l1": PLANTED["l1"][name]} if "l1" in own else own
                for name, own in config["architectures"].items()
            }
        ),
    shell:
        r"""
        python "$SCRIPTS/theory/recover_planted.py" {params.flags:q} {params.recipe:q} \
            --architectures {params.architectures:q} --output {output.table:q} --output-figure {output.figure:q} \
            --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule train_unembeddings:
    output:
        table="results/theory/output_superposition/output_superposition.tsv",
        figure=report(
            "results/theory/output_superposition/output_superposition.svg",
            caption="../../report/output_superposition.rst",
            category="Discussion",
        ),
        record="results/theory/output_superposition/output_superposition.json",
    log:
        "results/logs/train_unembeddings/output_superposition.log",
    benchmark:
        "results/benchmarks/train_unembeddings/output_superposition.tsv"
    resources:
        mem_mb=memory("train_unembeddings"),
        runtime=runtime("train_unembeddings"),
        disk_mb=disk("train_unembeddings"),
    params:
        code=fingerprint("theory/train_unembeddings.py"),
        flags=flags(THEORY["output_superposition"]),
    shell:
        r"""
        python "$SCRIPTS/theory/train_unembeddings.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule train_residual_mlp:
    output:
        table="results/theory/layerwise_memory/layerwise_memory.tsv",
        figure=report(
            "results/theory/layerwise_memory/layerwise_memory.svg",
            caption="../../report/layerwise_memory.rst",
            category="Discussion",
        ),
        record="results/theory/layerwise_memory/layerwise_memory.json",
    log:
        "results/logs/train_residual_mlp/layerwise_memory.log",
    benchmark:
        "results/benchmarks/train_residual_mlp/layerwise_memory.tsv"
    resources:
        mem_mb=memory("train_residual_mlp"),
        runtime=runtime("train_residual_mlp"),
        disk_mb=disk("train_residual_mlp"),
    params:
        code=fingerprint("theory/train_residual_mlp.py"),
        flags=flags(THEORY["layerwise_memory"]),
    shell:
        r"""
        python "$SCRIPTS/theory/train_residual_mlp.py" {params.flags:q} --output {output.table:q} \
            --output-figure {output.figure:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule match_layers:
    input:
        train="results/tokens/train.zarr",
        train_record="results/tokens/train.json",
        val="results/tokens/val.zarr",
        val_record="results/tokens/val.json",
    output:
        table="results/theory/layerwise_features/layerwise_features.tsv",
        figure=report(
            "results/theory/layerwise_features/layerwise_features.svg",
            caption="../../report/layerwise_features.rst",
            category="Discussion",
        ),
        record="results/theory/layerwise_features/layerwise_features.json",
    log:
        "results/logs/match_layers/layerwise_features.log",
    benchmark:
        "results/benchmarks/match_layers/layerwise_features.tsv"
    resources:
        mem_mb=memory("match_layers"),
        runtime=runtime("match_layers"),
        disk_mb=disk("match_layers"),
    params:
        code=fingerprint("theory/match_layers.py"),
        flags=flags({**LAYERWISE, "autoencoder": None, "lm": None}),
        recipe=small_recipe(LAYERWISE["autoencoder"]),
        lm=lambda wildcards: json.dumps(small_lm(LAYERWISE["lm"], config["precision"])),
    shell:
        r"""
        python "$SCRIPTS/theory/match_layers.py" --train {input.train:q} --val {input.val:q} {params.flags:q} \
            {params.recipe:q} --lm {params.lm:q} --output {output.table:q} --output-figure {output.figure:q} \
            --output-record {output.record:q} 2>&1 | tee {log:q}
        """
