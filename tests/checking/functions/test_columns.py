"""Functions that take each input as a column, as MATLAB and some courses have it."""

import numpy as np
import people
import pytest

from softmax_cli import check_function


def softmax(Z, axis=0):
    e = np.exp(Z - Z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def propagate(W, b, X, Y):
    """W (K, J), b (K, 1), X (J, N) and Y (K, N)."""
    A = softmax(W @ X + b)
    dZ = (A - Y) / X.shape[1]
    return {"A": A, "dZ": dZ, "dW": dZ @ X.T, "db": dZ.sum(axis=1, keepdims=True), "dX": W.T @ dZ}


def cost(theta, data, labels, lambda_):
    """theta (K, J), data (J, N) and class indices, with an L2 term."""
    M = data.shape[1]
    truth = np.eye(len(theta))[:, labels]
    z = theta @ data
    p = softmax(z)
    z = z - z.max(axis=0)
    loss = (np.log(np.exp(z).sum(axis=0)) - z[labels, np.arange(M)]).mean() + lambda_ / 2 * np.sum(theta**2)
    return loss, (p - truth) @ data.T / M + lambda_ * theta


def stored_in_out(x, w, bias, t):
    """w (J, K) and bias (K,)."""
    p = softmax(w.T @ x + bias[:, None])
    p[t, np.arange(x.shape[1])] -= 1
    return x @ p.T / x.shape[1]


def backprop(x, y, weights, biases):
    """One input, x (J, 1), y (K, 1) and biases (K, 1)."""
    delta = softmax(weights @ x + biases) - y
    if x.shape != (len(x), 1):
        raise ValueError("one input at a time")
    return delta, delta @ x.T


@pytest.mark.parametrize(
    ("f", "called", "results"),
    [
        (propagate, "propagate(W.T, b[:, None], x.T, onehot.T)", ["h", "dE/dz", "dE/dW", "dE/db", "dE/dx"]),
        (cost, "cost(W.T, x.T, y, l2)", ["loss", "dE/dW"]),
        (stored_in_out, "stored_in_out(x.T, W, b, y)", ["dE/dW"]),
    ],
)
def test_a_right_function_of_columns_agrees_on_every_problem(f, called, results):
    report = check_function(f, batch=True)
    assert report, str(report)
    assert report.called == called
    assert list(dict.fromkeys(finding.kind.title for finding in report.findings)) == results
    assert report.notes[0] == f"{f.__name__} takes each input as a column: x.T is (J, N)"


def test_one_input_as_a_column_is_one_input():
    report = check_function(backprop)
    assert report, str(report)
    assert report.called == "backprop(x[:, None], onehot[:, None], W.T, b[:, None])"
    assert "backprop takes one input at a time: no batch x (N, J) was tried" in report.notes


def test_a_call_that_is_written_out_may_pass_columns():
    def f(a, c, d, e):
        return propagate(c, d, a, e)["dX"]

    report = check_function(f, call="f(x.T, W.T, b[:, None], onehot.T)", returns="dx", batch=True)
    assert report, str(report)


@pytest.mark.parametrize(
    ("mistake", "results", "diagnosis"),
    [
        (lambda made, X: made | {"dW": made["dW"] * X.shape[1]}, "dE/dW", "scaled"),
        (lambda made, X: made | {"dX": -made["dX"]}, "dE/dx", "sign-flipped"),
    ],
)
def test_what_is_wrong_in_columns_is_named_as_in_rows(mistake, results, diagnosis):
    report = check_function(lambda W, b, X, Y: mistake(propagate(W, b, X, Y), X), batch=True)
    (failure,) = report.failures
    assert (failure.what, failure.smallest.report.diagnosis) == (f"{results} differs", diagnosis)


def test_a_softmax_along_the_columns_of_rows_is_a_mistake():
    def f(x, W, b):
        return softmax(x @ W + b, axis=0)

    report = check_function(f, batch=True)
    assert report.called == "f(x, W, b)"
    assert report.failures[0].smallest.report.diagnosis == "wrong-axis"


def test_a_function_of_rows_is_called_with_rows():
    assert check_function(people.everything).called == "everything(x, W, b, y)"
