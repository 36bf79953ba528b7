"""Which code a script runs, as hashes: standard library only, because every job re-parses the Snakefile.

A rule lists `fingerprint("train_sae.py")` under `params`. Snakemake then reruns the rule when the meaning of that
script changes, or of any `monosem` module it reaches by import, and names the changed file. Comments, docstrings and
layout are not part of the hash, so they rerun nothing.
"""

import ast
import atexit
import hashlib
import sys
from functools import cache
from pathlib import Path

from monosem.ground.memory import keep, recalled

SCRIPTS = Path(__file__).resolve().parents[2]
OWN = Path(__file__).read_bytes()  # what another version of this module found is not known to this one
PACKAGE = "monosem"


def fingerprint(script: str) -> dict[str, str]:
    """Hashes of a script and of all project code it reaches.

    Returns {path relative to scripts/: 12 hex digits}. What a module puts on a page (`page.html`, `.css`, `.js` beside
    `page.py`, or the files of a folder `page`) counts as its code. Raises ValueError for a script that does not exist
    and for imports that cannot be followed statically.
    """
    path = SCRIPTS / script
    if not path.is_file():
        raise ValueError(f"script {script}: no such file in {SCRIPTS}; check the rule that names it")
    reached, waiting = set(), [path]
    while waiting:
        source = waiting.pop()
        if source not in reached:
            reached.add(source)
            waiting.extend(imported_files(source))
    templates = {source.with_suffix(suffix) for source in reached for suffix in (".html", ".css", ".js")}
    shipped = {file for source in reached for file in source.with_suffix("").glob("*.*") if file.suffix != ".py"}
    files = reached | {template for template in templates | shipped if template.is_file()}
    return {file.relative_to(SCRIPTS).as_posix(): code_hash(file) for file in sorted(files)}


@cache
def code_hash(file: Path) -> str:
    """12 hex digits over a Python file's syntax tree without docstrings, or over any other file's bytes."""
    return read(file)[0] if file.suffix == ".py" else hashlib.sha256(file.read_bytes()).hexdigest()[:12]


@cache
def imported_files(source: Path) -> frozenset[Path]:
    """Project files that one Python file imports, wherever in the file the import stands."""
    return frozenset(file for name in read(source)[1] for file in module_files(name))


def read(source: Path) -> tuple[str, list[str]]:
    """The hash of a Python file, and the project modules it imports: what is known of the same bytes, or found anew.

    Every job re-parses the Snakefile, and reading all syntax trees took more than a third of that.
    """
    content = source.read_bytes()
    key, known = hashlib.sha256(OWN + content).hexdigest(), remembered(SCRIPTS)
    if key not in known:
        tree = ast.parse(content, filename=str(source))
        names = imported_modules(tree, source)
        for node in ast.walk(tree):
            drop_docstring(node)
        known[key] = (hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:12], names)
    return known[key]


@cache
def remembered(scripts: Path) -> dict[str, tuple[str, list[str]]]:
    """By the SHA-256 of a file's bytes; kept beside Python's own compiled files."""
    memory = scripts / PACKAGE / "__pycache__" / f"provenance.{sys.implementation.cache_tag}.json"
    known = recalled(memory)
    atexit.register(keep, memory, known)
    return known


def drop_docstring(node: ast.AST) -> None:
    if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body = node.body[1:]


def imported_modules(tree: ast.Module, source: Path) -> list[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{source} line {node.lineno}: relative import; write `from {PACKAGE}. ...`")
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif is_dynamic_import(node):
            raise ValueError(
                f"{source} line {node.lineno}: dynamic import; reruns could not notice that module's changes"
            )
    return sorted(name for name in names if name.split(".")[0] == PACKAGE)


def is_dynamic_import(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return called in {"__import__", "import_module"}


def module_files(name: str) -> list[Path]:
    """Files that run when `name` is imported: each parent package's __init__.py and the module itself."""
    files, folder = [], SCRIPTS
    for part in name.split("."):
        folder = folder / part
        files += [folder / "__init__.py", folder.with_suffix(".py")]
    return [file for file in files if file.is_file()]
