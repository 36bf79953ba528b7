"""A Zarr chunk that is damaged or gone is an error that names it and what makes it anew, never zeros."""

import shutil
from contextlib import contextmanager
from itertools import product

import pytest
from small_run import lm_flags, pack_flags, sae_flags

import pack_tokens
import train_lm
import train_sae
from monosem.acts.store import open_store
from monosem.text import packing
from monosem.text.tokens import ARRAYS, read_contexts

pytestmark = pytest.mark.faults

DAMAGES = ["flipped first", "flipped middle", "flipped last", "cut to half", "cut to 3 bytes", "emptied", "deleted"]
WAYS = "with a bit flipped, cut, emptied or deleted"


@contextmanager
def damaged(chunk, how):
    """A chunk spoiled for a while."""
    whole = chunk.read_bytes()
    if how == "deleted":
        chunk.unlink()
    else:
        content = bytearray(whole)
        if how.startswith("flipped"):
            content[{"first": 20, "middle": len(content) // 2, "last": -1}[how.split()[1]]] ^= 1
        kept = {"cut to half": len(content) // 2, "cut to 3 bytes": 3, "emptied": 0}.get(how, len(content))
        chunk.write_bytes(content[:kept])
    yield
    chunk.write_bytes(whole)


@pytest.fixture
def packed(corpus, tokens, tmp_path, monkeypatch):
    """A token store of 100 contexts in 7 chunks of 16, and a held-out one."""
    monkeypatch.setattr(packing, "CHUNK", 16)
    pack_tokens.main(pack_flags(corpus, tmp_path, "train"))
    shutil.copytree(tokens / "val.zarr", tmp_path / "val.zarr")
    shutil.copy(tokens / "val.json", tmp_path)
    return tmp_path


@pytest.fixture
def stored(acts, tmp_path):
    """An activation store of 11 chunks."""
    shutil.copytree(acts, tmp_path / "acts.zarr")
    shutil.copy(acts.with_suffix(".json"), tmp_path)
    return tmp_path / "acts.zarr"


def told(store, array, how, chunk, rule, n_chunks):
    if how == "deleted":
        return rf"{store}/{array}: 1 of {n_chunks} chunks are missing, chunk {chunk} first; delete .* rerun {rule}"
    return rf"{store}/{array} chunk {chunk}: damaged .*; delete the store and rerun {rule}"


def test_a_damaged_chunk_of_tokens(packed, tmp_path, tried):
    for array, how in product(ARRAYS, DAMAGES):
        with damaged(packed / "train.zarr" / array / "c" / "4" / "0", how):
            message = told(r"train\.zarr", array, how, 4, "pack_tokens", 7)
            with pytest.raises(ValueError, match=message):
                read_contexts(packed / "train.zarr", array=array)
            if array == "tokens":
                with pytest.raises(ValueError, match=message):
                    train_lm.main(lm_flags(packed, tmp_path / "out"))
                assert [path.name for path in (tmp_path / "out").iterdir()] == [".weights.safetensors.lease"]
        assert len(read_contexts(packed / "train.zarr", array=array)) == 100
    tried(f"a chunk of `train.zarr` {WAYS}", "`train_lm.py` stops: the array, chunk and rule to run again are named")


def test_a_damaged_chunk_of_activations(stored, tmp_path, tried):
    for how in DAMAGES:
        with damaged(stored / "acts" / "c" / "4" / "0", how):
            message = told(r"acts\.zarr", "acts", how, 4, "store_acts", 11)
            with pytest.raises(ValueError, match=message):
                train_sae.main(sae_flags(stored, tmp_path / "out"))
            assert {path.name for path in (tmp_path / "out").rglob("*")} <= {".sae.safetensors.lease"}
        assert open_store(stored).chunk(4).any()
    tried(f"a chunk of `acts.zarr` {WAYS}", "`train_sae.py` stops: the array, chunk and rule to run again are named")


@pytest.mark.parametrize("array", ["token", "context", "position"])
def test_a_lost_chunk_of_what_stands_beside_activations(stored, array):
    (stored / array / "c" / "4").unlink()
    with pytest.raises(ValueError, match=told(r"acts\.zarr", array, "deleted", 4, "store_acts", 11)):
        open_store(stored)


def test_a_chunk_deleted_while_the_store_is_read(stored, tried):
    """Zarr would give zeros."""
    store = open_store(stored)
    (stored / "acts" / "c" / "4" / "0").unlink()
    assert not store.acts_TN[4 * 64 : 5 * 64].any()
    with pytest.raises(ValueError, match=r"acts\.zarr/acts chunk 4: missing; delete the store and rerun store_acts"):
        store.chunk(4)
    assert store.chunk(3).any()
    tried("a chunk of `acts.zarr` deleted while it is read", "reading it stops, as above")


@pytest.mark.parametrize("name", ["acts", "acts/zarr.json"])
def test_a_lost_part_of_the_store_itself(stored, name):
    path = stored / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(
        ValueError, match=r"acts\.zarr/acts: not a Zarr array .*; delete the store and rerun store_acts"
    ):
        open_store(stored)
