"""Functions of logistic regression as people write them: one output, y 0 or 1, w flat, as a column or as a row."""

import numpy as np
import pytest

from softmax_cli import check_function

HELD = "{} is held to a binary classifier: one output, the second of two, the first of which is 0"


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def flat(X, y, w, b):
    p = sigmoid(X @ w + b)
    dw, db = X.T @ (p - y) / len(y), np.sum(p - y) / len(y)
    return dw, db


def columns(X, y, w, b):
    assert y.shape == (len(X), 1)
    p = sigmoid(X @ w + b)
    dw, db = X.T @ (p - y) / len(y), np.mean(p - y, axis=0)
    return dw, db


def propagate(w, b, X, Y):
    m = X.shape[1]
    A = sigmoid(np.dot(w.T, X) + b)
    return {"dw": np.dot(X, (A - Y).T) / m, "db": np.sum(A - Y) / m, "dz": (A - Y) / m}


def rows(x, weight, bias, target):
    assert weight.shape == (1, x.shape[1])
    d = (sigmoid(x @ weight.T + bias) - target) / len(x)
    return {"dW": d.T @ x, "db": d.sum(axis=0), "dz": d}


def penalised(w, X, y, lam=0.0):
    return X.T @ (sigmoid(X @ w) - y) / len(y) + lam * w


def predict(X, w, b):
    return sigmoid(X @ w + b)


def cost(X, y, w, b):
    z = X @ w + b
    return np.mean(np.logaddexp(0.0, z) - y * z)


@pytest.mark.parametrize(
    ("f", "called", "results"),
    [
        (flat, "flat(x, y, W[:, 0], b[0])", ["dE_dW", "dE_db"]),
        (columns, "columns(x, y[:, None], W, b)", ["dE_dW", "dE_db"]),
        (propagate, "propagate(W, b[0], x.T, y[None, :])", ["dE_dW", "dE_db", "dE_dz"]),
        (rows, "rows(x, W.T, b, y[:, None])", ["dE_dW", "dE_db", "dE_dz"]),
        (penalised, "penalised(W[:, 0], x, y)", ["dE_dW"]),
        (predict, "predict(x, W[:, 0], b[0])", ["h"]),
        (cost, "cost(x, y, W[:, 0], b[0])", ["loss"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_right_one_agrees_however_w_goes_in(f, called, results):
    report = check_function(f, binary=True)
    assert report, str(report)
    assert report.called == called
    assert list(dict.fromkeys(finding.kind.of for finding in report.findings)) == results
    assert report.notes[0] == HELD.format(f.__name__)


def test_the_problems_are_those_of_one_output():
    report = check_function(flat, binary=True)
    assert [finding.problem.title for finding in report.findings if finding.kind.of == "dE_dW"] == [
        "J < N", "J = 1", "J > N", "N = 1", "N = J", "large logits", "large negative logits", "saturated",
        "tiny inputs", "random", "single precision",
    ]  # fmt: skip
    for finding in report.findings:
        assert set(np.unique(finding.problem.y)) <= {0, 1}
        passed = report.passed(finding.problem)
        assert (passed["W"].shape, passed["b"].shape) == ((finding.problem.x.shape[1], 1), (1,))


def test_an_l2_term_is_tried_where_the_function_takes_one():
    titles = [finding.problem.title for finding in check_function(penalised, binary=True).findings]
    assert titles[-1] == "l2"


def test_a_call_is_written_of_one_output():
    report = check_function(lambda w, X, y: penalised(w, X, y), call="f(W.ravel(), x, y)", binary=True)
    assert report, str(report)


def wrong_sign(X, y, w, b):
    p = sigmoid(X @ w + b)
    return {"dw": X.T @ (y - p) / len(y), "db": np.mean(y - p)}


def summed(X, y, w, b):
    p = sigmoid(X @ w + b)
    return {"dw": X.T @ (p - y), "db": np.sum(p - y) / len(y)}


def without_sigmoid(X, y, w, b):
    p = X @ w + b
    return {"dw": X.T @ (p - y) / len(y), "db": np.mean(p - y)}


def squared(X, y, w, b):
    p = sigmoid(X @ w + b)
    return {"dw": X.T @ ((p - y) * p * (1 - p)) / len(y)}


@pytest.mark.parametrize(
    ("f", "diagnosis", "advice"),
    [
        (wrong_sign, "sign-flipped", "every entry has the opposite sign: look for a minus too many or too few"),
        (
            summed,
            "scaled",
            "every entry is 16 times what it should be: a sum over the 16 inputs, where their mean is expected",
        ),
        (without_sigmoid, "missing-softmax", "the logits stand in the place of h: apply the sigmoid to them"),
        (
            squared,
            "squared-error",
            "this is the derivative of the squared error Σ(h − y)²: that of the cross-entropy is h − y in the logits",
        ),
    ],
)
def test_mistakes_are_named(f, diagnosis, advice):
    (report,) = [
        finding.report
        for finding in check_function(f, binary=True).findings
        if finding.kind.of == "dE_dW" and finding.problem.title == "random"
    ]
    assert (report.diagnosis, report.advice) == (diagnosis, advice)


def test_sigmoids_of_several_outputs_stay_a_mistake():
    report = check_function(lambda X, w, b: sigmoid(X @ w + b))
    assert "sigmoid" in {finding.report.diagnosis for finding in report.findings}
