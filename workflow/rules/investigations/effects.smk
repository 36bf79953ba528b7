"""What features do: ablated where they fire, and pinned while the model writes.

in:  results/{model}/lm/, results/{model}/{site}/ of the headline dictionary, results/investigations/contexts/
out: results/investigations/effects/, results/investigations/steering/, results/figures/
"""

ABLATION, STEERING = config["investigations"]["effects"], config["investigations"]["steering"]
# Only in the last layer does an ablation at one token leave all other tokens alone.
LAST = Job("train_lm", {"model": PAIR["model"]}, config).model.layers - 1
IN_LAST_LAYER = not re.search(r"-l\d+$", SITE) or SITE.endswith(f"-l{LAST}")
ABLATIONS = ["effects"] if IN_LAST_LAYER else []

unknown(STEERING["steer"], FOLLOWED["table"], "investigations.steering.steer")


rule ablate_features:
    input:
        weights=f"{STUDIED_MODEL}/lm/weights.safetensors",
        acts_record=f"{STUDIED_SITE}/acts.json",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        codes=f"{HEADLINE}/codes.safetensors",
        codes_record=f"{HEADLINE}/codes.json",
        logits=f"{HEADLINE}/logits.safetensors",
        sae=f"{HEADLINE}/sae.safetensors",
    output:
        pairs="results/investigations/effects/pairs.parquet",
        features="results/investigations/effects/features.parquet",
        strata="results/investigations/effects/strata.tsv",
        record="results/investigations/effects/effects.json",
    log:
        "results/logs/ablate_features/effects.log",
    benchmark:
        "results/benchmarks/ablate_features/effects.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory("ablate_features"),
        runtime=runtime("ablate_features"),
        disk_mb=disk("ablate_features"),
        gpu=GPU,
    params:
        code=fingerprint("ablate_features.py"),
        flags=flags(ABLATION) + flags(config["investigations"], "seed"),
        device=DEVICE,
    shell:
        r"""
        python "$SCRIPTS/ablate_features.py" --model {input.weights:q} --acts-record {input.acts_record:q} \
            --tokens {input.tokens:q} --codes {input.codes:q} --codes-record {input.codes_record:q} \
            --logits {input.logits:q} --sae {input.sae:q} {params.flags:q} {params.device:q} --threads {threads} \
            --output-pairs {output.pairs:q} --output-features {output.features:q} \
            --output-strata {output.strata:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_effects:
    input:
        record="results/investigations/effects/effects.json",
        pairs="results/investigations/effects/pairs.parquet",
        strata="results/investigations/effects/strata.tsv",
    output:
        figure=report("results/figures/effects.svg", caption="../../report/effects.rst", category="Downstream effects"),
        data="results/figures/effects.tsv",
    log:
        "results/logs/plot_effects/effects.log",
    benchmark:
        "results/benchmarks/plot_effects/effects.tsv"
    resources:
        mem_mb=memory("plot_effects"),
        runtime=runtime("plot_effects"),
        disk_mb=disk("plot_effects"),
    params:
        code=fingerprint("plot/effects.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/effects.py" --record {input.record:q} --pairs {input.pairs:q} --strata {input.strata:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule steer_features:
    input:
        weights=f"{STUDIED_MODEL}/lm/weights.safetensors",
        acts_record=f"{STUDIED_SITE}/acts.json",
        sae=f"{HEADLINE}/sae.safetensors",
        features=f"{HEADLINE}/features.parquet",
        contexts="results/investigations/contexts/contexts.json",
        training="results/tokens/train.zarr",
        training_record="results/tokens/train.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        table="results/investigations/steering/steering.tsv",
        texts="results/investigations/steering/texts.parquet",
        record="results/investigations/steering/steering.json",
    log:
        "results/logs/steer_features/steering.log",
    benchmark:
        "results/benchmarks/steer_features/steering.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory("steer_features"),
        runtime=runtime("steer_features"),
        disk_mb=disk("steer_features"),
        gpu=GPU,
    params:
        code=fingerprint("steer_features.py"),
        flags=flags(STEERING) + flags(config["investigations"], "seed"),
        device=DEVICE,
    shell:
        r"""
        python "$SCRIPTS/steer_features.py" --model {input.weights:q} --acts-record {input.acts_record:q} \
            --sae {input.sae:q} --features {input.features:q} --contexts {input.contexts:q} \
            --training {input.training:q} --tokenizer {input.tokenizer:q} {params.flags:q} {params.device:q} \
            --threads {threads} --output {output.table:q} --output-texts {output.texts:q} \
            --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule plot_steering:
    input:
        record="results/investigations/steering/steering.json",
        table="results/investigations/steering/steering.tsv",
    output:
        figure=report(
            "results/figures/steering.svg", caption="../../report/steering.rst", category="Downstream effects"
        ),
        data="results/figures/steering.tsv",
    log:
        "results/logs/plot_steering/steering.log",
    benchmark:
        "results/benchmarks/plot_steering/steering.tsv"
    resources:
        mem_mb=memory("plot_steering"),
        runtime=runtime("plot_steering"),
        disk_mb=disk("plot_steering"),
    params:
        code=fingerprint("plot/steering.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/steering.py" --record {input.record:q} --table {input.table:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """
