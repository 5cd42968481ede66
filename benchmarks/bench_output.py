"""Writing dL/dW, against writing the same bytes plain and against serializing the finished array."""

import json
import subprocess
import sys

import numpy as np
import orjson
import pytest

from softmax_cli import layer_jacobian

SIZES = {"npy": (500, 1000), "json": (300, 200), "csv": (300, 200)}  # J, K: 4 GB, 96 MB, 96 MB
BLOCK = 1 << 20


@pytest.fixture
def inputs(tmp_path, layer):
    """A function of (J, K) that saves the layer and gives the options that read it."""

    def save(J, K):
        x, W = layer(J, K)
        np.save(tmp_path / "x.npy", x)
        np.save(tmp_path / "W.npy", W)
        return ["-x", str(tmp_path / "x.npy"), "-W", str(tmp_path / "W.npy")]

    return save


PLAIN = """
import sys
block = memoryview(bytes(range(256)) * ({block} // 256))
with open({path!r}, "wb", buffering=0) as out:
    for _ in range({size} // {block}):
        out.write(block)
"""


def in_rounds(benchmark, command, path, rounds=7):
    def start():
        path.unlink(missing_ok=True)

    benchmark.pedantic(lambda: subprocess.run(command, check=True), setup=start, rounds=rounds)
    path.unlink()


@pytest.mark.parametrize("layout", ["plain bytes", "numerator", "denominator", "tensor"])
def bench_npy_4_gb(benchmark, tmp_path, inputs, command, layout):
    J, K = SIZES["npy"]
    path = tmp_path / "out.npy"
    benchmark.group, benchmark.name = "layer-grad -o file.npy, 4 GB, whole process", layout
    if layout == "plain bytes":
        program = PLAIN.format(block=BLOCK, path=str(path), size=8 * J * K * K)
        run = [sys.executable, "-c", program]
    else:
        run = [*command, "layer-grad", *inputs(J, K), "--layout", layout, "-o", str(path)]
    in_rounds(benchmark, run, path, rounds=15)


@pytest.mark.parametrize("layout", ["numerator", "denominator", "tensor"])
@pytest.mark.parametrize("format", ["json", "csv"])
def bench_text(benchmark, tmp_path, inputs, command, format, layout):
    J, K = SIZES[format]
    if (format, layout) == ("csv", "tensor"):
        layout = "numerator --outputs 0-99"  # CSV has no tensor: half the rows instead
    path = tmp_path / f"out.{format}"
    benchmark.group, benchmark.name = f"{format} of 96 MB of doubles", f"layer-grad -o out.{format}, {layout}"
    options = ["--layout", *layout.split()]
    in_rounds(benchmark, [*command, "layer-grad", *inputs(J, K), *options, "-o", str(path)], path)


def finished(layer, format):
    return layer_jacobian(*layer(*SIZES[format]))


@pytest.mark.parametrize("format", ["json", "csv"])
def bench_orjson_on_the_finished_array(benchmark, tmp_path, layer, format):
    D, path = finished(layer, format), tmp_path / "out"
    benchmark.group, benchmark.name = f"{format} of 96 MB of doubles", "orjson on the finished array, written"

    def run():
        path.write_bytes(orjson.dumps(D, option=orjson.OPT_SERIALIZE_NUMPY))

    benchmark.pedantic(run, rounds=7)


def bench_json_dumps(benchmark, tmp_path, layer):
    D, path = finished(layer, "json"), tmp_path / "out"
    benchmark.group, benchmark.name = "json of 96 MB of doubles", "json.dumps on the finished array, written"
    benchmark.pedantic(lambda: path.write_text(json.dumps(D.tolist())), rounds=2)


def bench_savetxt(benchmark, tmp_path, layer):
    D, path = finished(layer, "csv"), tmp_path / "out"
    benchmark.group, benchmark.name = "csv of 96 MB of doubles", "numpy.savetxt on the finished array"
    benchmark.pedantic(lambda: np.savetxt(path, D, delimiter=",", fmt="%.17g"), rounds=2)
