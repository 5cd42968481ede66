"""`compare` over many inputs: results with a leading axis, and the gradient of a data set."""

import json

import numpy as np
import pytest
from command import SAMPLES, run

from softmax_cli import InputError, compare

N, J, K = 6, 4, 3


def data(seed=0, N=N, J=J, K=K):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, J)), rng.normal(size=(J, K)), rng.normal(size=K), rng.integers(0, K, N)


def softmax(z, axis=1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def one_hot(t, K=K):
    return np.eye(K)[t]


def backward(x, W, b, t):
    """The mean over the inputs, as one writes it with matrix products."""
    return x.T @ (softmax(x @ W + b) - one_hot(t, W.shape[1])) / len(x)


def jacobians(x, W, b):
    h = softmax(x @ W + b)
    return np.array([np.kron(np.diag(p) - np.outer(p, p), v) for p, v in zip(h, x, strict=True)])


def test_a_right_backward_pass_over_a_data_set_passes():
    for seed, size in ((0, 6), (1, 1), (2, 5000)):
        x, W, b, t = data(seed, size)
        assert compare(backward(x, W, b, t), x, W, b, of="loss-grad", target=t).agrees
        assert compare(size * backward(x, W, b, t), x, W, b, of="loss-grad", target=t, reduction="sum").agrees


def test_gradients_kept_apart_pass():
    x, W, b, t = data()
    apart = x[:, :, None] * (softmax(x @ W + b) - one_hot(t))[:, None, :]
    report = compare(apart, x, W, b, of="loss-grad", target=t, reduction="none")
    assert (report.agrees, report.layout) == (True, "in-out")
    assert compare(apart.transpose(0, 2, 1), x, W, b, of="loss-grad", target=t, reduction="none").layout == "out-in"


def test_an_upstream_for_each_input():
    x, W, b, _ = data()
    u = np.random.default_rng(1).normal(size=(N, K))
    h = softmax(x @ W + b)
    G = x.T @ (h * (u - (h * u).sum(axis=1, keepdims=True))) / N
    assert compare(G, x, W, b, of="loss-grad", upstream=u).agrees


WRONG = {
    "scaled": lambda x, W, b, t: N * backward(x, W, b, t),
    "sign-flipped": lambda x, W, b, t: -backward(x, W, b, t),
    "missing-bias": lambda x, W, b, t: backward(x, W, 0 * b, t),
    "missing-diagonal": lambda x, W, b, t: x.T @ softmax(x @ W + b) / N,
    "wrong-axis": lambda x, W, b, t: x.T @ (softmax(x @ W + b, axis=0) - one_hot(t)) / N,
    "missing-input": lambda x, W, b, t: np.ones_like(x).T @ (softmax(x @ W + b) - one_hot(t)) / N,
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("seed", range(5))
def test_a_mistake_in_a_backward_pass_over_a_data_set_is_named(name, seed):
    x, W, b, t = data(seed)
    report = compare(WRONG[name](x, W, b, t), x, W, b, of="loss-grad", target=t)
    assert (report.agrees, report.diagnosis) == (False, name)


def test_a_sum_where_a_mean_is_expected_is_told_by_its_number():
    x, W, b, t = data()
    report = compare(N * backward(x, W, b, t), x, W, b, of="loss-grad", target=t)
    assert (
        report.advice
        == "every entry is 6 times what it should be: a sum over the 6 inputs, where their mean is expected"
    )
    report = compare(backward(x, W, b, t), x, W, b, of="loss-grad", target=t, reduction="sum")
    assert report.advice == (
        "every entry is 0.166667 times what it should be: a mean over the 6 inputs, where their sum is expected"
    )


def test_noise_in_a_backward_pass_gets_no_diagnosis():
    for seed in range(100):
        x, W, b, t = data(seed)
        noise = np.random.default_rng(seed + 1000).normal(size=(J, K))
        assert compare(noise, x, W, b, of="loss-grad", target=t).diagnosis is None


def test_labels_of_other_examples_are_told_by_their_order_where_it_is_a_plain_one_and_one_by_one_elsewhere():
    x, W, b, t = data()
    found = [
        compare(backward(x, W, b, t[order]), x, W, b, of="loss-grad", target=t).diagnosis
        for order in ([5, 0, 1, 2, 3, 4], [5, 4, 3, 2, 1, 0], [3, 1, 4, 0, 5, 2])
    ]
    assert found == ["targets-out-of-order", "targets-out-of-order", "other-targets"]


@pytest.mark.parametrize("layout", ["numerator", "denominator", "tensor"])
def test_jacobians_of_a_batch_pass_in_every_layout(layout):
    x, W, b, _ = data()
    D = jacobians(x, W, b)
    laid_out = {
        "numerator": D,
        "denominator": D.transpose(0, 2, 1),
        "tensor": D.reshape(N, K, K, J).transpose(0, 1, 3, 2),
    }[layout]
    report = compare(laid_out, x, W, b)
    assert (report.agrees, report.layout, report.entries) == (True, layout, D.size)


def test_probabilities_and_their_derivative_in_a_batch():
    x, W, b, _ = data()
    h = softmax(x @ W + b)
    assert compare(h, x, W, b, of="forward").agrees
    assert compare([np.diag(p) - np.outer(p, p) for p in h], x, W, b, of="softmax-grad").agrees
    assert compare(softmax(x @ W + b, axis=0), x, W, b, of="forward").diagnosis == "wrong-axis"


def test_an_entry_of_a_batch_is_named_with_its_input():
    x, W, b, _ = data()
    D = jacobians(x, W, b)
    D[4, 2, 5] *= 1.001
    (worst,) = compare(D, x, W, b).worst
    assert (worst.input, worst.row, worst.column, worst.label) == (4, 2, 5, "input 4: ∂h[2]/∂W[1,1]")
    assert compare(D, x, W, b).to_dict()["worst"][0]["input"] == 4


def test_a_shape_without_the_axis_of_the_inputs_is_refused():
    x, W, b, _ = data()
    with pytest.raises(InputError) as caught:
        compare(np.zeros((K, K * J)), x, W, b)
    assert str(caught.value) == (
        "the matrix to check has shape (3, 12), "
        "where (6, 3, 12) (numerator) or (6, 12, 3) (denominator) or (6, 3, 4, 3) (tensor) is expected"
    )


def test_a_training_step_is_checked_from_the_shell(tmp_path):
    layer = json.loads((SAMPLES / "digits.json").read_text())
    x = np.loadtxt(SAMPLES / "digits_inputs.csv", delimiter=",")
    t = np.loadtxt(SAMPLES / "digits_targets.csv").astype(int)
    W, b = np.array(layer["W"]), np.array(layer["b"])
    np.save(tmp_path / "G.npy", x.T @ (softmax(x @ W + b) - one_hot(t, 10)))
    command = ["check", str(SAMPLES / "digits.json"), "-x", str(SAMPLES / "digits_inputs.csv"), "--of", "loss-grad",
               "--target", str(SAMPLES / "digits_targets.csv"), "--against", str(tmp_path / "G.npy")]  # fmt: skip
    assert "diagnosis: scaled" in run(*command, status=1).stdout
    assert run(*command, "--reduction", "sum").stdout.endswith("G.npy: loss-grad: agrees (in-out layout)\n")
