"""Dictionaries evaluated on held-out text, as are neurons and random directions, and matched with the other model's.

in:  results/{model}/{site}/{dict}/, results/{model}/lm/, results/tokens/
out: results/{model}/{site}/{run}/, results/universality/
"""


rule measure_losses:
    input:
        weights="results/{model}/lm/weights.safetensors",
        acts_record="results/{model}/{site}/acts.json",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
    output:
        record="results/{model}/{site}/losses-{loss_tokens}.json",
        sums="results/{model}/{site}/losses-{loss_tokens}.parquet",
    log:
        "results/logs/measure_losses/{model}_{site}_{loss_tokens}.log",
    benchmark:
        "results/benchmarks/measure_losses/{model}_{site}_{loss_tokens}.tsv"
    wildcard_constraints:
        loss_tokens=r"\d+",
    threads: config["threads"]
    resources:
        mem_mb=memory("measure_losses"),
        runtime=runtime("measure_losses"),
        disk_mb=disk("measure_losses"),
        gpu=GPU,
    params:
        code=fingerprint("measure_losses.py"),
        device=DEVICE,
    shell:
        r"""
        python "$SCRIPTS/measure_losses.py" --model {input.weights:q} --acts-record {input.acts_record:q} \
            --tokens {input.tokens:q} --loss-tokens {wildcards.loss_tokens:q} {params.device:q} --threads {threads} \
            --output {output.record:q} 2>&1 | tee {log:q}
        """


rule evaluate_dictionary:
    input:
        unpack(autoencoder),
        unpack(losses),
        unpack(sums_of_losses),
        weights="results/{model}/lm/weights.safetensors",
        acts_record="results/{model}/{site}/acts.json",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
    output:
        codes="results/{model}/{site}/{run}/codes.safetensors",
        codes_record="results/{model}/{site}/{run}/codes.json",
        logits="results/{model}/{site}/{run}/logits.safetensors",
        features="results/{model}/{site}/{run}/features.parquet",
        documents="results/{model}/{site}/{run}/documents.parquet",
        eval="results/{model}/{site}/{run}/eval.json",
    log:
        "results/logs/evaluate_dictionary/{model}_{site}_{run}.log",
    benchmark:
        "results/benchmarks/evaluate_dictionary/{model}_{site}_{run}.tsv"
    threads: config["threads"]
    resources:
        mem_mb=memory("evaluate_dictionary"),
        runtime=runtime("evaluate_dictionary"),
        disk_mb=disk("evaluate_dictionary"),
        gpu=GPU,
    params:
        code=fingerprint("evaluate_dictionary.py"),
        own=lambda wildcards, input: [
            f"--{name.replace('_', '-')}={input[name]}" for name in autoencoder(wildcards) | losses(wildcards)
        ],
        folder=subpath(output.eval, parent=True),
        flags=lambda wildcards: flags(evaluation(wildcards.run)),
        device=DEVICE,
    shell:
        r"""
        python "$SCRIPTS/evaluate_dictionary.py" --model {input.weights:q} --acts-record {input.acts_record:q} \
            --tokens {input.tokens:q} --name {wildcards.run:q} {params.own:q} {params.flags:q} {params.device:q} \
            --threads {threads} --output-folder {params.folder:q} 2>&1 | tee {log:q}
        """


rule match_features:
    input:
        codes_a=f"results/{PAIR['model']}/{{site}}/{{run}}/codes.safetensors",
        codes_b=f"results/{PAIR['other']}/{{site}}/{{run}}/codes.safetensors",
        record_a=f"results/{PAIR['model']}/{{site}}/{{run}}/codes.json",
        record_b=f"results/{PAIR['other']}/{{site}}/{{run}}/codes.json",
        logits_a=f"results/{PAIR['model']}/{{site}}/{{run}}/logits.safetensors",
        logits_b=f"results/{PAIR['other']}/{{site}}/{{run}}/logits.safetensors",
        tokens="results/tokens/val.zarr",
        tokens_record="results/tokens/val.json",
    output:
        matches="results/universality/{site}/{run}.parquet",
        record="results/universality/{site}/{run}.json",
    log:
        "results/logs/match_features/{site}_{run}.log",
    benchmark:
        "results/benchmarks/match_features/{site}_{run}.tsv"
    resources:
        mem_mb=memory("match_features"),
        runtime=runtime("match_features"),
        disk_mb=disk("match_features"),
    params:
        code=fingerprint("match_features.py"),
        flags=flags(PAIR),
    shell:
        r"""
        python "$SCRIPTS/match_features.py" {params.flags:q} --site {wildcards.site:q} --dictionary {wildcards.run:q} \
            --codes-a {input.codes_a:q} --codes-b {input.codes_b:q} \
            --record-a {input.record_a:q} --record-b {input.record_b:q} \
            --logits-a {input.logits_a:q} --logits-b {input.logits_b:q} --tokens {input.tokens:q} \
            --output {output.matches:q} --output-record {output.record:q} 2>&1 | tee {log:q}
        """
