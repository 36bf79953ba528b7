"""Two users of one machine: what either leaves in a shared folder does not stop the other."""

import os
import stat
import tempfile

import pytest
from other_user import as_nobody, open_to_all

from monosem.ground import claims, scratch
from monosem.ground.caches import find_room
from monosem.ground.checkpoints import Checkpoint
from monosem.ground.claims import claim

pytestmark = pytest.mark.faults


@pytest.fixture
def shared(tmp_path):
    return open_to_all(tmp_path)


@pytest.fixture
def private():
    """Files are closed to others."""
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_a_lock_file_is_open_to_all_whatever_the_umask(shared, private, tried):
    assert claim(["a", "b"], shared) == 0
    assert stat.S_IMODE((shared / "monosem-a.lock").stat().st_mode) == 0o644
    assert as_nobody(lambda: claim(["a", "b"], shared)) == "1"
    tried("a GPU claimed by another user whose files are closed to others (umask 077)", "the next one is taken")


def test_a_closed_lock_file_counts_as_taken(shared):
    (shared / "monosem-a.lock").touch(mode=0o600)
    assert as_nobody(lambda: claim(["a", "b"], shared)) == "1"
    assert as_nobody(lambda: claims.locked(shared / "monosem-a.lock")) == "None"


def test_where_all_are_closed_a_user_s_own_processes_share_them_out(shared, tried):
    for name in "ab":
        (shared / f"monosem-{name}.lock").touch(mode=0o600)
    assert as_nobody(lambda: [claim(["a", "b"], shared), claim(["a", "b"], shared)], umask=0o077) == "[0, 1]"
    tried(
        "lock files in `/tmp` that another user left unreadable",
        "counted as taken; a user's own processes share GPUs out",
    )


def test_work_that_another_user_left_is_let_alone(shared, private, monkeypatch):
    folder = shared / f".out.txt.{scratch.platform.node()}-1.tmp"
    folder.mkdir()
    (folder / scratch.LEASE).touch()

    def write():
        with scratch.scratch(shared / "out.txt") as tmp:
            tmp.write_text("whole")
            return tmp.read_text()

    assert as_nobody(write) == "whole"
    assert folder.exists()


def test_a_lease_of_another_user_is_named(shared, private):
    with Checkpoint(shared / "out", "key", every_s=60):
        said = as_nobody(lambda: Checkpoint(shared / "out", "key", every_s=60).__enter__())
    assert "ValueError" in said and ".out.lease: another user's, who works on the same output or has left this" in said


@pytest.mark.parametrize("mode", [0o700, 0o777])
def test_compiled_code_is_not_kept_where_another_user_made_the_folder(shared, mode, monkeypatch, tried):
    """Closed, it cannot be written to; open, its owner could put code there."""

    def found():
        monkeypatch.setattr(tempfile, "tempdir", str(shared))
        monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
        find_room("NUMBA_CACHE_DIR", "numba")
        return os.environ["NUMBA_CACHE_DIR"]

    usual = shared / "numba_65534"
    assert as_nobody(found) == str(usual)
    usual.rmdir()
    usual.mkdir()
    usual.chmod(mode)
    other = as_nobody(found)
    assert other.startswith(str(shared / "numba_")) and other != str(usual)
    tried(f"a folder for compiled code in `/tmp` that another user made (mode {mode:o})", "one of our own is used")
