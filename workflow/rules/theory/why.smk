"""Why autoencoders work, and on what: experiments of `theory` on the activations of the main models.

in:  results/{model}/{site}/ of dictionaries that only these experiments ask for (config `theory.dictionaries`), and of
     the main path's; results/tokens/, results/universality/, benchmarks of what explains
out: results/theory/{penalties,naming,targets}/
"""

PENALTIES, NAMING, TARGETS = THEORY["penalties"], THEORY["naming"], THEORY["targets"]
unknown(PENALTIES["dictionaries"], OWN_DICTIONARIES, "theory.penalties.dictionaries")
unknown([TARGETS["dictionary"]], OWN_DICTIONARIES, "theory.targets.dictionary")
SWEPT_RUNS = [(*HEADLINE_RUN[:2], f"{name}-tokens{PENALTIES['tokens']}") for name in PENALTIES["dictionaries"]]
UNSWEPT_RUNS = [(*HEADLINE_RUN[:2], f"{name}-tokens{PENALTIES['tokens']}") for name in ("neurons", "random")]


rule compare_penalties:
    input:
        saes=swept_dictionaries,
        evals=paths(SWEPT_RUNS, "eval.json"),
        features=paths(SWEPT_RUNS, "features.parquet"),
        scores=paths(SWEPT_RUNS, "autointerp/scores.parquet"),
        other_evals=paths(UNSWEPT_RUNS, "eval.json"),
        other_features=paths(UNSWEPT_RUNS, "features.parquet"),
        other_scores=paths(UNSWEPT_RUNS, "autointerp/scores.parquet"),
        scores_records=paths(SWEPT_RUNS + UNSWEPT_RUNS, "autointerp/scores.json"),
    output:
        table="results/theory/penalties/penalties.tsv",
        figure=report(
            "results/theory/penalties/penalties.svg", caption="../../report/penalties.rst", category="Discussion"
        ),
        record="results/theory/penalties/penalties.json",
    log:
        "results/logs/compare_penalties/penalties.log",
    benchmark:
        "results/benchmarks/compare_penalties/penalties.tsv"
    resources:
        mem_mb=memory("compare_penalties"),
        runtime=runtime("compare_penalties"),
        disk_mb=disk("compare_penalties"),
    params:
        code=fingerprint("theory/compare_penalties.py"),
        flags=flags({"usual": recipe(config["headline"]).get("l1"), "seed": PENALTIES["seed"]}),
    shell:
        r"""
        python "$SCRIPTS/theory/compare_penalties.py" --sae-records {input.saes:q} --evals {input.evals:q} \
            --features {input.features:q} --scores {input.scores:q} --other-evals {input.other_evals:q} \
            --other-features {input.other_features:q} --other-scores {input.other_scores:q} {params.flags:q} \
            --output {output.table:q} --output-figure {output.figure:q} --output-record {output.record:q} \
            2>&1 | tee {log:q}
        """


# Of one model and place: dictionaries of several widths by the token table, and what a language model explains there.
NAMED = [run for run in offline_runs() if run[:2] == HEADLINE_RUN[:2] and run[2] in width_sweep()]
NAMED_BY_LLM = [run for run in llm_runs() if run[:2] == HEADLINE_RUN[:2]]


rule fit_naming:
    input:
        scores=paths(NAMED, "autointerp/scores.json"),
        tables=paths(NAMED, "autointerp/scores.parquet"),
        sampled=benchmarks("sample_examples", NAMED),
        scored=benchmarks("score_features", NAMED),
        llm_scores=paths(NAMED_BY_LLM, "autointerp/llm/scores.json"),
        llm_tables=paths(NAMED_BY_LLM, "autointerp/llm/scores.parquet"),
        llm_explanations=paths(NAMED_BY_LLM, "autointerp/llm/explanations.parquet"),
        llm_explained=benchmarks("explain_features", NAMED_BY_LLM),
        llm_tested=benchmarks("score_explanations", NAMED_BY_LLM),
    output:
        table="results/theory/naming/naming.tsv",
        figure=report("results/theory/naming/naming.svg", caption="../../report/naming.rst", category="Discussion"),
        record="results/theory/naming/naming.json",
    log:
        "results/logs/fit_naming/naming.log",
    benchmark:
        "results/benchmarks/fit_naming/naming.tsv"
    resources:
        mem_mb=memory("fit_naming"),
        runtime=runtime("fit_naming"),
        disk_mb=disk("fit_naming"),
    params:
        code=fingerprint("theory/fit_naming.py"),
        flags=flags(NAMING),
    shell:
        r"""
        python "$SCRIPTS/theory/fit_naming.py" --scores {input.scores:q} --tables {input.tables:q} \
            --sampled {input.sampled:q} --scored {input.scored:q} --llm-scores {input.llm_scores:q} \
            --llm-tables {input.llm_tables:q} --llm-explanations {input.llm_explanations:q} \
            --llm-explained {input.llm_explained:q} --llm-tested {input.llm_tested:q} {params.flags:q} \
            --output {output.table:q} --output-figure {output.figure:q} --output-record {output.record:q} \
            2>&1 | tee {log:q}
        """


TARGET, TARGET_MODELS = TARGETS["dictionary"], (PAIR["model"], PAIR["other"])
TARGET_RUN = f"{TARGET}-tokens{TARGETS['tokens']}"
TARGET_RUNS = {model: [(model, site, TARGET_RUN) for site in TARGETS["sites"]] for model in TARGET_MODELS}


rule compare_targets:
    input:
        evals=paths(TARGET_RUNS[PAIR["model"]], "eval.json"),
        other_evals=paths(TARGET_RUNS[PAIR["other"]], "eval.json"),
        matches=[f"results/universality/{site}/{TARGET_RUN}.json" for site in TARGETS["sites"]],
        scores=paths(TARGET_RUNS[PAIR["model"]], "autointerp/scores.parquet"),
        scores_records=paths(TARGET_RUNS[PAIR["model"]], "autointerp/scores.json"),
        codes=paths(TARGET_RUNS[PAIR["model"]], "codes.safetensors"),
        codes_records=paths(TARGET_RUNS[PAIR["model"]], "codes.json"),
        logits=paths(TARGET_RUNS[PAIR["model"]], "logits.safetensors"),
        weights=f"results/{PAIR['model']}/lm/weights.safetensors",
        sae=f"results/{PAIR['model']}/{TARGETS['sites'][0]}/{TARGET}/sae.safetensors",
        sae_record=f"results/{PAIR['model']}/{TARGETS['sites'][0]}/{TARGET}/sae.json",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        table="results/theory/targets/targets.tsv",
        figure=report("results/theory/targets/targets.svg", caption="../../report/targets.rst", category="Discussion"),
        record="results/theory/targets/targets.json",
    log:
        "results/logs/compare_targets/targets.log",
    benchmark:
        "results/benchmarks/compare_targets/targets.tsv"
    resources:
        mem_mb=memory("compare_targets"),
        runtime=runtime("compare_targets"),
        disk_mb=disk("compare_targets"),
    params:
        code=fingerprint("theory/compare_targets.py"),
        flags=flags(TARGETS, "sample", "word", "promoted", "seed")
        + flags(AUTOINTERP, "min_active")
        + flags(MONOSEMANTICITY, "min_focus", "min_coverage"),
    shell:
        r"""
        python "$SCRIPTS/theory/compare_targets.py" --evals {input.evals:q} --other-evals {input.other_evals:q} \
            --matches {input.matches:q} --scores {input.scores:q} --codes {input.codes:q} \
            --codes-records {input.codes_records:q} --logits {input.logits:q} --model {input.weights:q} \
            --sae {input.sae:q} --sae-record {input.sae_record:q} --tokens {input.tokens:q} \
            --tokenizer {input.tokenizer:q} {params.flags:q} \
            --output {output.table:q} --output-figure {output.figure:q} --output-record {output.record:q} \
            2>&1 | tee {log:q}
        """
