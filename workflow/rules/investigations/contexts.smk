"""The features that follow a context, such as Arabic script, DNA or base64, and the paper's claims about them.

in:  results/{model}/{site}/{run}/ of the headline dictionary and the neurons, results/universality/, results/tokens/
out: results/investigations/contexts/, results/figures/
"""

import json

FOLLOWED = config["investigations"]["contexts"]


rule measure_contexts:
    input:
        codes=f"{HEADLINE}/codes.safetensors",
        record=f"{HEADLINE}/codes.json",
        logits=f"{HEADLINE}/logits.safetensors",
        neurons=f"{STUDIED_SITE}/neurons/codes.safetensors",
        neurons_record=f"{STUDIED_SITE}/neurons/codes.json",
        matches=f"results/universality/{SITE}/{config['headline']}.parquet",
        matches_record=f"results/universality/{SITE}/{config['headline']}.json",
        tokens=expand("results/tokens/{split}.zarr", split=["val", "train"]),
        tokens_records=expand("results/tokens/{split}.json", split=["val", "train"]),
        tokenizer="results/tokens/tokenizer.json",
    output:
        table="results/investigations/contexts/contexts.tsv",
        histograms="results/investigations/contexts/histograms.tsv",
        record="results/investigations/contexts/contexts.json",
    log:
        "results/logs/measure_contexts/contexts.log",
    benchmark:
        "results/benchmarks/measure_contexts/contexts.tsv"
    resources:
        mem_mb=memory("measure_contexts"),
        runtime=runtime("measure_contexts"),
        disk_mb=disk("measure_contexts"),
    params:
        code=fingerprint("measure_contexts.py"),
        contexts=json.dumps(FOLLOWED["table"]),
        flags=flags(FOLLOWED, "min_tokens", "rare", "train_tokens") + flags(config["investigations"], "seed"),
    shell:
        r"""
        python "$SCRIPTS/measure_contexts.py" --contexts {params.contexts:q} {params.flags:q} \
            --codes {input.codes:q} --record {input.record:q} --logits {input.logits:q} \
            --neurons {input.neurons:q} --neurons-record {input.neurons_record:q} --matches {input.matches:q} \
            --tokens {input.tokens[0]:q} --training {input.tokens[1]:q} --tokenizer {input.tokenizer:q} \
            --output {output.table:q} --output-histograms {output.histograms:q} --output-record {output.record:q} \
            2>&1 | tee {log:q}
        """


rule plot_contexts:
    input:
        record="results/investigations/contexts/contexts.json",
        histograms="results/investigations/contexts/histograms.tsv",
    output:
        figure=report("results/figures/contexts.svg", caption="../../report/contexts.rst", category="Contexts"),
        data="results/figures/contexts.tsv",
    log:
        "results/logs/plot_contexts/contexts.log",
    benchmark:
        "results/benchmarks/plot_contexts/contexts.tsv"
    resources:
        mem_mb=memory("plot_contexts"),
        runtime=runtime("plot_contexts"),
        disk_mb=disk("plot_contexts"),
    params:
        code=fingerprint("plot/contexts.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/contexts.py" --record {input.record:q} --histograms {input.histograms:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """


rule plot_context_claims:
    input:
        record="results/investigations/contexts/contexts.json",
    output:
        figure=report(
            "results/figures/context_claims.svg", caption="../../report/context_claims.rst", category="Contexts"
        ),
        data="results/figures/context_claims.tsv",
    log:
        "results/logs/plot_context_claims/context_claims.log",
    benchmark:
        "results/benchmarks/plot_context_claims/context_claims.tsv"
    resources:
        mem_mb=memory("plot_context_claims"),
        runtime=runtime("plot_context_claims"),
        disk_mb=disk("plot_context_claims"),
    params:
        code=fingerprint("plot/context_claims.py"),
    shell:
        r"""
        python "$SCRIPTS/plot/context_claims.py" --record {input.record:q} \
            --output {output.figure:q} --output-data {output.data:q} 2>&1 | tee {log:q}
        """
