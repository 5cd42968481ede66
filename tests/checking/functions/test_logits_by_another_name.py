"""Without weights, what people call the inputs are the logits, and what they call dx is by these."""

import numpy as np
import people
import pytest

from softmax_cli import check_function


def softmax_loss(x, y):
    p = people.softmax(x)
    loss = -np.log(p[np.arange(len(x)), y]).mean()
    dx = people.logit_gradient(p, y) / len(x)
    return loss, dx


def softmax_grad(x):
    s = people.softmax(x).reshape(-1, 1)
    return np.diagflat(s) - s @ s.T


def jacobian_by_loops(probs):
    jacobian = np.diag(probs)
    for i in range(len(probs)):
        for j in range(len(probs)):
            jacobian[i, j] = probs[i] * ((i == j) - probs[j])
    return jacobian


def backward(dvalues, output):
    dinputs = np.empty_like(dvalues)
    for n, (h, u) in enumerate(zip(output, dvalues, strict=True)):
        dinputs[n] = (np.diag(h) - np.outer(h, h)) @ u
    return dinputs


@pytest.mark.parametrize(
    ("f", "called", "results"),
    [
        (softmax_loss, "softmax_loss(z, y)", ["loss", "dE/dz"]),
        (softmax_grad, "softmax_grad(z)", ["dS/dZ"]),
        (jacobian_by_loops, "jacobian_by_loops(h)", ["dS/dZ"]),
        (backward, "backward(u, h)", ["dE/dz"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_function_without_weights_takes_logits_or_outputs(f, called, results):
    report = check_function(f)
    assert report, str(report)
    assert (report.called, list(dict.fromkeys(found.kind.title for found in report.findings))) == (called, results)


def test_what_is_named_dx_is_by_the_logits_there():
    assert check_function(lambda x, y: softmax_loss(x, y)[::-1], returns="dx,loss")


def test_with_weights_x_is_the_input():
    def dx(x, W, b):
        return people.jacobian_in_the_inputs(x, W, b)

    assert check_function(dx).called == "dx(x, W, b)"


@pytest.mark.parametrize("names", ["Xb, Yb, W, b", "x_train, y_train, W1, b1", "xb, targ, weights, biases"])
def test_names_of_courses_are_known(names):
    scope = {"g": people.mean_gradient}
    x, y, W, b = names.split(", ")
    exec(f"def f({names}):\n    return g({x}, {W}, {b}, {y})", scope)
    assert check_function(scope["f"]).called == "f(x, y, W, b)"
