import subprocess
import sys

import exact
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli import InputError, layer_jacobian, linear_jacobian, softmax_jacobian
from softmax_cli.core import layer as core
from softmax_cli.core.batch import batch_of
from softmax_cli.core.jacobian import LAYOUTS, layer_structure, linear_structure, softmax_structure

shapes = st.tuples(st.integers(1, 6), st.integers(1, 5))


def from_the_definition(x, W, b):
    """∂hₜ/∂W[j, i] for every t, j and i, by loops over the article's two cases."""
    J, K = np.shape(W)
    z = [sum(x[j] * W[j][i] for j in range(J)) + b[i] for i in range(K)]
    e = [np.exp(v - max(z)) for v in z]
    h = [v / sum(e) for v in e]
    D = np.empty((K, K * J))
    for t in range(K):
        for i in range(K):
            for j in range(J):
                D[t, i * J + j] = h[t] * ((i == t) - h[i]) * x[j]
    return D


def by_complex_step(x, W, b):
    """∂hₜ/∂W[j, i] = Im hₜ(W + iε) / ε with h = 1/Σexp(zₖ − zₜ): no subtraction of like numbers."""
    J, K = np.shape(W)
    D, step = np.empty((K, K * J)), 1e-40
    for i in range(K):
        for j in range(J):
            moved = np.array(W, dtype=complex)
            moved[j, i] += 1j * step
            z = np.array(x) @ moved + b
            D[:, i * J + j] = [(1 / np.exp(z - z[t]).sum()).imag / step for t in range(K)]
    return D


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shapes, st.integers(0, 2**32), st.floats(0.1, 30.0), st.sampled_from(["shortcut", "chain"]))
def test_every_entry_is_that_of_the_definition(shape, seed, scale, method):
    x, W, b = exact.problem(seed, *shape, scale)
    truth = from_the_definition(x, W, b)
    got = layer_jacobian(x, W, b, method)
    # The definition subtracts h from 1, and so loses what the entry has less than its row.
    np.testing.assert_allclose(got, truth, rtol=1e-11, atol=1e-15 * np.abs(x).max())


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shapes, st.integers(0, 2**32), st.floats(0.1, 300.0))
def test_every_entry_is_that_of_the_complex_step(shape, seed, scale):
    x, W, b = exact.problem(seed, *shape, scale)
    truth = by_complex_step(x, W, b)
    got = layer_jacobian(x, W, b)
    normal = np.abs(truth) > 1e-260
    np.testing.assert_allclose(got[normal], truth[normal], rtol=1e-12 * max(1.0, scale))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shapes, st.integers(0, 2**32), st.floats(0.1, 300.0))
def test_chain_and_shortcut_agree(shape, seed, scale):
    x, W, b = exact.problem(seed, *shape, scale)
    np.testing.assert_allclose(layer_jacobian(x, W, b, "chain"), layer_jacobian(x, W, b), rtol=1e-14, atol=1e-300)


def test_the_chain_multiplies_the_two_matrices(article):
    product = softmax_jacobian(*article) @ linear_jacobian(*article)
    assert layer_jacobian(*article, method="chain").tolist() == product.tolist()


def test_every_column_sums_to_zero():
    x, W, b = exact.problem(2, 4, 5, 3.0)
    assert np.abs(layer_jacobian(x, W, b).sum(axis=0)).max() < 1e-15


def test_an_unknown_method_is_refused(article):
    with pytest.raises(InputError) as caught:
        layer_jacobian(*article, method="backprop")
    assert str(caught.value) == "method is 'backprop', where 'shortcut' or 'chain' is expected"


def structures(N, J, K, outputs):
    rng = np.random.default_rng(0)
    x, W = rng.standard_normal((N, J)), rng.standard_normal((J, K))
    layer, _ = core.evaluate(x, W)
    single = N == 1
    return (
        layer_structure(layer, single, outputs),
        softmax_structure(layer, single, outputs),
        linear_structure(x, K, single, outputs),
    )


CASES = [(1, 3, 5, None), (3, 2, 4, None), (2, 1, 3, None), (4, 3, 1, None), (1, 3, 5, [4, 0]), (3, 2, 4, [1, 2, 3])]


@pytest.mark.parametrize(("N", "J", "K", "outputs"), CASES)
def test_the_layouts_are_the_same_numbers_in_another_order(N, J, K, outputs):
    layer, softmax, linear = structures(N, J, K, outputs)
    for jacobian in (layer, softmax, linear):
        numerator = jacobian.dense()
        assert jacobian.dense("denominator").tolist() == np.swapaxes(numerator, -1, -2).tolist()
    for jacobian in (layer, linear):
        by_output = jacobian.dense().reshape(*jacobian.shape()[:-1], K, J)
        assert jacobian.dense("tensor").tolist() == np.swapaxes(by_output, -1, -2).tolist()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("limit", [8, 40, 100, 300, 10**6])
@pytest.mark.parametrize(("N", "J", "K", "outputs"), CASES)
def test_blocks_of_any_size_make_up_the_dense_array(N, J, K, outputs, limit, layout):
    for jacobian in structures(N, J, K, outputs):
        blocks = [block.copy() for block in jacobian.blocks(layout, limit)]
        dense = jacobian.dense(layout)
        assert np.concatenate(blocks).reshape(dense.shape).tolist() == dense.tolist()


@pytest.mark.parametrize(("N", "J", "K", "outputs"), CASES)
def test_single_entries_are_those_of_the_dense_array(N, J, K, outputs):
    for jacobian in structures(N, J, K, outputs):
        dense = jacobian.dense().reshape(N, len(jacobian.outputs), -1)
        rows, columns = [len(jacobian.outputs) - 1, 0], list(range(0, dense.shape[2], 2))
        assert jacobian.entries(N - 1, rows, columns).tolist() == dense[N - 1][np.ix_(rows, columns)].tolist()


def test_a_matrix_filled_by_several_threads_is_that_of_one():
    x, W, b = exact.problem(1, 40, 300, 5.0)
    layer, single = core.evaluate(x, W, b)
    jacobian = layer_structure(layer, single)
    assert jacobian.dense().nbytes > 1 << 24
    assert np.array_equal(jacobian.dense(), np.concatenate([block.copy() for block in jacobian.blocks()]))


FORKED = """
import os, signal
import numpy as np
from softmax_cli import layer_jacobian
x, W = np.ones(40), np.eye(40, 300)
before = layer_jacobian(x, W)
if child := os.fork():
    raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
signal.alarm(20)
os._exit(0 if np.array_equal(layer_jacobian(x, W), before) else 1)
"""


def test_a_forked_process_does_not_wait_for_the_threads_of_its_parent():
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORKED], timeout=60).returncode == 0


def test_an_output_that_does_not_exist_is_refused():
    with pytest.raises(InputError) as caught:
        structures(1, 2, 3, [0, 3])
    assert str(caught.value) == "output 3 does not exist: there are 3 outputs, 0 to 2"


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("log", [False, True])
def test_what_is_zero_has_no_sign(layout, log):
    x, W = [[0.0, -2.0, 3.0], [-0.0, 0.0, 0.0]], [[1.0, 2.0, 3.0], [0.0, -1.0, 2.0], [1.0, 0.0, 0.0]]
    layer, single = core.evaluate(x, W, mask=[[0], []])
    for structure in (layer_structure, softmax_structure):
        jacobian = structure(layer, single, log=log)
        entries = jacobian.entries(0, range(3), range(jacobian.rows(slice(None)).shape[1]))
        for found in (jacobian.dense(layout), *jacobian.blocks(layout, 64), jacobian.rows(slice(None)), entries):
            assert not np.signbit(found[found == 0.0]).any()


@pytest.mark.parametrize("quantity", ["dL_dW", "dL_db", "dL_dx"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("count", [1, 6])
def test_any_rows_of_a_batch_are_those_of_the_whole(monkeypatch, quantity, layout, count):
    monkeypatch.setattr("softmax_cli.core.batch.PART", 40)
    rng = np.random.default_rng(1)
    x, W = rng.standard_normal((count, 4)), rng.standard_normal((4, 5))
    layer, _ = core.evaluate(x, W, None)
    batch = batch_of(quantity, layer, count == 1, W, None)
    rows = np.concatenate([block.copy() for block in batch.blocks(layout)])
    for first, stop in ((0, len(rows)), (1, 2), (3, len(rows) - 1), (len(rows) - 1, len(rows))):
        part = np.concatenate([block.copy() for block in batch.part(layout, first, stop)])
        assert part.tolist() == rows[first:stop].tolist()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("limit", [8, 64, 200, 10**6])
def test_blocks_of_any_rows_are_those_of_the_whole(layout, limit):
    rng = np.random.default_rng(2)
    layer, _ = core.evaluate(rng.standard_normal((3, 4)), rng.standard_normal((4, 5)), None)
    found = layer_structure(layer, False, [4, 1, 2])
    rows = found.dense(layout).reshape(-1, found.shape(layout)[-1])
    for first in range(len(rows)):
        for stop in range(first + 1, len(rows) + 1):
            blocks = [block.copy() for block in found.blocks(layout, limit, (first, stop))]
            assert np.concatenate(blocks).tolist() == rows[first:stop].tolist()
            assert max(map(len, blocks)) <= max(1, limit // (8 * rows.shape[1]))
