"""Reading, against parsing the same bytes and making an array of them unchecked."""

import numpy as np
import orjson

from softmax_cli.reading.jsonfile import parse_document
from softmax_cli.reading.problem import read_problem

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
