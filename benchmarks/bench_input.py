"""Reading, against parsing the same bytes and making an array of them unchecked."""

import numpy as np
import orjson
import pytest

from softmax_cli.reading.jsonfile import parse_document
from softmax_cli.reading.option_arrays import read_array, read_entry
from softmax_cli.reading.read_problem import read_problem

LARGE = "a JSON document with W of 1000 × 1000"
SMALL = "1000 lines of JSON with four numbers each"


def large(tmp_path):
    W = np.random.default_rng(3).standard_normal((1000, 1000))
    path = tmp_path / "in.json"
    path.write_bytes(orjson.dumps({"x": W[0].tolist(), "W": W.tolist()}))
    return path


def bench_large_json_plain(benchmark, tmp_path):
    path = large(tmp_path)
    benchmark.group, benchmark.name = LARGE, "plain: orjson and numpy.array"
    benchmark.pedantic(lambda: np.array(orjson.loads(path.read_bytes())["W"]), rounds=15)


def bench_large_json(benchmark, tmp_path):
    path = large(tmp_path)
    benchmark.group, benchmark.name = LARGE, "read_problem"
    benchmark.pedantic(lambda: read_problem(str(path), None, None, None), rounds=15)


def lines():
    return [orjson.dumps({"id": n, "x": [0.1, 0.2, 0.3, 0.4], "target": 2}) for n in range(1000)]


def bench_small_lines_plain(benchmark):
    text = lines()
    benchmark.group, benchmark.name = SMALL, "plain: orjson"
    benchmark(lambda: [orjson.loads(line) for line in text])


def bench_small_lines(benchmark):
    text = lines()
    benchmark.group, benchmark.name = SMALL, "parse_document"
    benchmark(lambda: [parse_document(line, "line 1") for line in text])


MATRIX, ROWS = (20_000, 12), 20_000


def matrix(tmp_path):
    return tmp_path, np.random.default_rng(5).standard_normal(MATRIX)


def compared(benchmark, group, reader, read):
    """One of two ways to the same numbers."""
    benchmark.group, benchmark.name = f"{group}, {MATRIX[0]} × {MATRIX[1]}", reader
    benchmark.pedantic(read, rounds=15, warmup_rounds=1)


WAYS = ["numpy", "ours"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("suffix", ["npy", "npz", "csv", "txt"])
def bench_matrix(benchmark, tmp_path, suffix, way):
    folder, W = matrix(tmp_path)
    path = str(folder / f"W.{suffix}")
    {
        "npy": lambda: np.save(path, W),
        "npz": lambda: np.savez(path, W=W),
        "csv": lambda: np.savetxt(path, W, delimiter=","),
        "txt": lambda: np.savetxt(path, W),
    }[suffix]()
    plain = {
        "npy": lambda: np.load(path),
        "npz": lambda: np.load(path)["W"],
        "csv": lambda: np.loadtxt(path, delimiter=","),
        "txt": lambda: np.loadtxt(path),
    }[suffix]
    compared(benchmark, f".{suffix}", way, plain if way == "numpy" else lambda: read_array(path, "-W", 2))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("column", [0, 6, 12])
def bench_table_without_a_column_of_words(benchmark, tmp_path, column, way):
    folder, W = matrix(tmp_path)
    path = folder / "x.csv"
    names = [f"c{n}" for n in range(12)]
    names.insert(column, "y")
    rows = [[*map(repr, row)] for row in W.tolist()]
    for row in rows:
        row.insert(column, "setosa")
    path.write_text("\n".join(map(",".join, [names, *rows])) + "\n")
    kept = [n for n in range(13) if n != column]
    plain = lambda: np.loadtxt(path, delimiter=",", skiprows=1, usecols=kept)  # noqa: E731
    ours = lambda: read_entry(str(path), "-x", "x", left_out=("y",))  # noqa: E731
    compared(benchmark, f"a table without its column {column}", way, plain if way == "numpy" else ours)


@pytest.mark.parametrize("way", WAYS)
def bench_column_of_labels(benchmark, tmp_path, way):
    path = tmp_path / "y.csv"
    path.write_text("species\n" + "setosa\nvirginica\n" * (ROWS // 2))
    plain = lambda: np.loadtxt(path, dtype="U10", skiprows=1)  # noqa: E731
    ours = lambda: read_array(str(path), "--target", 1, names=("setosa", "virginica"))  # noqa: E731
    compared(benchmark, "a column of labels", way, plain if way == "numpy" else ours)
