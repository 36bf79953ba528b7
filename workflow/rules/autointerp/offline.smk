"""Automated interpretability without a language model: a token/context table explains a feature and predicts it.

in:  results/{model}/{site}/{run}/, results/tokens/      run: a dictionary, `neurons` or `random` (directions)
out: results/{model}/{site}/{run}/autointerp/, results/autointerp/
"""

AUTOINTERP = config["autointerp"]
WINDOWS = {f"{role}_{kind}": count for role in ("explain", "score") for kind, count in AUTOINTERP[role].items()}


rule sample_examples:
    input:
        # said here, because a rule made of this one by `use rule` loses what inputs are flagged with
        codes=by_content("results/{model}/{site}/{run}/codes.safetensors"),
        record="results/{model}/{site}/{run}/codes.json",
        tokens=by_content("results/tokens/val.zarr"),
        tokens_record="results/tokens/val.json",
    output:
        examples="results/{model}/{site}/{run}/autointerp/examples.parquet",
        record="results/{model}/{site}/{run}/autointerp/examples.json",
    log:
        "results/logs/sample_examples/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/sample_examples/{model}_{site}_{run}.tsv"
    resources:
        mem_mb=memory("sample_examples"),
        runtime=runtime("sample_examples"),
        disk_mb=disk("sample_examples"),
    params:
        code=fingerprint("sample_examples.py"),
        flags=flags(AUTOINTERP, "seed", "width", "intervals", "min_active") + flags(WINDOWS),
    shell:
        r"""
        python "$SCRIPTS/sample_examples.py" --codes {input.codes:q} --codes-record {input.record:q} \
            --tokens {input.tokens:q} {params.flags:q} \
            --output {output.examples:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule score_features:
    input:
        examples="results/{model}/{site}/{run}/autointerp/examples.parquet",
        examples_record="results/{model}/{site}/{run}/autointerp/examples.json",
        features="results/{model}/{site}/{run}/features.parquet",
        tokenizer="results/tokens/tokenizer.json",
    output:
        explanations="results/{model}/{site}/{run}/autointerp/explanations.parquet",
        scores="results/{model}/{site}/{run}/autointerp/scores.parquet",
        summary="results/{model}/{site}/{run}/autointerp/scores.json",
    log:
        "results/logs/score_features/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/score_features/{model}_{site}_{run}.tsv"
    resources:
        mem_mb=memory("score_features"),
        runtime=runtime("score_features"),
        disk_mb=disk("score_features"),
    params:
        code=fingerprint("score_features.py"),
        flags=flags(AUTOINTERP, "shrinkage", "single_token_min"),
    shell:
        r"""
        python "$SCRIPTS/score_features.py" --model {wildcards.model:q} --site {wildcards.site:q} \
            --dictionary {wildcards.run:q} --examples {input.examples:q} --features {input.features:q} \
            --tokenizer {input.tokenizer:q} {params.flags:q} --output-explanations {output.explanations:q} \
            --output-scores {output.scores:q} --output-summary {output.summary:q} 2>&1 | tee {log:q}
        """


rule compare_scores:
    input:
        scores=paths(offline_runs(), "autointerp/scores.json"),
        tables=paths(offline_runs(), "autointerp/scores.parquet"),
        explanations=paths(offline_runs(), "autointerp/explanations.parquet"),
        features=paths(offline_runs(), "features.parquet"),
        features_records=paths(offline_runs(), "eval.json"),
    output:
        estimates="results/autointerp/estimates.tsv",
        differences="results/autointerp/differences.tsv",
    log:
        "results/logs/compare_scores/scores.log",
    benchmark:
        "results/benchmarks/compare_scores/scores.tsv"
    resources:
        mem_mb=memory("compare_scores"),
        runtime=runtime("compare_scores"),
        disk_mb=disk("compare_scores"),
    params:
        code=fingerprint("compare_scores.py"),
        flags=flags(AUTOINTERP, "seed"),
    shell:
        r"""
        python "$SCRIPTS/compare_scores.py" --scores {input.scores:q} --tables {input.tables:q} \
            --explanations {input.explanations:q} --features {input.features:q} {params.flags:q} \
            --output-estimates {output.estimates:q} --output-differences {output.differences:q} 2>&1 | tee {log:q}
        """
