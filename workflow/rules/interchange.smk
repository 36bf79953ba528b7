"""Models and dictionaries of other packages in, as the config names them, and ours out, in no default target.

in:  Hugging Face and SAELens folders; results/{model}/lm/, results/{model}/{site}/{run}/
out: results/{model}/lm/, results/{model}/{site}/{dict}/; results/export/{format}/
"""


rule import_lm:
    input:
        settings=lambda wildcards: f"{MODELS[wildcards.model]['import']}/config.json",
        weights=model_files,
        tokenizer="results/tokens/tokenizer.json",
        val="results/tokens/val.zarr",
        val_record="results/tokens/val.json",
    output:
        weights="results/{model}/lm/weights.safetensors",
        record="results/{model}/lm/lm.json",
    log:
        "results/logs/import_lm/{model}.log",
    benchmark:
        "results/benchmarks/import_lm/{model}.tsv"
    wildcard_constraints:
        model="|".join(map(re.escape, IMPORTED_MODELS)) or "none",
    threads: config["threads"]
    resources:
        mem_mb=memory("import_lm"),
        runtime=runtime("import_lm"),
        disk_mb=disk("import_lm"),
    params:
        code=fingerprint("import_lm.py"),
        folder=subpath(input.settings, parent=True),
        flags=flags(config["lm"], "val_tokens"),
        given=lambda wildcards: digests(model_files(wildcards)),
    shell:
        r"""
        python "$SCRIPTS/import_lm.py" --folder {params.folder:q} --tokenizer {input.tokenizer:q} --val {input.val:q} \
            --name {wildcards.model:q} {params.flags:q} --threads {threads} \
            --output {output.weights:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule import_dictionary:
    input:
        settings=lambda wildcards: f"{dictionary_folder(wildcards)}/cfg.json",
        weights=dictionary_file,
        acts_record="results/{model}/{site}/acts.json",
        lm_record="results/{model}/lm/lm.json",
    output:
        sae="results/{model}/{site}/{dict}/sae.safetensors",
        record="results/{model}/{site}/{dict}/sae.json",
    log:
        "results/logs/import_dictionary/{model}_{site}_{dict}.log",
    benchmark:
        "results/benchmarks/import_dictionary/{model}_{site}_{dict}.tsv"
    wildcard_constraints:
        dict="|".join(map(re.escape, IMPORTED_DICTIONARIES)) or "none",
    resources:
        mem_mb=memory("import_dictionary"),
        runtime=runtime("import_dictionary"),
        disk_mb=disk("import_dictionary"),
    params:
        code=fingerprint("import_dictionary.py"),
        folder=subpath(input.settings, parent=True),
        given=lambda wildcards: digests(dictionary_file(wildcards)),
    shell:
        r"""
        python "$SCRIPTS/import_dictionary.py" --folder {params.folder:q} --name {wildcards.dict:q} \
            --acts-record {input.acts_record:q} --lm-record {input.lm_record:q} \
            --output {output.sae:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """


rule export_dictionary:
    input:
        unpack(autoencoder),
        lm_record="results/{model}/lm/lm.json",
    output:
        folder=directory("results/export/{format}/{model}/{site}/{run}"),
    log:
        "results/logs/export_dictionary/{format}_{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/export_dictionary/{format}_{model}_{site}_{run}.tsv"
    wildcard_constraints:
        format="saelens|dictionary_learning|sparsify",
        run=all_but("neurons"),
    resources:
        mem_mb=memory("export_dictionary"),
        runtime=runtime("export_dictionary"),
        disk_mb=disk("export_dictionary"),
    params:
        code=fingerprint("export_dictionary.py"),
        flags=flags(config["tokens"], "context_length"),
    shell:
        r"""
        python "$SCRIPTS/export_dictionary.py" --format {wildcards.format:q} --sae {input.sae:q} \
            --sae-record {input.sae_record:q} --lm-record {input.lm_record:q} {params.flags:q} \
            --output {output.folder:q} 2>&1 | tee {log:q}
        """


rule export_neuronpedia:
    input:
        unpack(autoencoder),
        lm_record="results/{model}/lm/lm.json",
        codes="results/{model}/{site}/{run}/codes.safetensors",
        codes_record="results/{model}/{site}/{run}/codes.json",
        logits="results/{model}/{site}/{run}/logits.safetensors",
        features="results/{model}/{site}/{run}/features.parquet",
        examples="results/{model}/{site}/{run}/autointerp/examples.parquet",
        examples_record="results/{model}/{site}/{run}/autointerp/examples.json",
        explanations="results/{model}/{site}/{run}/autointerp/explanations.parquet",
        explanations_record="results/{model}/{site}/{run}/autointerp/scores.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        folder=directory("results/export/neuronpedia/{model}/{site}/{run}"),
    log:
        "results/logs/export_neuronpedia/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/export_neuronpedia/{model}_{site}_{run}.tsv"
    wildcard_constraints:
        run=all_but("neurons"),
    resources:
        mem_mb=memory("export_neuronpedia"),
        runtime=runtime("export_neuronpedia"),
        disk_mb=disk("export_neuronpedia"),
    params:
        code=fingerprint("export_neuronpedia.py"),
        flags=flags(config["tokens"], "context_length") + flags(AUTOINTERP, "intervals"),
    shell:
        r"""
        python "$SCRIPTS/export_neuronpedia.py" --sae {input.sae:q} --sae-record {input.sae_record:q} \
            --lm-record {input.lm_record:q} --codes {input.codes:q} --codes-record {input.codes_record:q} \
            --logits {input.logits:q} --features {input.features:q} --examples {input.examples:q} \
            --explanations {input.explanations:q} --tokenizer {input.tokenizer:q} {params.flags:q} \
            --output {output.folder:q} 2>&1 | tee {log:q}
        """


rule export_lm:
    input:
        weights="results/{model}/lm/weights.safetensors",
        record="results/{model}/lm/lm.json",
        tokenizer="results/tokens/tokenizer.json",
    output:
        folder=directory("results/export/{format}/{model}"),
    log:
        "results/logs/export_lm/{format}_{model}.log",
    benchmark:
        "results/benchmarks/export_lm/{format}_{model}.tsv"
    wildcard_constraints:
        format="huggingface|transformer_lens",
    resources:
        mem_mb=memory("export_lm"),
        runtime=runtime("export_lm"),
        disk_mb=disk("export_lm"),
    params:
        code=fingerprint("export_lm.py"),
    shell:
        r"""
        python "$SCRIPTS/export_lm.py" --format {wildcards.format:q} --model {input.weights:q} \
            --model-record {input.record:q} --tokenizer {input.tokenizer:q} --output {output.folder:q} 2>&1 | tee {log:q}
        """
