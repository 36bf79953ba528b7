"""The workflow as a module of another one, which lies in a folder of its own and gives a config of its own."""

import re
import subprocess
from pathlib import Path

import pytest
from places import ROOT
from workflow_runs import Done, copy_of_the_code, started

from monosem.planning.planned import Planned, parse_jobs

MODULE = f"""
module monosem:
    snakefile: "{ROOT}/workflow/Snakefile"
"""
OWN = """
configfile: "own.yaml"

rule own:
    input: "results/theory/log_ratios/log_ratios.json"
    output: "own.txt"
    params: given=lambda wildcards: sorted(config)
    shell: "echo {params.given} > {output}"
"""
WITH_CONFIG = MODULE + "    config: config\n"
RENAMED = "\nuse rule * from monosem as monosem_*\n"


def importer(folder: Path, snakefile: str, config: str = "corpus: {scale: 0.1}\n") -> Path:
    (folder / "Snakefile").write_text(snakefile)
    (folder / "own.yaml").write_text(config)
    return folder


def snakemake(folder: Path, *words: object) -> Done:
    return started(["--cores", 2, *words], folder)


def planned(done: Done) -> list[Planned]:
    assert done.returncode == 0, done.stdout[-3000:]
    found = [job._replace(rule=job.rule.removeprefix("monosem_")) for job in parse_jobs(done.stdout)]
    assert len(found) > 100
    return sorted(found, key=lambda job: job.benchmark)


@pytest.fixture
def plain(tmp_path) -> list[Planned]:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain/own.yaml").write_text("corpus: {scale: 0.1}\n")
    words = ["--snakefile", ROOT / "Snakefile", "--configfile", "own.yaml"]
    return planned(snakemake(tmp_path / "plain", "-n", *words))


@pytest.mark.parametrize("snakefile", ["workflow/Snakefile", "Snakefile"])
def test_an_importer_plans_the_same_jobs_with_what_its_config_says(tmp_path, plain, snakefile):
    module = WITH_CONFIG.replace("workflow/Snakefile", snakefile)
    done = snakemake(importer(tmp_path, OWN + module + RENAMED), "-n", "-p", "monosem_all")
    assert planned(done) == plain
    assert "--scale 0.1 " in done.stdout


def test_an_importer_without_rules_or_config_makes_the_report(tmp_path, plain):
    done = snakemake(importer(tmp_path, MODULE + "\nuse rule * from monosem\n"), "-n", "-p")
    assert planned(done) == plain
    assert "--scale 1.0 " in done.stdout


def test_an_importer_runs_its_own_rules_and_ours(tmp_path):
    importer(tmp_path, OWN + WITH_CONFIG + RENAMED)
    done = snakemake(tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert (tmp_path / "own.txt").read_text() == "corpus\n", "its config is its own, and so is its default target"
    assert (tmp_path / "results/theory/log_ratios/log_ratios.svg").exists()
    assert not (tmp_path / "results/history").exists(), "what Snakemake knows of its files is not ours to move"
    assert "Nothing to be done" in snakemake(tmp_path, "-n").stdout


@pytest.mark.parametrize(
    ("module", "config", "told"),
    [
        (WITH_CONFIG + '    prefix: "paper"\n', "{}", "module: it has a prefix, but captions, links and records name"),
        (WITH_CONFIG, "corpse: {scale: 0.1}", "config corpse: no such key"),
    ],
    ids=["prefix", "misspelt"],
)
def test_an_import_that_cannot_work_says_why(tmp_path, module, config, told):
    done = snakemake(importer(tmp_path, OWN + module + RENAMED, config), "-n")
    assert done.returncode != 0 and told in done.stdout, done.stdout


def test_a_snakefile_without_its_scripts_is_refused(tmp_path):
    clone = copy_of_the_code(tmp_path / "clone")
    git = ["git", "-C", clone, "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    hosted = f'\nmodule monosem:\n    snakefile: gitfile("{clone}", path="workflow/Snakefile", ref="HEAD")\n'
    done = snakemake(importer(tmp_path, OWN + hosted + RENAMED), "-n")
    assert done.returncode != 0
    assert re.search(r"snakefile .*: one of a clone expected, because jobs run the scripts beside it", done.stdout)
