"""Digests of large files are those of their content, and a file that nothing has touched is not read again."""

import hashlib
import os
import time
from pathlib import Path

import pytest

from monosem.ground import file_digests
from monosem.ground.file_digests import digests


@pytest.fixture
def read(monkeypatch):
    """The files that were read."""
    paths, real = [], hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda file, name: paths.append(file.name) or real(file, name))
    return paths


@pytest.fixture
def old(tmp_path, monkeypatch):
    """Two files; the clock says that nothing has touched them for long."""
    paths = [str(tmp_path / name) for name in ("a", "b é")]
    for path in paths:
        Path(path).write_text(path)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3600)
    return paths


def test_what_nothing_has_touched_is_read_once(old, tmp_path, read):
    memory = tmp_path / "hidden/memory.json"
    first = digests(old, memory)
    assert first == {path: hashlib.sha256(path.encode()).hexdigest()[:16] for path in old} and read == old
    assert digests(old, memory) == first and read == old
    assert digests(old[:1], memory) == {old[0]: first[old[0]]} and digests(old, memory) == first and read == old


def test_another_content_of_the_same_size_and_time_is_noticed(old, tmp_path, read):
    first, status = digests(old, tmp_path / "m.json"), Path(old[0]).stat()
    with Path(old[0]).open("r+") as file:
        file.write("?")
    os.utime(old[0], ns=(status.st_atime_ns, status.st_mtime_ns))
    second = digests(old, tmp_path / "m.json")
    assert second[old[0]] != first[old[0]] and second[old[1]] == first[old[1]] and read == [*old, old[0]]


def test_a_file_that_has_just_changed_is_read_again(tmp_path, read):
    (tmp_path / "new").write_text("x")
    digests([str(tmp_path / "new")], tmp_path / "m.json")
    digests([str(tmp_path / "new")], tmp_path / "m.json")
    assert len(read) == 2


@pytest.mark.parametrize("content", ["", "[1]", '{"a": ', "\0"])
def test_a_damaged_memory_is_none(old, tmp_path, read, content):
    (tmp_path / "m.json").write_text(content)
    assert digests(old, tmp_path / "m.json") == digests(old, tmp_path / "m.json") and read == old


def test_where_nothing_can_be_kept_all_is_read(old, tmp_path, read):
    (tmp_path / "file").write_text("no folder")
    assert digests(old, tmp_path / "file/m.json") == digests(old, tmp_path / "file/m.json") and len(read) == 4


def test_many_files_share_one_digest_that_each_of_them_changes(old, tmp_path, monkeypatch):
    monkeypatch.setattr(file_digests, "MANY", 1)
    first = digests(old, tmp_path / "m.json")
    assert list(first) == ["2 files"]
    Path(old[1]).write_text("more")
    assert digests(old, tmp_path / "m.json") != first


def test_what_takes_long_is_said(old, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(file_digests, "SLOW_BYTES", 1)
    digests(old, tmp_path / "m.json")
    digests(old, tmp_path / "m.json")
    assert capsys.readouterr().err.count("are read, to see whether it has changed") == 2
