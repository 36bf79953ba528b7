"""Config files as Snakemake meets them: what YAML would read otherwise than it is meant ends the planning at once."""

import json
import re

import pytest
import yaml
from places import ROOT, SMOKE
from workflow_runs import new_folder, snakemake, started

from monosem.ground.configs import SCHEMA, config_of, load

pytestmark = pytest.mark.faults


class Whole(int):
    """A number that a config file has with an exponent."""


yaml.SafeDumper.add_representer(
    Whole, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", f"{value}.0e+0")
)


def with_exponents(value, schema):
    """The config, written so wherever the schema wants integers."""
    schema = next((one for one in schema.get("oneOf", ()) if one.get("type") == "array"), schema)
    if isinstance(value, dict):
        others, own = schema.get("additionalProperties", {}), schema.get("properties", {})
        return {name: with_exponents(inner, own.get(name, others)) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_exponents(item, schema.get("items", {})) for item in value]
    return Whole(value) if type(value) is int and "integer" in schema["type"] else value


def refused(folder, text, *words, name="own.yaml"):
    own = folder.parent / name
    own.write_text(text)
    done = snakemake(folder, "-n", *words, more=(own,))
    assert done.returncode and "Traceback" not in done.stdout and "Building DAG" not in done.stdout, done.stdout
    assert not (folder / "results").exists()
    message = re.search(r"Error in file .*, line \d+:\n(.*)\n", done.stdout)[1]
    return message.replace(str(own), name)


@pytest.mark.parametrize(
    ("fault", "text", "message"),
    [
        (
            "equal keys",
            "tokens:\n  train: 5000\nlm: {batch: 8}\ntokens:\n  val: 60000\n",
            "own.yaml line 4: config tokens is there twice, first in own.yaml line 1, and YAML keeps the last; "
            "remove one",
        ),
        (
            "`.inf`",
            "tokens: {train: .inf}",
            "own.yaml line 1: config tokens.train: .inf is no finite number; write one",
        ),
        ("`.nan`", "lm: {lr: .nan}", "own.yaml line 1: config lm.lr: .nan is no finite number; write one"),
        (
            "a dictionary named `1024`",
            "dictionaries:\n  1024: {width: 64, l1: 1}\n",
            'own.yaml line 2: config dictionaries.1024: YAML reads the name 1024 as a number; quote it: "1024"',
        ),
        (
            "a model named `on`",
            "models:\n  on: {seed: 3, shuffle_of: A, dictionaries: []}\n",
            'own.yaml line 2: config models.on: YAML reads the name on as a truth value; quote it: "on"',
        ),
        (
            "a context named `null`",
            "investigations: {contexts: {table: {null: {category: dna}}}}",
            "own.yaml line 1: config investigations.contexts.table.null: YAML reads the name null as nothing; "
            'quote it: "null"',
        ),
        (
            "a number where a name is meant",
            "headline: 1024",
            'config headline (own.yaml line 1): 1024 is a number, and text is wanted; quote it: "1024"',
        ),
        (
            "octal numbers",
            "lm: {batch: 010}",
            'own.yaml line 1: config lm.batch: YAML reads 010 as 8; write that, or quote it: "010"',
        ),
        (
            "text where a number is meant",
            "lm:\n  batch: 8\n  lr: small",
            "config lm.lr (own.yaml line 3): 'small' is not of type 'number'; write a number, without quotes or a unit",
        ),
        (
            "numbers below zero",
            "lm: {batch: -1}",
            "config lm.batch (own.yaml line 1): -1 is less than the minimum of 1; correct it",
        ),
        (
            "a block without content",
            "tokens:",
            "config tokens (own.yaml line 1): it is empty; give it a value, or leave it out to keep the default",
        ),
        (
            "a misspelt key",
            "browser: {tops: 3}",
            "config browser.tops (own.yaml line 1): no such key; browser has top, interval, other, reach, context",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_planned(tmp_path, fault, text, message, tried):
    assert refused(new_folder(tmp_path / "run"), text) == message
    tried(f"in a config: {fault}", "refused before anything is planned, with file, line, key and a fix")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["lm={lr: .inf}"], "--config: config lm.lr: .inf is no finite number; write one"),
        (["threads=1", "threads=2"], "--config threads: given twice, and the last counts; give it once"),
        (["threads=2.5"], "config threads (--config): 2.5 is not of type 'integer'; correct it"),
        (
            ["headline=1"],
            'config headline (--config): 1 is a number, and text is wanted; quote it, in a config file: "1"',
        ),
    ],
)
def test_the_command_line_is_refused_likewise(tmp_path, words, message):
    assert refused(new_folder(tmp_path / "run"), "{}", "--config", *words) == message


def plan(folder, *words):
    """Every command of the whole workflow."""
    argv = ["-n", "-p", "--forceall", "--snakefile", ROOT / "Snakefile", "--directory", folder, "--cores", "2"]
    done = started([*argv, "--configfile", SMOKE, *words])
    assert done.returncode == 0, done.stdout[-3000:]
    return sorted(line for line in done.stdout.splitlines() if re.match(r" {8}|    threads|    resources", line))


def test_whole_floats_anywhere_plan_the_same_commands(tmp_path, tried):
    config = config_of(SMOKE)
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(with_exponents(config, load(SCHEMA)), sort_keys=False))
    assert (tmp_path / "own.yaml").read_text().count(".0e+0") > 250
    usual = plan(tmp_path)
    assert len(usual) > 400 and plan(tmp_path, tmp_path / "own.yaml") == usual
    (tmp_path / "own.json").write_text(json.dumps(config).replace("80000", "8e4"))
    assert plan(tmp_path, tmp_path / "own.json") == usual
    tried("in a config: `2.0e+3`, `2e3` where a whole number is meant", "is 2000, in every command")


def test_maps_on_the_command_line_are_read_as_in_a_file(tmp_path):
    given = plan(tmp_path, "--config", "lm={tokens: 2.0e+5, compile: on}", "sites=[mlp_out]", "threads=2e0")
    (tmp_path / "own.yaml").write_text("lm: {tokens: 200000, compile: true}\nsites: [mlp_out]\nthreads: 2\n")
    assert given == plan(tmp_path, tmp_path / "own.yaml") != plan(tmp_path)
    assert any("--tokens 200000 " in line and "--compile yes" in line for line in given)


def test_what_a_config_takes_is_estimated_from_what_the_workflow_has(tmp_path):
    (tmp_path / "own.yaml").write_text("tokens: {train: 2.0e+6}\nlm: {tokens: 1e6}\n")
    (tmp_path / "same.yaml").write_text("tokens: {train: 2000000}\nlm: {tokens: 1000000}\n")
    assert config_of(tmp_path / "own.yaml") == config_of(tmp_path / "same.yaml")
    (tmp_path / "own.yaml").write_text("tokens: {train: 2}\ntokens: {val: 2}\n")
    with pytest.raises(ValueError, match=r"own\.yaml line 2: config tokens is there twice"):
        config_of(tmp_path / "own.yaml")


@pytest.mark.parametrize("name", ["part[1].jsonl", "a b ' \" $&.jsonl", "é.jsonl"])
def test_an_edit_of_a_source_of_an_odd_name_is_noticed(tmp_path, name, tried):
    folder = new_folder(tmp_path / "run")
    (tmp_path / "own.yaml").write_text(f"corpus: {{source: [{json.dumps(name)}], packages: null}}\n")
    rows = [json.dumps({"text": f"row {number} " + "x" * number}) for number in range(200)]
    (folder / name).write_text("\n".join(rows))
    corpus = "results/corpus/corpus.json"
    done = snakemake(folder, corpus, more=(tmp_path / "own.yaml",))
    assert done.returncode == 0, done.stdout
    before = (folder / corpus).read_text()
    assert "Nothing to be done" in snakemake(folder, corpus, "-n", more=(tmp_path / "own.yaml",)).stdout
    (folder / name).write_text("\n".join(rows[1:]))
    assert re.search(r"^build_corpus +1$", snakemake(folder, corpus, "-n", more=(tmp_path / "own.yaml",)).stdout, re.M)
    (folder / name).unlink()
    done = snakemake(folder, corpus, more=(tmp_path / "own.yaml",))
    assert done.returncode and f"config corpus.source: source {name}: no such file" in done.stdout
    assert (folder / corpus).read_text() == before
    tried(
        f"a source named `{name}`", "is that file; an edit of it builds the corpus again, without it nothing is touched"
    )
