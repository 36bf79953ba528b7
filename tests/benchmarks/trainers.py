"""What is compared: trainers, and an environment of its own for each package that is not this one."""

import json
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path.home() / ".cache" / "monosem-benchmarks"  # of environments and data
PACKAGE_PATH = HERE.parents[1] / "scripts"
TORCH = "torch==2.13.0"  # the version of this project's environment, so that all compute with the same


@dataclass(frozen=True)
class Trainer:
    name: str
    precision: str
    architecture: str = "relu"

    @property
    def script(self) -> Path:
        return HERE / "peers" / f"{self.name}_trainer.py"

    @property
    def package(self) -> str:
        return REQUIREMENTS[self.name][0] if self.name in REQUIREMENTS else self.name


OURS = [
    Trainer(OWN := "monosem", precision, architecture)
    for architecture in ("relu", "topk")
    for precision in ("float32", "bfloat16")
]
PEERS = [
    Trainer("textbook", "float32"),
    Trainer("textbook", "bfloat16"),
    Trainer("sae_lens", "float32"),
    Trainer("sae_lens", "bfloat16"),
    Trainer("dictionary_learning", "float32"),
    Trainer("overcomplete", "float32"),
    Trainer("overcomplete", "bfloat16"),
    Trainer("sparsify", "float32", "topk"),
]
# overcomplete asks for a colour map in a way that newer matplotlib no longer has.
REQUIREMENTS = {
    "sae_lens": ["sae-lens==6.54.12"],
    "dictionary_learning": ["dictionary-learning==0.1.0"],
    "overcomplete": ["overcomplete==0.3.0", "matplotlib==3.8.4"],
    "sparsify": ["eai-sparsify==1.3.3"],
    # Trains nothing: tests/test_interop.py asks it. It pulls in a NumPy that newer pyarrow is not for.
    "sae_dashboard": ["sae-dashboard==0.8.0", "pyarrow==20.0.0"],
    "datasets": ["datasets==5.2.0", "zstandard==0.25.0"],  # asked there too
}
PEER_NAMES = list(dict.fromkeys(trainer.name for trainer in PEERS))


def chosen(names: list[str]) -> list[Trainer]:
    """Peers by name; `all` and `none` stand alone."""
    if names in (["all"], ["none"]):
        names = PEER_NAMES if names == ["all"] else []
    for name in names:
        if name not in PEER_NAMES:
            raise ValueError(f"--peers {name}: one or more of {', '.join(PEER_NAMES)}, or just all or none expected")
    return [trainer for trainer in PEERS if trainer.name in names]


def python_of(name: str, folder: Path) -> str:
    """The interpreter that has the package of that name; its environment is made in `folder` if it is not there."""
    if name not in REQUIREMENTS:
        return sys.executable
    path, requirements = folder / name, REQUIREMENTS[name]
    python, done = str(path / "bin" / "python"), path / "installed.json"
    if done.exists() and json.loads(done.read_text()) == [TORCH, *requirements]:
        return python
    print(f"installing {requirements[0]} into {path}", file=sys.stderr)
    venv.create(path, clear=True, with_pip=True)
    install = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "install", TORCH], check=True)
    subprocess.run([*install, "install", TORCH, *requirements], check=True)  # named again, so that nothing replaces it
    # PyPI has only torchvision for CUDA, whose import fails beside a CPU build of torch; transformers then fails too.
    subprocess.run([*install, "uninstall", "--yes", "torchvision"], check=True)
    done.write_text(json.dumps([TORCH, *requirements]))
    return python


def run_script(python: str, script: Path, arguments: list[str], threads: int) -> str:
    """Its standard output. Raises RuntimeError with the end of its messages when it fails."""
    settings = {"OMP_NUM_THREADS": str(threads), "WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1"}
    path = {"PYTHONPATH": str(PACKAGE_PATH)} if python == sys.executable else {}
    ended = subprocess.run(
        [python, str(script), *arguments], capture_output=True, text=True, env={**os.environ, **settings, **path}
    )
    if ended.returncode:
        raise RuntimeError(f"{script.name} ended with {ended.returncode}:\n{ended.stderr[-3000:]}")
    return ended.stdout
