"""A Jacobian in a zarr store: written whole or not at all, and shown, drawn, checked and cut from there."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import zarr
from command import LAYER, ROOT, SAMPLES, refused, run
from peak import peak_of

from softmax_cli import compare, layer_jacobian
from softmax_cli.reading.zarrstore import open_store
from softmax_cli.writing.formats.zarr import chunk_places, chunks_of, fill
from softmax_cli.writing.result import Stream

IRIS = [str(SAMPLES / "iris.json"), "-W", str(SAMPLES / "iris_W.csv")]
BATCH = ["-x", "1,2;3,-4;0.5,0.25", "-W", "1,-2,3;0.5,4,-1"]
LAYOUTS = ["numerator", "denominator", "tensor"]


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (["layer-grad", *BATCH], "dL_dW"),
        (["layer-grad", *LAYER, "--wrt", "x", "--log"], "dlogL_dx"),
        (["linear-grad", *LAYER], "dZ_dW"),
        (["forward", *BATCH], "h"),
    ],
)
def test_a_store_holds_the_bits_of_the_npy_file(tmp_path, command, key):
    for suffix in ("npy", "zarr"):
        run(*command, "-o", f"a.{suffix}", cwd=tmp_path)
    found = zarr.open_array(tmp_path / "a.zarr", mode="r")
    expected = np.load(tmp_path / "a.npy")
    assert (found.shape, found[...].tobytes()) == (expected.shape, expected.tobytes())
    assert found.attrs["softmax-jac"]["result"] == key


@pytest.mark.parametrize(
    ("layout", "inputs", "outputs"),
    [
        ("numerator", IRIS, []),
        ("numerator", BATCH, ["--outputs", "2,0"]),
        ("denominator", BATCH, ["--outputs", "0,2"]),
        ("tensor", IRIS, ["--outputs", "1-2"]),
        ("tensor", BATCH, []),
    ],
)
def test_what_is_shown_of_a_store_is_what_is_shown_of_the_layer(tmp_path, layout, inputs, outputs):
    run("layer-grad", *inputs, "--layout", layout, "-o", "a.zarr", cwd=tmp_path)
    own = ["layer-grad", *inputs, "--layout", layout, *outputs]
    assert run("layer-grad", "a.zarr", *outputs, "--full", cwd=tmp_path).stdout == run(*own, "--full").stdout
    for name, command in (("stored", ["layer-grad", "a.zarr", *outputs]), ("own", own)):
        run(*command, "-o", f"{name}.npy", cwd=tmp_path)
    assert (tmp_path / "stored.npy").read_bytes() == (tmp_path / "own.npy").read_bytes()


def test_pictures_of_a_store_are_those_of_the_layer(tmp_path):
    layout, outputs = "denominator", ["--outputs", "2,0"]
    run("layer-grad", *IRIS, "--layout", layout, "-o", "a.zarr", cwd=tmp_path)
    own = ["layer-grad", *IRIS, "--layout", layout, *outputs]
    heatmap = ["--format", "heatmap"]
    assert run("layer-grad", "a.zarr", *outputs, *heatmap, cwd=tmp_path).stdout == run(*own, *heatmap).stdout
    run("layer-grad", "a.zarr", *outputs, "--plot", "stored.svg", cwd=tmp_path)
    run(*own, "--plot", "own.svg", cwd=tmp_path)
    assert (tmp_path / "stored.svg").read_bytes() == (tmp_path / "own.svg").read_bytes()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize("format", [2, 3])
def test_a_store_of_anybodys_is_compared_as_the_array_in_it(tmp_path, layout, dtype, format):
    """Chunks that fit neither rows nor outputs, compressed as zarr does by default."""
    W, x = np.random.default_rng(3).standard_normal((5, 7)), np.linspace(0.5, 1.5, 5)
    D = layer_jacobian(x, W)
    theirs = {"numerator": D, "denominator": D.T, "tensor": D.reshape(7, 7, 5).transpose(0, 2, 1)}[layout].astype(dtype)
    reports = {}
    for name, values in (("right", theirs), ("wrong", -theirs)):
        zarr.create_array(
            store=tmp_path / name,
            data=np.ascontiguousarray(values),
            chunks=(2, 3, 4)[: theirs.ndim],
            zarr_format=format,
        )
        reports[name] = compare(open_store(str(tmp_path / name)), x, W)
    assert (reports["right"].agrees, reports["right"].layout, reports["right"].precision) == (
        True, layout, {"f8": "float64", "f4": "float32"}[dtype],
    )  # fmt: skip
    assert (reports["wrong"].differing, reports["wrong"].diagnosis) == (7 * 35, "sign-flipped")


def test_check_reads_a_store(tmp_path):
    run("layer-grad", *IRIS, "--wrt", "x", "-o", "a.zarr", cwd=tmp_path)
    done = run("check", *IRIS, "--of", "dL_dx", "--against", "a.zarr", cwd=tmp_path)
    assert done.stdout == "a.zarr: dL_dx: agrees (numerator layout)\n"


@pytest.mark.slow
def test_memory_for_a_store_of_200_mb_is_bounded(tmp_path):
    """Its chunks are of 64 MB."""
    layer, store = str(tmp_path / "m.npz"), str(tmp_path / "a.zarr")
    np.savez(layer, x=np.ones(1000), W=np.random.default_rng(0).standard_normal((1000, 158)) / 30)
    assert peak_of("layer-grad", layer, "-o", store) < 200_000_000
    assert peak_of("layer-grad", store, "--format", "heatmap") < 120_000_000
    assert peak_of("layer-grad", store, "--plot", str(tmp_path / "a.png")) < 180_000_000
    assert peak_of("layer-grad", store, "--outputs", "1,3-150", "-o", str(tmp_path / "a.npy")) < 120_000_000
    assert peak_of("check", layer, "--against", store) < 140_000_000


def test_a_chunk_is_about_64_mb_of_whole_rows():
    assert chunks_of((1000, 1_000_000)) == (8, 1_000_000)
    assert chunks_of((1000, 10_000_000)) == (1, 10_000_000)
    assert chunks_of((50, 200, 10_000)) == (4, 200, 10_000)
    assert chunks_of((50, 2000, 10_000)) == (1, 838, 10_000)
    assert chunks_of((7, 3)) == (7, 3)
    assert chunks_of((10, 100_000_000)) == (1, 2**23)  # a row of 800 MB is cut
    assert chunks_of(()) == ()


@pytest.mark.parametrize("chunks", [(3, 4, 5), (2, 4, 5), (1, 3, 5), (1, 1, 2)])
def test_blocks_of_any_size_fill_chunks(chunks):
    values = np.arange(60.0).reshape(3, 4, 5)
    array = zarr.create_array(store={}, shape=values.shape, chunks=chunks, dtype="f8")
    fill(array, Stream(values.shape, (part.copy() for part in np.split(values.reshape(-1, 5), [1, 6, 7]))))
    assert array[...].tolist() == values.tolist()
    assert len(list(chunk_places(values.shape, chunks))) == array.nchunks


def test_an_old_store_is_replaced_and_nothing_else_is(tmp_path):
    run("layer-grad", *BATCH, "-o", "a.zarr", cwd=tmp_path)
    run("layer-grad", *LAYER, "-o", "a.zarr", cwd=tmp_path)
    assert zarr.open_array(tmp_path / "a.zarr").shape == (5, 15)
    assert os.listdir(tmp_path) == ["a.zarr"]
    (tmp_path / "b.zarr").mkdir()
    (tmp_path / "b.zarr" / "thesis.tex").touch()
    assert refused("layer-grad", *LAYER, "-o", "b.zarr", cwd=tmp_path) == [
        "softmax-jac: error: b.zarr is there, and is no zarr array",
        "remove it, or choose another name",
    ]
    assert os.listdir(tmp_path / "b.zarr") == ["thesis.tex"]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGKILL", 9)])
def test_a_run_that_is_ended_leaves_no_store_under_the_name(tmp_path, sign):
    np.savez(tmp_path / "m.npz", x=np.ones(1000), W=np.ones((1000, 300)))
    started = subprocess.Popen(
        [sys.executable, "-m", "softmax_cli", "layer-grad", "m.npz", "-o", "a.zarr"], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE,
    )  # fmt: skip
    chunks = lambda: list(tmp_path.glob(".a.zarr.*/c/*"))  # noqa: E731
    while not chunks() and started.poll() is None:
        time.sleep(0.005)
    started.send_signal(sign)
    started.communicate(timeout=60)
    assert started.returncode != 0
    assert not (tmp_path / "a.zarr").exists()
    if sign != signal.SIGKILL:
        assert os.listdir(tmp_path) == ["m.npz"]


def test_without_the_package_the_line_that_installs_it_is_named(tmp_path):
    (tmp_path / "zarr.py").write_text("raise ImportError\n")
    path = os.pathsep.join([str(tmp_path), str(ROOT)])
    missing = [
        "softmax-jac: error: a .zarr store needs the package zarr, 3 or newer",
        "pip install 'softmax-jac[zarr]'",
    ]
    assert refused("layer-grad", *LAYER, "-o", "a.zarr", cwd=tmp_path, env={"PYTHONPATH": path}) == missing
    assert os.listdir(tmp_path) == ["zarr.py"] or sorted(os.listdir(tmp_path)) == ["__pycache__", "zarr.py"]


REFUSED = {
    "another command": (["softmax-grad", "a.zarr"], ["a.zarr holds dL_dW", "softmax-jac layer-grad reads it"]),
    "inputs beside it": (
        ["layer-grad", "a.zarr", "-x", "1"],
        ["-x does not go with a store, which holds the result itself"],
    ),
    "another layout": (
        ["layer-grad", "a.zarr", "--layout", "tensor"],
        ["a.zarr is stored in numerator layout, where --layout is tensor"],
    ),
    "an output that is none": (
        ["layer-grad", "a.zarr", "--outputs", "5"],
        ["--outputs 5: 5 is not within the 5 outputs, 0 to 4"],
    ),
    "an output that is not there": (
        ["layer-grad", "some.zarr", "--outputs", "1"],
        ["--outputs: output 1 is not among those that were stored"],
    ),
    "a stream": (["layer-grad", *LAYER, "--format", "zarr"], ["zarr is a folder, which no stream can carry",
                 "add -o FILE.zarr"]),
    "nowhere": (["layer-grad", *LAYER, "-o", "no/a.zarr"], ["cannot write no/a.zarr: there is no folder "]),
    "two results": (
        ["loss-grad", *LAYER, "--target", "1", "-o", "b.zarr"],
        ["zarr holds one result, and there are dE_dW and dE_db", "choose one, as in --wrt W, or write .npz or .json"],
    ),
    "no array": (["layer-grad", "empty.zarr"], ["empty.zarr is no zarr array"]),
    "somebody's": (
        ["layer-grad", "theirs.zarr"],
        ["theirs.zarr does not say what it holds, as what softmax-jac wrote does", "check --against takes any store"],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    run("layer-grad", *LAYER, "-o", "a.zarr", cwd=folder)
    run("layer-grad", *LAYER, "--outputs", "0,2", "-o", "some.zarr", cwd=folder)
    (folder / "empty.zarr").mkdir()
    zarr.create_array(store=folder / "theirs.zarr", data=np.ones((2, 2)))
    return folder


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_go_with_a_store_is_refused(stores, case):
    command, (message, *advice) = REFUSED[case]
    found = refused(*command, cwd=stores)
    assert found[0].removesuffix(str(stores / "no")) == f"softmax-jac: error: {message}"
    assert found[1:] == advice
