"""What a user may write: mypy --strict has nothing to say."""

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import softmax_cli
from softmax_cli import (
    InputError,
    check_function,
    compare,
    cross_entropy,
    explain,
    forward,
    heatmap,
    hessian,
    hvp,
    jvp,
    layer_jacobian,
    linear_jacobian,
    load_sums,
    loss_gradient,
    save_sums,
    self_check,
    shards_gradient,
    softmax_jacobian,
    sums,
    vjp,
    weight_gradient,
)

Array = NDArray[np.float64]
x, W = [0.1, 0.5, 0.4], np.ones((3, 5))

z, h = forward(x, W, b=[0.0] * 5)
assert_type(h, Array)
assert_type(layer_jacobian(x, W, method="chain"), Array)
assert_type(softmax_jacobian(x, W), Array)
assert_type(linear_jacobian(x, W), Array)
gradient = weight_gradient([x, x], W, target=[2, 0], reduction="sum")
assert_type(gradient, Array)
assert_type(vjp(x, W, h), Array)
assert_type(jvp(x, W, gradient), Array)
assert_type(hessian(x, W, temperature=2.0), Array)
assert_type(hvp(x, W, gradient, mask=[0]), Array)
found = loss_gradient([x, x], W, target=[2, 0], reduction="mean", wrt=("W", "b"))
assert_type(found.dE_dW, Array | None)
total = sums([x, x], W, target=[2, 0]) + sums([x], W, target=[1])
save_sums(total, "sums.npz")
assert_type(load_sums("sums.npz").gradient(reduction="sum").dE_dW, Array | None)
assert_type(total.loss(W, l2=0.1), float)
assert_type(shards_gradient("x-*.npy", W, target="t-*.npy", map=map).dE_db, Array | None)
assert_type(forward(z=[1.0, 2.0]).h, Array)
assert_type(heatmap(x, W, wrt="x")._repr_svg_(), str | None)
assert_type(str(explain(x, W, entry=(0, 1, 0), mask=[1])), str)
loss = cross_entropy(x, W, target=2)
report = compare(gradient, x, W, of="loss-grad", target=2, rtol=1e-4)
assert_type(report.agrees, bool)
assert_type(report.diagnosis, str | None)


def softmax_gradient(z: Array) -> Array:
    h = np.exp(z) / np.exp(z).sum()
    return np.diag(h) - np.outer(h, h)


assert_type(bool(check_function(softmax_gradient)), bool)
for way in self_check(x, W):
    assert_type(way.agrees, bool)
try:
    forward([1.0], W)
except InputError as error:
    assert_type(error.advice, str)
assert_type(softmax_cli.__version__, str)
