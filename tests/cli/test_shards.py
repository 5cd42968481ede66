"""A data set in shards has one result: for any shards and workers, and from partials put together in any order."""

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from command import refused, run

from softmax_cli import loss_gradient

N, J, K = 600, 6, 4


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(11)
    x = rng.standard_normal((N, J))
    x[N // 2 :] = -x[: N // 2] * (1 + 2.0**-45)
    W, t, w = rng.standard_normal((J, K)), rng.integers(0, K, N), rng.random(N)
    np.save(tmp_path / "W.npy", W)
    return tmp_path, x, W, t, w


def shard(folder, count, **columns):
    """Write each array in so many unequal shards."""
    rng = np.random.default_rng(count)
    edges = sorted(rng.choice(np.arange(1, N), count - 1, replace=False).tolist())
    for name, values in columns.items():
        for n, part in enumerate(np.split(values, edges)):
            np.save(folder / f"{name}-{n:02}.npy", part)


def hashed(path):
    with np.load(path) as file:
        return hashlib.sha256(b"".join(np.asarray(file[key]).tobytes() for key in ("loss", "dE_dW", "dE_db"))).digest()


def hash_of(found):
    return hashlib.sha256(
        b"".join(np.asarray(part).tobytes() for part in (found.loss, found.dE_dW, found.dE_db))
    ).digest()


SHARDS = ["loss-grad", "-W", "W.npy", "-x", "x-*.npy", "--target", "t-*.npy", "--sample-weights", "w-*.npy"]


@pytest.mark.parametrize("count", [1, 2, 7, 24])
@pytest.mark.parametrize("workers", [[], ["--workers", "2"]])
def test_any_shards_and_workers_give_the_same_bits(data, count, workers):
    folder, x, W, t, w = data
    shard(folder, count, x=x, t=t, w=w)
    run(*SHARDS, *workers, "-o", "g.npz", cwd=folder)
    assert hashed(folder / "g.npz") == hash_of(loss_gradient(x, W, target=t, sample_weights=w))


def test_partials_in_any_order_give_the_same_bits_with_l2(data):
    folder, x, W, t, w = data
    shard(folder, 3, x=x, t=t, w=w)
    names = []
    for n in (2, 0, 1):
        one = ["-x", f"x-0{n}.npy", "--target", f"t-0{n}.npy", "--sample-weights", f"w-0{n}.npy"]
        run("loss-grad", "-W", "W.npy", *one, "--partial", "-o", f"p{n}.npz", cwd=folder)
        names.append(f"p{n}.npz")
    done = run("merge", *names, "-W", "W.npy", "--l2", "0.5", "--expect-rows", "600", "-o", "g.npz", cwd=folder)
    assert done.stderr == "softmax-jac: 600 rows in 3 shards of 3 partials\n"
    assert hashed(folder / "g.npz") == hash_of(loss_gradient(x, W, target=t, sample_weights=w, l2=0.5))


def test_a_tie_that_sums_do_not_settle_is_settled_from_the_shards(tmp_path):
    """1/2 + 2^-54 + 2^-301 lies above the middle between two doubles; d is exactly ±1/2."""
    np.save(tmp_path / "W.npy", np.zeros((1, 2)))
    for n, x in enumerate([1.0, 2.0**-53, 2.0**-300]):
        np.save(tmp_path / f"x-{n}.npy", [[x]])
        np.save(tmp_path / f"t-{n}.npy", [1])
    sums = ["loss-grad", "-W", "W.npy", "-x", "x-*.npy", "--target", "t-*.npy", "--reduction", "sum"]
    for workers in ([], ["--workers", "2"]):
        found = json.loads(run(*sums, *workers, "--json", cwd=tmp_path).stdout)
        assert found["dE_dW"] == [[0.5 + 2.0**-53, -0.5 - 2.0**-53]]
    run(*sums[:-2], "--partial", "-o", "p.npz", cwd=tmp_path)
    done = run("merge", "p.npz", "--reduction", "sum", cwd=tmp_path)
    assert done.stderr.splitlines()[1] == (
        "softmax-jac: dE/dW: 2 entries may be off the correctly rounded sum by 2.5e-32 and a rounding, which sums "
        "alone do not tell; loss-grad on all shards at once does"
    )


def test_folders_hold_shards_too(data):
    folder, x, W, t, _ = data
    for name, values in (("inputs", x), ("labels", t)):
        (folder / name).mkdir()
        for n in range(3):
            np.save(folder / name / f"{n}.npy", values[n::3])
    out = run("loss-grad", "-W", "W.npy", "-x", "inputs", "--target", "labels", "--json", cwd=folder).stdout
    found = json.loads(out)
    assert (found["rows"], found["loss"]) == (N, float(loss_gradient(x, W, target=t).loss))


def test_a_row_that_is_wrong_is_named_with_its_shard(data):
    folder, x, _, t, w = data
    x[150, 2] = np.nan
    t[420] = 7
    for name, values in (("x", x), ("t", t), ("w", w)):
        for n in range(6):
            np.save(folder / f"{name}-{n}.npy", values[n * 100 : (n + 1) * 100])
    (line,) = refused(*SHARDS, "--workers", "2", "-o", "g.npz", cwd=folder)
    assert line in (
        f"softmax-jac: error: {folder / 'x-1.npy'}: x[50,2] is nan, where a finite number is expected",
        f"softmax-jac: error: {folder / 'x-4.npy'}: target 7 of input 20 does not exist: there are 4 outputs, 0 to 3",
    )
    assert not (folder / "g.npz").exists()


REFUSED = {
    "no such files": (["-x", "y-*.npy"], "-x: no file is named like y-*.npy"),
    "too few": (
        ["--target", "t-0.npy"],
        "-x names 2 shards and --target 1, which are paired in the order of their names",
    ),
    "rows that differ": (["--target", "short-*.npy"], "short-1.npy has 2 rows, where x-1.npy has 3"),
    "inputs of rank 1": (["-x", "t-*.npy"], "t-0.npy has shape (3,), where one input a row is expected"),
    "no target": (["--target", None], "every column of dL/dW sums to zero, because the outputs sum to one: its plain "
                  "column sum moves no weight"),
    "dE/dx": (["--wrt", "x"], "--wrt x does not go with a data set in shards: W and b are what is added up over all "
              "inputs"),
    "each alone": (["--reduction", "none"], "reduction none does not go with a data set in shards, which is added up"),
    "an option out of range": (["--label-smoothing", "2"], "--label-smoothing is 2, where a number from 0 to 1 is "
                               "expected"),
    "l2 in a partial": (["--partial", "-o", "p.npz", "--l2", "1"], "--l2 does not go with --partial: it comes in once, "
                        "at the end"),
    "a step in a partial": (["--partial", "-o", "p.npz", "--learning-rate", "1"], "--learning-rate does not go with "
                            "--partial"),
    "a partial nowhere": (["--partial"], "--partial needs -o FILE.npz"),
    "a partial by another name": (["--partial", "-o", "p.json"], "-o p.json: --partial writes .npz"),
    "a partial as a table": (["--partial", "-o", "p.npz", "--format", "csv"], "--format csv does not go with "
                             "--partial, which writes .npz"),
    "a partial drawn": (["--partial", "-o", "p.npz", "--plot", "p.png"], "--plot does not go with --partial, which "
                        "writes .npz"),
    "no workers": (["--workers", "0"], "--workers is 0, where a number of processes or an address, tcp://host:8786, "
                   "is expected"),
    "columns before rows": (["-x", "f-*.npy"], "f-0.npy is stored column by column, and shards are read by rows"),
    "standard input": (["-x", "-", "--workers", "2"], "-x: standard input is no .npy file, and workers read their "
                       "shards themselves"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_does_not_fit_is_refused_before_work_begins(tmp_path, case):
    np.save(tmp_path / "W.npy", np.ones((2, 2)))
    for n in range(2):
        np.save(tmp_path / f"x-{n}.npy", np.ones((3, 2)))
        np.save(tmp_path / f"f-{n}.npy", np.asfortranarray(np.ones((3, 2))))
        np.save(tmp_path / f"t-{n}.npy", np.zeros(3, int))
        np.save(tmp_path / f"short-{n}.npy", np.zeros(3 - n, int))
    changes, message = REFUSED[case]
    options = {"-x": "x-*.npy", "--target": "t-*.npy"}
    flags = ["--partial"] if "--partial" in changes else []
    rest = [word for word in changes if word != "--partial"]
    options |= dict(zip(rest[::2], rest[1::2], strict=True))
    given = [word for pair in options.items() if pair[1] is not None for word in pair]
    assert refused("loss-grad", "-W", "W.npy", *given, *flags, cwd=tmp_path)[0] == f"softmax-jac: error: {message}"


def test_shards_whose_numbers_are_in_another_order_on_the_other_side_are_refused(tmp_path):
    """part-10 comes before part-2, and labels-02 before labels-10."""
    np.save(tmp_path / "W.npy", np.ones((2, 2)))
    for n in (2, 10):
        np.save(tmp_path / f"part-{n}.npy", np.ones((3, 2)))
        np.save(tmp_path / f"labels-{n:02}.npy", np.zeros(3, int))
        np.save(tmp_path / f"t-{n}.npy", np.zeros(3, int))
    shards = ["loss-grad", "-W", "W.npy", "-x", "part-*.npy", "--wrt", "b", "--target"]
    assert refused(*shards, "labels-*.npy", cwd=tmp_path) == [
        "softmax-jac: error: part-10.npy is paired with labels-02.npy, in the order of their names",
        "write their numbers with as many digits on both sides",
    ]
    run(*shards, "t-*.npy", cwd=tmp_path)


def test_a_pipe_is_no_shard_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x-0.npy")
    np.save(tmp_path / "t.npy", np.zeros(5, int))
    assert refused("loss-grad", "-W", "1,2;3,4", "-x", "x-*.npy", "--target", "t.npy", cwd=tmp_path) == [
        "softmax-jac: error: -x: x-0.npy is no regular file, and shards are read more than once"
    ]


def test_a_shard_that_is_damaged_is_named(tmp_path):
    np.save(tmp_path / "x.npy", np.ones((5, 2)))
    os.truncate(tmp_path / "x.npy", 150)
    np.save(tmp_path / "t.npy", np.zeros(5, int))
    shards = ["loss-grad", "-W", "1,2;3,4", "--workers", "1", "--target", "t.npy", "-x"]
    assert refused(*shards, "x.npy", cwd=tmp_path) == [
        "softmax-jac: error: x.npy holds 22 bytes of numbers, where its header (shape (5, 2)) promises 80"
    ]
    (tmp_path / "x.csv").write_text("1,2\n3,4\n")
    assert refused(*shards, "x.csv", cwd=tmp_path)[1:] == ["shards are .npy files"]


def test_partials_that_do_not_belong_together_or_leave_gaps_are_refused(data):
    folder, x, W, t, w = data
    shard(folder, 2, x=x, t=t, w=w)
    np.save(folder / "V.npy", 2 * W)
    for name, weights, n in (("a", "W", 0), ("b", "W", 1), ("c", "V", 1)):
        one = ["-x", f"x-0{n}.npy", "--target", f"t-0{n}.npy"]
        run("loss-grad", "-W", f"{weights}.npy", *one, "--partial", "-o", f"{name}.npz", cwd=folder)
    (folder / "copy.npy").write_bytes((folder / "x-00.npy").read_bytes())
    run("loss-grad", "-W", "W.npy", "-x", "copy.npy", "--target", "t-00.npy", "--partial", "-o", "d.npz", cwd=folder)
    assert refused("merge", "a.npz", "c.npz", cwd=folder) == [
        "softmax-jac: error: a.npz and c.npz: these sums do not belong together: they differ in W"
    ]
    assert refused("merge", "a.npz", "d.npz", cwd=folder) == [
        f"softmax-jac: error: d.npz and a.npz hold the same inputs twice: {folder / 'copy.npy'} and "
        f"{folder / 'x-00.npy'}, {len(np.load(folder / 'x-00.npy'))} rows",
        "add --allow-repeats if they are to count twice",
    ]
    run("merge", "a.npz", "d.npz", "--allow-repeats", cwd=folder)
    rows = len(np.load(folder / "x-00.npy"))
    assert refused("merge", "a.npz", "--expect-rows", "600", cwd=folder)[-1] == (
        f"softmax-jac: error: the partials cover {rows} rows, where 600 are expected"
    )
    assert refused("merge", cwd=folder) == ["softmax-jac: error: merge needs the files of loss-grad --partial"]


def test_no_engine_is_loaded_by_a_call_that_names_none():
    code = "import sys, softmax_cli.cli.app, softmax_cli.running.worker_pools; print('distributed' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
