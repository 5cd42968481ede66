"""A zarr store of anybody's is data: nothing in it is executed, and it costs no more than it says."""

import json
import os
import pickle

import numpy as np
import pytest
import zarr

from softmax_cli import InputError
from softmax_cli.reading.zarrstore import SLAB, PlainArray, open_store


def changed(path, change):
    file = path / "zarr.json"
    about = json.loads(file.read_text())
    change(about)
    file.write_text(json.dumps(about))


def error_of(path):
    with pytest.raises(InputError) as caught:
        np.asarray(open_store(str(path)))
    return str(caught.value)


def test_a_pickle_in_a_chunk_is_refused_and_not_run(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    store = tmp_path / "a.zarr"
    store.mkdir()
    about = {
        "zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "<f8", "order": "C", "fill_value": 0.0,
        "compressor": {"id": "pickle", "protocol": 5}, "filters": None,
    }  # fmt: skip
    (store / ".zarray").write_text(json.dumps(about))
    (store / "0").write_bytes(pickle.dumps(Harm()))
    assert error_of(store) == f"{store} is stored by 'pickle', which is not read"
    (store / ".zarray").write_text(json.dumps(about | {"compressor": None, "filters": [{"id": "pickle"}]}))
    assert error_of(store) == f"{store} is stored by 'pickle', which is not read"
    (store / ".zarray").write_text(json.dumps(about | {"compressor": None, "dtype": "|O"}))
    assert error_of(store) == f"{store} holds '|O', where real numbers are expected"
    assert not (tmp_path / "harm").exists()


DAMAGES = {
    "no JSON": (lambda store: (store / "zarr.json").write_text("{"), "{} has damaged metadata, zarr.json"),
    "a shape of text": (
        lambda store: changed(store, lambda a: a.update(shape="ab")), "{} has damaged metadata, zarr.json",
    ),
    "a shape below 0": (
        lambda store: changed(store, lambda a: a.update(shape=[-1, 4])), "{} has damaged metadata, zarr.json",
    ),
    "nothing in it": (lambda store: changed(store, lambda a: a.update(shape=[0, 4])), "{} is empty (shape (0, 4))"),
    "text": (
        lambda store: changed(store, lambda a: a.update(data_type="string")),
        "{} holds 'string', where real numbers are expected",
    ),
    "gzip": (
        lambda store: changed(store, lambda a: a["codecs"].append({"name": "gzip", "configuration": {"level": 1}})),
        "{} is stored by 'gzip', which is not read",
    ),
    "a chunk that claims much": (
        lambda store: changed(store, lambda a: a["chunk_grid"]["configuration"].update(chunk_shape=[2**20, 2**20])),
        "{} has chunks (1048576, 1048576), where at most 1 GiB each is read",
    ),
    "a chunk cut short": (
        lambda store: (store / "c/1/0").write_bytes(b"1234"),
        "{0}{1}c{1}1{1}0 holds 4 bytes of numbers, where 64 are expected",
    ),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_store_is_refused(tmp_path, damage):
    store = tmp_path / "a.zarr"
    zarr.create_array(store=store, data=np.ones((3, 4)), chunks=(2, 4), compressors=None)
    change, message = DAMAGES[damage]
    change(store)
    assert error_of(store) == message.format(store, os.sep)


@pytest.mark.parametrize("compressor", ["zstd", "blosc"])
def test_a_chunk_that_unpacks_to_more_than_its_place_is_refused(tmp_path, compressor):
    codec = {"zstd": zarr.codecs.ZstdCodec(), "blosc": zarr.codecs.BloscCodec()}[compressor]
    small, large = tmp_path / "small.zarr", tmp_path / "large.zarr"
    zarr.create_array(store=small, data=np.ones((4, 64)), chunks=(2, 64), compressors=codec)
    zarr.create_array(store=large, data=np.zeros((1000, 1000)), chunks=(1000, 1000), compressors=codec, config=KEPT)
    assert np.asarray(open_store(str(small))).tolist() == np.ones((4, 64)).tolist()
    (small / "c/1/0").write_bytes((large / "c/0/0").read_bytes())
    assert error_of(small) == f"{small / 'c' / '1' / '0'} holds 8000000 bytes of numbers, where 1024 are expected"


KEPT = {"write_empty_chunks": True}


def test_a_chunk_of_damaged_bytes_is_refused(tmp_path):
    store = tmp_path / "a.zarr"
    zarr.create_array(store=store, data=np.arange(4096.0), chunks=(4096,), compressors=zarr.codecs.ZstdCodec())
    chunk = store / "c/0"
    start = chunk.read_bytes()[:40]
    chunk.write_bytes(start + b"\xff" * 50)
    assert error_of(store).startswith(f"cannot read {store}: ")


def test_a_result_of_ours_that_lacks_a_chunk_is_refused(tmp_path):
    """A chunk that is not there stands for zeros in zarr; what this program writes has all of them."""
    store = tmp_path / "a.zarr"
    zarr.create_array(store=store, data=np.ones((4, 2)), chunks=(1, 2), attributes={"softmax-jac": {}})
    (store / "c/2/0").unlink()
    assert error_of(store) == f"{store} is not whole: 3 of 4 chunks are there"
    changed(store, lambda about: about.update(attributes={}))
    assert np.asarray(open_store(str(store)))[:, 0].tolist() == [1.0, 1.0, 0.0, 1.0]


def test_a_group_is_refused_with_the_arrays_in_it(tmp_path):
    zarr.create_group(store=tmp_path / "g.zarr").create_array("dL_dW", shape=(2, 2), dtype="f8")
    with pytest.raises(InputError) as caught:
        open_store(str(tmp_path / "g.zarr"))
    assert str(caught.value) == f"{tmp_path / 'g.zarr'} is no zarr array"
    assert caught.value.advice == f"it holds 'dL_dW': name one, as in {tmp_path / 'g.zarr' / 'dL_dW'}"
    assert open_store(str(tmp_path / "g.zarr/dL_dW")).shape == (2, 2)


@pytest.mark.parametrize("chunks", [(4, 5, 6), (1, 2, 6), (3, 2, 4), (2, 5, 1)])
@pytest.mark.parametrize("slab", [8, 100, 320, 5000])
def test_any_entries_are_those_of_the_array_for_any_chunks(tmp_path, monkeypatch, chunks, slab):
    monkeypatch.setattr("softmax_cli.reading.zarrstore.SLAB", slab)
    values = np.arange(4 * 5 * 6.0).reshape(4, 5, 6)
    zarr.create_array(store=tmp_path / "a", data=values, chunks=chunks)
    stored = open_store(str(tmp_path / "a"))
    for first, stop in ((0, 120), (7, 8), (29, 31), (50, 120), (119, 120)):
        assert stored.entries(first, stop).tolist() == values.ravel()[first:stop].tolist()


@pytest.mark.parametrize("chunks", [(4, 5, 6), (3, 5, 6), (1, 2, 6), (1, 1, 4), (1, 1, 1), (5, 5, 6), (2, 2, 6)])
def test_any_entries_are_read_from_chunks_that_are_stored_as_they_are(tmp_path, chunks):
    values = np.arange(4 * 5 * 6.0).reshape(4, 5, 6)
    zarr.create_array(store=tmp_path / "a", data=values, chunks=chunks, compressors=None, config=KEPT)
    stored = open_store(str(tmp_path / "a"))
    assert isinstance(stored, PlainArray) == (chunks != (2, 2, 6))
    for first, stop in ((0, 120), (7, 8), (29, 31), (50, 120), (119, 120)):
        assert stored.entries(first, stop).tolist() == values.ravel()[first:stop].tolist()


def test_a_chunk_that_is_cut_short_meanwhile_is_refused(tmp_path):
    zarr.create_array(store=tmp_path / "a", data=np.ones((4, 5)), chunks=(2, 5), compressors=None)
    stored = open_store(str(tmp_path / "a"))
    os.truncate(tmp_path / "a" / "c" / "1" / "0", 72)
    with pytest.raises(InputError) as caught:
        stored.entries(0, 20)
    assert str(caught.value) == f"{tmp_path / 'a'} was cut short while it was read"
    os.remove(tmp_path / "a" / "c" / "1" / "0")
    with pytest.raises(InputError) as caught:
        stored.entries(0, 20)
    assert str(caught.value).startswith(f"cannot read {tmp_path / 'a'}: ")


def test_memory_at_once_is_a_slab_whatever_the_array(tmp_path):
    store = tmp_path / "a.zarr"
    zarr.create_array(store=store, shape=(2**20, 2**20), chunks=(1, 2**20), dtype="f8")
    stored = open_store(str(store))
    assert stored.entries(5, 6).tolist() == [0.0]
    assert stored._slab[1].nbytes <= SLAB
