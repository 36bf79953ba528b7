"""Files appear whole or not at all, and records say where they came from."""

import argparse
import json
import os
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from places import SCRIPTS
from safetensors.numpy import save_file

from monosem.ground.artefacts import digest, read_json, replacing, sha256, versions, write_record
from monosem.ground.provenance import fingerprint


def fill(path, text):
    """Makes `path` a folder holding `text` in two places."""
    (path / "sub").mkdir(parents=True)
    (path / "a").write_text(text)
    (path / "sub" / "b").write_text(text)


def content(path):
    return {str(file.relative_to(path)): file.read_text() for file in sorted(path.rglob("*")) if file.is_file()}


@pytest.mark.parametrize("before", ["nothing", "file", "folder"])
@pytest.mark.parametrize("make", [Path.write_text, fill], ids=["file", "folder"])
def test_success_leaves_the_new_one_alone(tmp_path, make, before):
    path = tmp_path / "deep" / "out"
    if make is fill and before == "file":
        pytest.skip("a folder never takes the place of a file in this project")
    if before != "nothing":
        path.parent.mkdir()
        fill(path, "old") if before == "folder" else path.write_text("old")
    with replacing(path) as tmp:
        make(tmp, "new")
        assert tmp.parent.parent == path.parent and tmp.parent.name.startswith(".") and tmp.name == path.name
    assert (path.read_text() == "new") if path.is_file() else content(path) == {"a": "new", "sub/b": "new"}
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("make", [Path.write_text, fill], ids=["file", "folder"])
def test_an_error_leaves_the_old_one_and_nothing_else(tmp_path, make, stop):
    path = tmp_path / "out"
    make(path, "old")
    with pytest.raises(stop), replacing(path) as tmp:
        make(tmp, "half")
        raise stop
    assert (path.read_text() == "old") if path.is_file() else content(path) == {"a": "old", "sub/b": "old"}
    assert list(tmp_path.iterdir()) == [path]


def test_writing_nothing_does_not_lose_the_old_folder(tmp_path):
    fill(tmp_path / "out", "old")
    with pytest.raises(FileNotFoundError), replacing(tmp_path / "out"):
        pass
    assert content(tmp_path / "out") == {"a": "old", "sub/b": "old"}


def test_read_json_names_the_file(tmp_path):
    with pytest.raises(ValueError, match=r"x\.json: no such file; run the rule"):
        read_json(tmp_path / "x.json")
    (tmp_path / "x.json").write_text('{"a": 1,\n"b": ')
    with pytest.raises(ValueError, match=r"x\.json line 2: not JSON"):
        read_json(tmp_path / "x.json")


def record_of(path, inputs, **flags):
    write_record(path, {"n": 3, "text": "é"}, inputs=inputs, args=argparse.Namespace(**flags))
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_record_holds_flags_inputs_code_and_versions(tmp_path, as_script):
    source = tmp_path / "in.txt"
    source.write_text("x")
    paths = {"inp": source, "many": [source, source]}
    as_script("train_sae.py")
    record = record_of(tmp_path / "r.json", [source], width=4, lr=[0.1, 0.2], missing=None, **paths)
    assert record["n"] == 3 and record["text"] == "é" and record["script"] == "train_sae.py"
    assert record["flags"] == {"width": 4, "lr": [0.1, 0.2]}
    assert list(record["inputs"].values()) == [sha256(source)[:16]]
    assert record["versions"] == versions() and {"python", "torch", "numpy", "zarr"} <= set(versions())
    assert len(record["code"]) == 16 and "train_sae.py" in fingerprint("train_sae.py")
    as_script("train_lm.py")
    assert record_of(tmp_path / "r.json", [source])["code"] != record["code"]


def test_a_record_names_every_file_that_an_argument_names_but_outputs(tmp_path):
    files = {name: tmp_path / name for name in ("a.txt", "b.txt", "val.json", "old.tsv")}
    for file in files.values():
        file.write_text("{}")
    (tmp_path / "val.zarr").mkdir()
    read = {"a": files["a.txt"], "several": [files["b.txt"], files["a.txt"]], "tokens": tmp_path / "val.zarr"}
    other = {
        "n": 3,
        "absent": None,
        "folder": tmp_path,
        "output": files["old.tsv"],
        "output_record": tmp_path / "r.json",
    }
    args = argparse.Namespace(**read, **other)
    write_record(tmp_path / "r.json", {}, args=args)
    inputs = read_json(tmp_path / "r.json")["inputs"]
    assert inputs == {files[name].as_posix(): digest(files[name]) for name in ("a.txt", "b.txt", "val.json")}


def test_a_record_stays_small_however_many_files_were_read(tmp_path):
    sources = [tmp_path / f"{number}.txt" for number in range(1001)]
    for source in sources:
        source.write_text(source.name)
    found = record_of(tmp_path / "r.json", sources)["inputs"]
    assert list(found) == ["1001 files"]
    sources[500].write_text("edited")
    assert record_of(tmp_path / "r.json", sources)["inputs"] != found
    assert len(record_of(tmp_path / "r.json", sources[:1000])["inputs"]) == 1000


def test_a_record_keeps_apart_inputs_of_one_name(tmp_path):
    sources = [tmp_path / model / "codes.safetensors" for model in "AB"]
    for source in sources:
        source.parent.mkdir()
        source.write_text(source.parent.name)
    assert set(record_of(tmp_path / "r.json", sources)["inputs"].values()) == {sha256(s)[:16] for s in sources}


def test_code_of_no_script_is_called_interactive(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["-c"])
    assert record_of(tmp_path / "r.json", [])["code"] == "interactive"
    monkeypatch.setattr(sys, "argv", [str(SCRIPTS.parent / "train_sae.py")])
    assert record_of(tmp_path / "r.json", [])["code"] == "interactive"


def test_the_digest_of_a_record_ignores_time_and_machine_only(tmp_path):
    record = record_of(tmp_path / "r.json", [])
    before = digest(tmp_path / "r.json")

    def digest_with(**changed):
        path = tmp_path / "s.json"
        path.write_text(json.dumps(dict(reversed(list({**record, **changed}.items()))), indent=4))
        return digest(path)

    assert digest_with() == digest_with(written="another time", machine={"node": "n"}) == before
    for field in ("n", "flags", "code", "versions", "inputs"):
        assert digest_with(**{field: "changed"}) != before


def test_the_digest_of_another_file_is_over_its_bytes(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"1")
    before = digest(path)
    path.write_bytes(b"2")
    assert len(before) == 16 and digest(path) != before


@pytest.mark.faults
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
@pytest.mark.parametrize("write", [Path.write_text, lambda path, _: save_file({"w": np.zeros(2)}, path)])
def test_others_may_read_what_the_users_mask_lets_them(tmp_path, write, mask, mode, tried):
    before = os.umask(mask)
    try:
        with replacing(tmp_path / "out") as tmp:
            write(tmp, "new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "out").stat().st_mode) == mode
    if mask == 0o022 and write is not Path.write_text:
        tried("`results/` shared with other users", "they may read all of it, weights too, as the umask says")
