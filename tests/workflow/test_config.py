"""What the config may say: a wrong one fails at once and names the key, a right one becomes flags of the scripts."""

import json
import re
import shlex
import subprocess
from dataclasses import fields

import pytest
from places import ROOT, SMOKE
from recipes import HYPERPARAMETERS as OWN_SETTINGS
from workflow_runs import new_folder, snakemake

from monosem.ground.configs import config_of
from monosem.sae.recipe import architecture_of
from train_sae import parse_args

EXPERIMENTS = ("penalties/penalties", "targets/targets")


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("sae: {learning_rate: 1}", "learning_rate"),
        ("widths: [1]", "widths"),
        ("dictionaries: {x: {width: 8, l1: 1, lr_: 2}}", "lr_"),
        ("headline: relu-w77", "relu-w77"),
        ("sites: [mlp]", "mlp"),
        ("sites: [mlp_post-l7]", "mlp_post-l7"),
        ("models: {control: {dictionaries: [relu-w128]}}", "models.control"),
        ("tokens: {vocab_size: many}", "many"),
        ("theory: {report: [nothing]}", "theory.report: nothing"),
        ("theory: {targets: {dictionary: nothing}}", "theory.targets.dictionary: nothing"),
        ("theory: {targets: {sites: [logits, mlp_post]}}", "theory.targets.sites: logits comes first"),
        ("theory: {targets: {sites: [mlp_post, mlp_out-l5]}}", "theory.targets.sites: mlp_out-l5: A has 1 layers"),
        (
            "theory: {report: [penalties], penalties: {dictionaries: [free, free-1]}}",
            "none has l1 2.75, that of the headline relu-w256; name one that has",
        ),
        ("dictionaries: {free: {width: 64, l1: 1}}", "theory.dictionaries.free: `dictionaries` has one of that name"),
        ("theory: {dictionaries: {free: {width: 64, l1: 0, k: 3}}}", "dictionaries.free (relu): k is not one of"),
    ],
)
def test_a_wrong_config_fails_at_once_and_names_it(tmp_path, line, named):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(line + "\n")
    done = snakemake(new_folder(tmp_path / "run"), "-n", more=(wrong,))
    assert done.returncode != 0 and named in done.stdout
    assert not (tmp_path / "run/results").exists()


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ("{width: 64}", "config dictionaries.odd: relu needs l1; give it a value"),
        ("{width: 64, arch: topk}", "config dictionaries.odd: topk needs k; give it a value"),
        ("{width: 64, arch: jumprelu, tanh_scale: 2}", "config dictionaries.odd: jumprelu needs l1; give it a value"),
        ("{width: 64, arch: topk, k: 8, l1: 3}", "config dictionaries.odd (topk): l1 is not one of"),
        ("{width: 64, l1: 3, k_aux: 8}", "config dictionaries.odd (relu): k_aux is not one of"),
        ("{width: 64, arch: batchtopk, k: 8, prefixes: [1]}", "config dictionaries.odd (batchtopk): prefixes is not"),
        ("{width: 64, arch: relu-2023, l1: 3}", "relu-2023"),
    ],
)
def test_a_dictionary_and_its_architecture_must_agree(tmp_path, entry, named):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(f"dictionaries: {{odd: {entry}}}\n")
    done = snakemake(new_folder(tmp_path / "run"), "-n", more=(wrong,))
    assert done.returncode != 0 and named in done.stdout
    assert not (tmp_path / "run/results").exists()


def test_each_architecture_has_a_whole_recipe_of_its_own(tmp_path):
    """The planned commands are ones that train_sae.py takes; what the dictionary sets comes before all else."""
    own = {name: {"k": 9} if "k" in needs else {"l1": 1.25} for name, needs in OWN_SETTINGS.items()}
    entries = [f"{name}: {{arch: {name}, width: 96, lr: 0.0125, {text(own[name])}}}" for name in own]
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"dictionaries: {{{', '.join(entries)}}}\n")
    folder, planned = new_folder(tmp_path / "run"), {}
    done = snakemake(folder, "-n", "-p", "--until", "train_sae", more=(extra,))
    for command in re.findall(r"train_sae\.py\" ((?:.*\\\n)*.*) 2>&1", done.stdout):
        args = parse_args(shlex.split(command.replace("\\\n", " ")))
        planned[args.name] = args
    assert set(own) < set(planned), done.stdout[-3000:]
    for name, needs in OWN_SETTINGS.items():
        args = planned[name]
        made = architecture_of(name, vars(args))
        assert {field.name for field in fields(made)} == set(needs) and (args.arch, args.n_features) == (name, 96)
        assert args.lr == 0.0125 and all(getattr(args, key) == value for key, value in own[name].items())
    assert planned["relu"].resample_at and not planned["topk"].resample_at
    assert planned["jumprelu"].ramp == 1 and planned["relu-2024"].ramp == 0.05 and planned["relu"].ramp == 0
    assert {args.grad_clip for args in planned.values()} == {1.0}


def test_one_config_has_every_question_of_the_discussion_in_the_report(tmp_path):
    done = snakemake(new_folder(tmp_path / "run"), "-n", more=(ROOT / "config/discussion.yaml",))
    assert done.returncode == 0, done.stdout[-3000:]
    asked = config_of()["theory"]
    for name in asked.keys() - {"report", "dictionaries"}:
        assert f"results/theory/{name}/{name}.json" in done.stdout, name


def test_a_config_overrides_single_keys_of_both_defaults_and_the_last_word_counts(tmp_path):
    """The report is told what the run's config is and what the defaults are; the former is what `config_of` makes."""
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(
        "lm: {lr: 0.5, warmup: 0.5}\nsites: [mlp_post, mlp_out]\ntheory: {sparse_codes: {draws: 5, times: 4}}\n"
    )
    second.write_text("lm: {lr: 0.25}\ndictionaries: {relu-w128: null}\ntheory: {sparse_codes: {draws: 6}}\n")
    folder = new_folder(tmp_path / "run")
    done = snakemake(folder, "results/report/index.html", "-n", "-p", more=(first, second))
    command = done.stdout.partition('build_report.py"')[2].partition(" 2>&1")[0]
    words = shlex.split(command.replace("\\\n", " "))
    used, defaults = (json.loads(words[words.index(flag) + 1]) for flag in ("--config", "--default-config"))
    assert defaults == config_of() and used == config_of(SMOKE, folder / "cache.yaml", first, second)
    assert (used["lm"]["lr"], used["lm"]["warmup"], used["lm"]["d_model"]) == (0.25, 0.5, defaults["lm"]["d_model"])
    assert used["theory"]["sparse_codes"] == {**defaults["theory"]["sparse_codes"], "draws": 6, "times": 4}
    assert used["sites"] == ["mlp_post", "mlp_out"] and used["dictionaries"]["relu-w128"] is None


def test_dictionaries_of_experiments_are_trained_for_these_alone(tmp_path):
    folder, experiments = new_folder(tmp_path / "run"), [f"results/theory/{name}.json" for name in EXPERIMENTS]
    main, own = (trained_in(snakemake(folder, *words, "-n", "-p").stdout) for words in ((), experiments))
    assert {args.name for args in main} == {"relu-w128", "relu-w256", "relu-w256-seed2"}
    assert {args.name for args in own} >= {"free", "free-2.75", "target"} and {args.arch for args in own} >= {"topk"}
    places = {args.acts.parent.name for args in own if args.name == "target"}
    assert places == {"mlp_post", "mlp_out", "resid_post", "logits"}
    assert {args.acts.parent.name for args in main} == {"mlp_post"}


def trained_in(plan):
    commands = re.findall(r"train_sae\.py\" ((?:.*\\\n)*.*) 2>&1", plan)
    return [parse_args(shlex.split(command.replace("\\\n", " "))) for command in commands]


def text(settings):
    return ", ".join(f"{key}: {value}" for key, value in settings.items())


def test_naming_a_model_in_a_config_does_not_move_the_text_of_another(tmp_path):
    extra = tmp_path / "extra.yaml"
    extra.write_text("models: {B: {dictionaries: [relu-w256]}}\n")
    done = snakemake(new_folder(tmp_path / "run"), "-n", "-p", "--until", "store_acts", more=(extra,))
    shares = dict(re.findall(r"--model results/(\w+)/lm/weights\.safetensors(?:.*\\\n)*?.* --part (\d) ", done.stdout))
    assert shares == {"A": "0", "B": "1", "control": "0"}, done.stdout[-3000:]


def test_files_of_many_dictionaries_fit_one_command_and_are_all_named(tmp_path):
    names = [f"relu-{number}" for number in range(150)]
    many = tmp_path / "many.yaml"
    many.write_text("dictionaries:\n" + "".join(f'  "{name}": {{width: 64, l1: 2.5}}\n' for name in names))
    plan = snakemake(new_folder(tmp_path / "run"), "results/findings.tsv", "-n", "-p", more=(many,)).stdout
    command = re.search(r"python \"\$SCRIPTS/compile_findings\.py\"(?:.*\\\n)*.*", plan)[0]
    assert len(command) < 2**17 * len(names) / 1000 + 10_000
    words = re.search(r"--eval (.*?) --features", command)[1]
    printed = subprocess.check_output(["bash", "-c", f"printf '%s\\n' {words}"], text=True).splitlines()
    trained = [name for name in printed if name.startswith("results/A/mlp_post/") and "neurons" not in name]
    assert set(trained) >= {f"results/A/mlp_post/{name}/eval.json" for name in names}
    assert len(trained) == len(set(trained)) == len(names) + 2  # and the two of the smoke config


@pytest.mark.parametrize("file", ["sae.safetensors", "eval.json"])
def test_a_mistyped_dictionary_in_a_target_is_named_beside_those_that_there_are(tmp_path, file):
    done = snakemake(new_folder(tmp_path / "run"), f"results/A/mlp_post/relu-w333/{file}", "-n")
    assert done.returncode, done.stdout
    assert "dictionary relu-w333: not in the config, which has relu-w" in done.stdout


@pytest.mark.parametrize("run", ["neurons", "random"])
def test_neurons_and_random_directions_are_not_trained(tmp_path, run):
    done = snakemake(new_folder(tmp_path / "run"), f"results/A/mlp_post/{run}/train.tsv", "-n")
    assert done.returncode and f"No rule to produce results/A/mlp_post/{run}/train.tsv" in done.stdout


@pytest.mark.parametrize("run", ["neurons", "neurons-tokens5000"])
def test_neurons_are_no_dictionary_to_export(tmp_path, run):
    done = snakemake(new_folder(tmp_path / "run"), f"results/export/neuronpedia/A/mlp_post/{run}", "-n")
    assert done.returncode and "No rule to produce" in done.stdout
