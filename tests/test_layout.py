"""The rules of the house that a machine can check: who imports whom, what every rule and script has, sizes."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from places import ROOT
from places import SCRIPTS as FOLDER

PACKAGE = FOLDER / "monosem"
SCRIPTS = sorted(path for path in FOLDER.rglob("*.py") if PACKAGE not in path.parents)
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
RULES = sorted((ROOT / "workflow/rules").rglob("*.smk"))
# Of no rule; they may speak of the config.
TOOLS = {"estimate", "readme_tables", "serve_live", "serve_llm", "take_screenshots"}

# Modules that rules import: the Snakefile is parsed again by every job.
LIGHT = ("provenance", "local_files", "configs", "config_files", "file_digests")

# One line a floor. A module imports from its own and from those above it in this list.
FLOORS = [
    "ground",
    "costs",  # for the Snakefile, too
    "text",
    "llm",
    "lm",
    "acts",
    "sae",
    "measures",
    "autointerp",
    "investigations",
    "interchange",
    "findings",
    "planning",
    "readme",
    "pages",
    "figures",
    "theory",
]


def named(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix()


def imported(path: Path) -> set[str]:
    return {name for node in ast.walk(ast.parse(path.read_text())) for name in imported_by(node)}


def imported_by(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    return {f"{node.module}.{alias.name}" for alias in node.names} if isinstance(node, ast.ImportFrom) else set()


def floor(name: str) -> int | None:
    """`monosem.acts.store.Store` is on the floor of `acts`; other libraries are on none."""
    parts = name.split(".")
    if parts[0] != "monosem" or len(parts) == 1:
        return None
    assert parts[1] in FLOORS, f"{name}: give monosem.{parts[1]} a line in tests/test_layout.py"
    return FLOORS.index(parts[1])


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_modules_import_from_lower_floors_only(path):
    own = FLOORS.index(path.relative_to(PACKAGE).parts[0])
    for name in imported(path):
        assert floor(name) is None or floor(name) <= own, f"{path}: imports {name}, from a floor further down the list"


def test_every_room_says_what_it_is_for_and_nothing_lies_between_rooms():
    assert {path.relative_to(PACKAGE).parts[0] for path in PACKAGE.rglob("*.py")} == {"__init__.py", *FLOORS}
    for path in PACKAGE.rglob("__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text())), f"{path}: say in two lines what this room is for"


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS], ids=named)
def test_what_is_slow_to_import_is_imported_where_it_is_used(path):
    """Or each job that has such a module somewhere below it starts a second later."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    in_functions = {inner for node in nodes if isinstance(node, ast.FunctionDef) for inner in ast.walk(node)}
    at_top = {name for node in nodes if node not in in_functions for name in imported_by(node)}
    slow = [name for name in at_top if re.match(r"(seaborn|sklearn|umap|scipy\.(optimize|stats))\b", name)]
    assert not slow, f"{path}: import {', '.join(slow)} in the function that needs it"


@pytest.mark.parametrize("path", SCRIPTS, ids=named)
def test_scripts_stand_alone(path):
    names = imported(path)
    others = {other.stem for other in SCRIPTS}
    assert not {name.split(".")[0] for name in names} & (others | {"snakemake"})
    tree = ast.parse(path.read_text())
    _, _, example = (ast.get_docstring(tree) or "").partition("Example")
    assert f"{path.relative_to(ROOT)} " in example, f"{path}: the docstring is the --help text; show an example"
    if path.stem not in TOOLS:
        assert "config.yaml" not in path.read_text() and not any(name.startswith("yaml") for name in names)


@pytest.mark.parametrize("path", [ROOT / "Snakefile", ROOT / "workflow/Snakefile", *RULES], ids=named)
def test_rule_files_import_nothing_heavy(path):
    found = re.findall(r"^\s*(?:from|import) (\S+)", path.read_text(), re.M)
    allowed = {"contextlib", "functools", "glob", "hashlib", "json", "math", "os", "pathlib", "re", "shlex", "shutil"}
    allowed |= {"sys", "time", "yaml"}
    allowed |= {"monosem.costs", *(f"monosem.ground.{name}" for name in LIGHT)}
    allowed |= {"snakemake.exceptions", "snakemake.io", "snakemake.utils"}
    assert set(found) <= allowed, "the Snakefile is parsed again by every job"


@pytest.mark.parametrize("name", ["monosem.costs", *(f"monosem.ground.{name}" for name in LIGHT)])
def test_what_rule_files_import_is_light(name):
    code = f"import sys; before = set(sys.modules); import {name}; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True)
    loaded = {module.split(".")[0] for module in done.stdout.split()}
    known = {*sys.stdlib_module_names, "monosem", "yaml", "_yaml"}
    assert {module for module in loaded - known if "cython" not in module} == set(), "standard library and yaml only"


@pytest.mark.parametrize("path", [*MODULES, *SCRIPTS, *RULES, *TESTS], ids=named)
def test_files_and_functions_are_short_and_no_except_is_bare(path):
    limit = 115 if path in SCRIPTS else 270 if path in TESTS else 205
    assert path.read_text().count("\n") <= limit, f"{path}: over {limit} lines; a concept is missing its name"
    for node in ast.walk(ast.parse(path.read_text())) if path.suffix == ".py" else ():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            longest = 70 if path in TESTS else 50
            assert node.end_lineno - node.lineno < longest, f"{path}:{node.lineno} {node.name}: over {longest} lines"
        assert not isinstance(node, ast.ExceptHandler) or node.type is not None, f"{path}:{node.lineno}: bare except"


def rule_blocks() -> list[tuple[str, str]]:
    found = []
    for path in RULES:
        found += [
            (match[1], match[2]) for match in re.finditer(r"^rule (\w+):\n((?:    .*\n|\n)+)", path.read_text(), re.M)
        ]
    return found


@pytest.mark.parametrize(("name", "block"), rule_blocks(), ids=lambda value: value if value.isidentifier() else "")
def test_rules_have_log_benchmark_resources_and_code(name, block):
    for directive in ("log:", "benchmark:", "resources:", "params:", "shell:"):
        assert f"\n    {directive}" in f"\n{block}", f"rule {name}: {directive} is missing"
    script = re.search(r"\$SCRIPTS/([\w/]+\.py)", block)[1]
    assert f'fingerprint("{script}")' in block, f"rule {name}: its script's code is not among its params"
    for resource in ("mem_mb=memory", "runtime=runtime"):
        stated = re.search(rf'{resource}\("(\w+)"\)', block)
        assert not stated or stated[1] in (name, "sample_examples"), (
            f"rule {name}: {stated[0]}, the cost of another rule"
        )
        assert stated or re.search(rf"{resource.split('=')[0]}=\d", block), f"rule {name}: no {resource}"
    assert not re.search(r"^    (run|retries):", block, re.M)
    assert re.search(r'"\$SCRIPTS/[\w/]+\.py"', block), f"rule {name}: unquoted $SCRIPTS, but a path may have spaces"
    braced = re.findall(r"(\w+)=lambda wildcards, input: braced\(", block)  # which quotes by itself
    allowed = "|".join(["threads", "resources.launch", *(f"params.{name}" for name in braced)])
    bare = re.findall(rf"\{{(?!(?:{allowed})\}})[a-z_.]+\}}", re.search(r'shell:\n(.*)"""', block, re.S)[1])
    assert not bare, f"rule {name}: unquoted {bare}; write {{...:q}}"


def test_every_script_has_a_rule_or_is_a_tool():
    used = set(re.findall(r"\$SCRIPTS/([\w/]+)\.py", "".join(path.read_text() for path in RULES)))
    assert {path.relative_to(FOLDER).with_suffix("").as_posix() for path in SCRIPTS} - used == TOOLS


def test_the_lock_satisfies_what_the_project_declares():
    pins = "".join((ROOT / f"workflow/envs/{name}.txt").read_text() for name in ("lock", "llm"))
    locked = dict(line.split("==") for line in pins.split("\n") if "==" in line and not line.startswith("#"))
    locked = {name.lower().replace("_", "-"): version for name, version in locked.items()}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["test"], *extras["slurm"], *extras["llm"]]
    assert len(lines) > 15
    for requirement in map(Requirement, lines):
        assert requirement.specifier.contains(locked[requirement.name.lower()]), requirement


def test_the_lock_is_what_is_installed():
    for line in (ROOT / "workflow/envs/lock.txt").read_text().split("\n"):
        if "==" in line:
            name, version = line.split("==")
            assert metadata.version(name).split("+")[0] == version, f"{name}: install workflow/envs/lock.txt"


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        ["snakefmt", "--check", "Snakefile", "workflow"],
    ],
    ids=" ".join,
)
def test_lint(command):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # snakefmt calls shfmt
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": path},
    )
    assert done.returncode == 0, done.stdout + done.stderr
