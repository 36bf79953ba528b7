"""Which edits change a fingerprint, and that nothing a script runs is missing from it."""

import json
import subprocess
import sys

import pytest
from places import SCRIPTS

from monosem.ground import provenance
from monosem.ground.memory import keep
from monosem.ground.provenance import fingerprint

RULE_SCRIPTS = sorted(
    path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*.py") if SCRIPTS / "monosem" not in path.parents
)
RUN_HELP = """
import json, os, runpy, sys
def project():
    return {name for name in sys.modules if name.split(".")[0] == "monosem"}
loaded = {}
for script in sys.argv[1:]:
    for name in project():
        del sys.modules[name]
    sys.argv = [script, "--help"]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit:
        pass
    loaded[os.path.relpath(script)] = sorted(sys.modules[name].__file__ for name in project())
print("LOADED" + json.dumps(loaded))
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A made-up scripts folder; returns a function that writes files to it and takes the fingerprint of x.py."""
    monkeypatch.setattr(provenance, "SCRIPTS", tmp_path)

    def write(**files):
        for name, text in {"monosem/__init__.py": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        forget()
        return fingerprint("x.py")

    yield write
    forget()


def forget():
    for remembering in (provenance.code_hash, provenance.imported_files, provenance.remembered):
        remembering.cache_clear()


CODE = "from monosem.a import f\n\ndef g(x):\n    return f(x) + 1\n"
A = "from monosem import b\n\ndef f(x):\n    return b.h(x)\n"
B = "class C:\n    n = 1\n\ndef h(x):\n    return x * C.n\n"


@pytest.fixture
def files():
    return {"x.py": CODE, "monosem/a.py": A, "monosem/b.py": B, "monosem/unused.py": "y = 1\n"}


@pytest.mark.parametrize("name", ["x.py", "monosem/a.py", "monosem/b.py"])
def test_comments_docstrings_and_layout_do_not_count(project, files, name):
    before = project(**files)
    body = files[name].replace("):\n", "):  # why\n    '''Says what.'''\n\n").replace(" * ", "*")
    body = body.replace("class C:\n", "class C:\n    '''One.'''\n")
    assert project(**{**files, name: f'"""About."""\n\n# note\n{body}\n'}) == before


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("x.py", "+ 1", "+ 2"),
        ("monosem/a.py", "b.h(x)", "b.h(-x)"),
        ("monosem/b.py", "n = 1", "n = 2"),
        ("monosem/b.py", "return x", "'not a docstring'\n    return 1 + x"),
        ("monosem/__init__.py", "", "import math"),
    ],
)
def test_a_code_edit_anywhere_on_the_way_changes_that_file_alone(project, files, name, old, new):
    before = project(**files)
    after = project(**{**files, name: files.get(name, "").replace(old, new)})
    assert {path for path in before if before[path] != after[path]} == {name}
    assert all(len(digest) == 12 for digest in after.values())


def test_an_unused_module_does_not_count_until_it_is_imported(project, files):
    before = project(**files)
    assert set(before) == {"x.py", "monosem/__init__.py", "monosem/a.py", "monosem/b.py"}
    assert project(**{**files, "monosem/unused.py": "y = 2\n"}) == before
    late = project(**{**files, "monosem/b.py": B + "\ndef k():\n    from monosem.unused import y\n    return y\n"})
    assert "monosem/unused.py" in late


def test_packages_and_cycles(project, files):
    sub = {"monosem/p/__init__.py": "z = 0", "monosem/p/q.py": "import monosem.a", "monosem/p/r.py": ""}
    found = project(**{**files, **sub, "monosem/b.py": B + "import monosem.p.q as q\n"})
    assert {"monosem/p/__init__.py", "monosem/p/q.py"} <= set(found) and "monosem/p/r.py" not in found


def test_a_template_beside_its_module_counts_by_its_bytes(project, files):
    before = project(**files, **{"monosem/b.html": "<p>", "monosem/b.js": "1;", "monosem/unused.html": "<b>"})
    after = project(**files, **{"monosem/b.html": "<p> ", "monosem/b.js": "2;", "monosem/unused.html": "<i>"})
    assert {path for path in before if before[path] != after[path]} == {"monosem/b.html", "monosem/b.js"}
    assert "monosem/unused.html" not in before


def test_files_of_the_folder_named_as_its_module_count_too(project, files):
    before = project(**files, **{"monosem/b/style.css": "a {}", "monosem/b/page.js": "1;", "monosem/unused/x.js": "1;"})
    after = project(**files, **{"monosem/b/style.css": "b {}", "monosem/b/page.js": "1;", "monosem/unused/x.js": "2;"})
    assert {path for path in before if before[path] != after[path]} == {"monosem/b/style.css"}
    assert "monosem/b/page.js" in before and "monosem/unused/x.js" not in before


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("from . import b", "a.py line 2: relative import"),
        ("from .b import h", "a.py line 2: relative import"),
        ("importlib.import_module('monosem.b')", "a.py line 2: dynamic import"),
        ("__import__('monosem.b')", "a.py line 2: dynamic import"),
    ],
)
def test_imports_that_cannot_be_followed_are_refused(project, files, line, message):
    with pytest.raises(ValueError, match=message):
        project(**{**files, "monosem/a.py": f"import importlib\n{line}\n"})


def test_a_script_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"script nope\.py: no such file"):
        fingerprint("nope.py")


@pytest.fixture(scope="module")
def loaded():
    """Project files that `python scripts/X.py --help` loads, for every script."""
    command = [sys.executable, "-c", RUN_HELP, *(str(SCRIPTS / name) for name in RULE_SCRIPTS)]
    done = subprocess.run(command, cwd=SCRIPTS, env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.split("LOADED")[-1])


@pytest.mark.parametrize("script", RULE_SCRIPTS)
def test_what_a_script_loads_is_in_its_fingerprint(loaded, script):
    prefix = len(str(SCRIPTS)) + 1
    reached = fingerprint(script)
    assert loaded[script] and {path[prefix:] for path in loaded[script]} <= set(reached)
    assert script in reached and all((SCRIPTS / path).is_file() for path in reached)


def test_the_snakefile_gets_by_without_any_library():
    code = "import sys; before = set(sys.modules); import monosem.ground.provenance; print(set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=SCRIPTS, capture_output=True, text=True)
    assert done.returncode == 0 and "numpy" not in done.stdout and "torch" not in done.stdout


def test_what_is_remembered_of_a_file_is_of_its_bytes(project, files, tmp_path):
    memory = tmp_path / "monosem/__pycache__" / f"provenance.{sys.implementation.cache_tag}.json"
    first = project(**files)
    known = provenance.remembered(tmp_path)
    assert len(known) == 4  # x.py, a, b and the empty __init__
    keep(memory, known)
    assert project(**files) == first and len(provenance.remembered(tmp_path)) == len(known)
    assert project(**files | {"monosem/b.py": B + "\nz = 1\n"}) != first
    memory.write_text('{"half')
    assert project(**files) == first
    assert not [path for path in memory.parent.iterdir() if path != memory]


def test_what_another_version_found_is_found_anew(project, files, tmp_path, monkeypatch):
    project(**files)
    known = provenance.remembered(tmp_path)
    monkeypatch.setattr(provenance, "OWN", b"another version")
    for key in list(known):
        known[key] = ("of another version", [])
    keep(tmp_path / "monosem/__pycache__" / f"provenance.{sys.implementation.cache_tag}.json", known)
    assert "of another version" not in project(**files).values() and len(provenance.remembered(tmp_path)) == 8


def test_where_nothing_can_be_remembered_nothing_fails(project, files, tmp_path):
    first = project(**files)
    (tmp_path / "monosem/__pycache__").write_text("no folder")
    assert project(**files) == first
    keep(tmp_path / "monosem/__pycache__/x.json", {"a": ("b", [])})
