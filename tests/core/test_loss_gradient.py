"""The loss and its derivatives at 60 digits, held to what `loss_gradient` promises."""

import itertools
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from definition import BAR, DIGITS, Error, logits, number

from softmax_cli import InputError, forward, loss_gradient

TINY = mpmath.mpf(2) ** -1022
RNG = np.random.default_rng(1717)


def excess(got, truth, size):
    """The largest |got − truth| as a multiple of 1e-15·size, errors below the normal range apart."""
    worst = 0.0
    with mpmath.workdps(DIGITS):
        for a, t, s in zip(np.ravel(got).tolist(), flat(truth), flat(size), strict=True):
            error = max(abs(mpmath.mpf(a) - t) - TINY * 2, 0)
            worst = max(worst, float(error / (BAR * s)) if s else float("inf") if error else 0.0)
    return worst


def flat(nested):
    for v in nested:
        if isinstance(v, list):
            yield from flat(v)
        else:
            yield v


def hold(x, W, b, l2=0.0, **options):
    """Every derivative of an error within its bound, for one input or many."""
    single = np.ndim(x) == 1
    rows = np.atleast_2d(x)
    J, K = np.shape(W)
    given = dict(options)
    if single and "target" in given:
        given["target"] = [given["target"]]
    if single and "upstream" in given:
        given["upstream"] = [given["upstream"]]
    target, upstream = given.pop("target", None), given.pop("upstream", None)
    soft = target is not None and np.ndim(target) == 2
    truth = Error(
        [logits(row, W, b) for row in rows],
        y=target if soft else None, t=None if soft or target is None else list(target), u=upstream,
        T=given.pop("temperature", 1.0), mask=given.pop("mask_rows", None), smoothing=given.pop("label_smoothing", 0.0),
        class_weights=given.pop("class_weights", None), sample_weights=given.pop("sample_weights", None),
        ignore=given.pop("ignore", None), reduction="none" if single else given.pop("reduction", "mean"),
    )  # fmt: skip
    options.pop("mask_rows", None)
    found = loss_gradient(x, W, b, l2=l2, wrt=("z", "W", "b", "x"), **options)
    with mpmath.workdps(DIGITS):
        X = [[number(v) for v in row] for row in rows]
        weights = [[number(v) for v in row] for row in W]
        lam = number(l2)

        def sums(d, size):
            return [
                [
                    mpmath.fsum([*(size(row[j]) * dn[i] for row, dn in zip(X, d, strict=True)), lam * size(w[i])])
                    for i in range(K)
                ]
                for j, w in enumerate(weights)
            ]

        def by_inputs(d, size):
            return [[mpmath.fsum([size(weights[j][i]) * row[i] for i in range(K)]) for j in range(J)] for row in d]

        same = lambda v: v  # noqa: E731
        checks = {
            "dE_dz": (truth.dz, truth.m),
            "dE_dW": (sums(truth.dz, same), sums(truth.m, abs)),
            "dE_db": (
                [mpmath.fsum(c) for c in zip(*truth.dz, strict=True)],
                [mpmath.fsum(c) for c in zip(*truth.m, strict=True)],
            ),
            "dE_dx": (by_inputs(truth.dz, same), by_inputs(truth.m, abs)),
        }
        if upstream is None:
            loss = mpmath.fsum(truth.losses) + lam / 2 * mpmath.fsum([v**2 for row in weights for v in row])
            checks["loss"] = ([loss], [abs(loss)])
    return {name: excess(getattr(found, name), *pair) for name, pair in checks.items()}


LAYERS = {
    "small": (0, 4, 3, 1.0),
    "one output": (1, 2, 1, 1.0),
    "one input": (2, 1, 4, 3.0),
    "saturated": (3, 3, 4, 300.0),
    "wide": (4, 5, 9, 8.0),
    "large": (5, 30, 12, 20.0),
}


def layer(seed, J, K, scale, N=None):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=J if N is None else (N, J))
    W = rng.normal(size=(J, K))
    return x, W * scale / np.abs(x @ W).max(), rng.normal(size=K) * min(scale, 3.0)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("T", [1.0, 0.01, 100.0, 3.0])
def test_a_single_input_is_within_its_bounds(name, T):
    x, W, b = layer(*LAYERS[name])
    K = W.shape[1]
    y = np.random.default_rng(5).dirichlet(np.full(K, 0.4))
    c = np.random.default_rng(6).uniform(0.1, 4.0, K)
    cases = [
        {"target": K - 1},
        {"target": 0, "label_smoothing": 0.1, "class_weights": c, "l2": 0.3},
        {"target": y},
        {"target": y, "label_smoothing": 1 / 3, "class_weights": c},
        {"upstream": np.random.default_rng(7).normal(size=K)},
    ]
    for case in cases:
        worst = hold(x, W, b, temperature=T, **case)
        assert max(worst.values()) <= 1.0, (case, worst)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("name", ["small", "saturated", "wide"])
def test_a_batch_is_within_its_bounds(name, reduction):
    N = 7
    x, W, b = layer(*LAYERS[name], N=N)
    K = W.shape[1]
    rng = np.random.default_rng(8)
    t, y, c, w = (
        rng.integers(0, K, N),
        rng.dirichlet(np.full(K, 0.5), size=N),
        rng.uniform(0.1, 3, K),
        rng.uniform(0, 2, N),
    )
    t_some = np.where(np.arange(N) % 3 == 0, -100, t)
    cases = [
        {"target": t},
        {"target": t, "label_smoothing": 0.2, "class_weights": c, "sample_weights": w, "l2": 0.01},
        {"target": t_some, "ignore": -100, "class_weights": c},
        {"target": y, "sample_weights": w},
        {"target": y, "label_smoothing": 0.05, "class_weights": c},
        {"upstream": rng.normal(size=(N, K)), "sample_weights": w},
    ]
    for case in cases:
        worst = hold(x, W, b, reduction=reduction, **case)
        assert max(worst.values()) <= 1.0, (case, worst)


@pytest.mark.parametrize("T", [1.0, 0.05, 40.0])
def test_masked_outputs_have_no_part_in_it(T):
    x, W, b = layer(11, 4, 6, 30.0, N=5)
    mask = [1, 4]
    shown = np.zeros(6, bool)
    shown[mask] = True
    t = [0, 2, 3, 5, 2]
    y = np.where(shown, 0.0, 1.0) * np.random.default_rng(12).uniform(size=(5, 6))
    y /= y.sum(axis=1, keepdims=True)
    for case in (
        {"target": t},
        {"target": t, "label_smoothing": 0.3},
        {"target": y},
        {"target": y, "label_smoothing": 0.1},
    ):
        worst = hold(x, W, b, temperature=T, mask=mask, mask_rows=shown, **case)
        assert max(worst.values()) <= 1.0, (case, worst)


def test_a_mask_of_each_row_spreads_the_smoothing_over_what_that_row_has_left():
    x, W, b = layer(13, 3, 4, 5.0, N=3)
    rows = np.array([[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 1, 0]], bool)
    worst = hold(x, W, b, target=[0, 1, 3], label_smoothing=0.25, mask=[[1], [], [0, 2]], mask_rows=rows)
    assert max(worst.values()) <= 1.0, worst


def test_ties_and_one_hot_probabilities_are_as_exact():
    x, W = np.array([1.0, 2.0]), np.array([[0.5, 0.5, 0.5, -3.0], [0.25, 0.25, 0.25, 1.0]])
    for case in ({"target": 1}, {"target": np.eye(4)[2]}, {"target": [0.5, 0.5, 0.0, 0.0]}):
        worst = hold(x, W, None, **case)
        assert max(worst.values()) <= 1.0, (case, worst)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_probabilities_that_underflow_are_restored_by_large_inputs(scale):
    W = np.array([[0.0, -760.0 / scale, 1.0 / scale]]) if scale > 1 else np.array([[0.0, -700.0, 1.0]])
    x = np.array([scale]) if scale > 1 else np.array([1.0])
    worst = hold(x, W, None, target=0)
    assert max(worst.values()) <= 1.0, worst


def test_a_soft_target_on_an_output_that_underflows_has_a_finite_loss():
    found = loss_gradient(z=[0.0, -800.0, 1.0], target=[0.25, 0.5, 0.25])
    with mpmath.workdps(50):
        total = mpmath.log(1 + mpmath.exp(1) + mpmath.exp(-800))
        truth = total - mpmath.mpf("0.5") * -800 - mpmath.mpf("0.25")
    assert float(found.loss) == pytest.approx(float(truth), rel=1e-15)


def test_given_logits_are_the_layer_that_gives_them():
    x, W, b = layer(21, 3, 4, 2.0, N=5)
    z, t = forward(x, W, b).z, [0, 1, 2, 3, 0]
    np.testing.assert_allclose(
        loss_gradient(z=z, target=t).dE_dz, loss_gradient(x, W, b, target=t, wrt="z").dE_dz, rtol=1e-14
    )


def test_only_what_is_asked_for_is_there():
    x, W, b = layer(22, 3, 4, 2.0)
    for size in range(5):
        for wrt in itertools.combinations("zWbx", size):
            found = loss_gradient(x, W, b, target=1, wrt=wrt)
            assert {name for name in "zWbx" if getattr(found, f"dE_d{name}") is not None} == set(wrt)
            assert found.loss is not None


def test_a_batch_equals_its_rows_without_a_reduction():
    x, W, b = layer(23, 4, 3, 4.0, N=6)
    t = [0, 1, 2, 0, 1, 2]
    options = {
        "label_smoothing": 0.1,
        "class_weights": [1.0, 2.0, 0.5],
        "wrt": ("z", "W", "b", "x"),
        "temperature": 2.0,
    }
    together = loss_gradient(x, W, b, target=t, reduction="none", **options)
    for n in range(6):
        alone = loss_gradient(x[n], W, b, target=t[n], **options)
        for name in together._fields:
            np.testing.assert_array_equal(getattr(together, name)[n], getattr(alone, name), err_msg=name)


X3, W3, T3 = np.ones((3, 2)), np.eye(2), [0, 1, 0]
REFUSED = {
    "neither": (
        {"x": X3, "W": W3},
        "every column of dL/dW sums to zero, because the outputs sum to one: the gradient of an error "
        "needs the upstream gradient dE/dh, or a target class for the cross-entropy",
    ),
    "both": ({"x": X3, "W": W3, "target": T3, "upstream": X3}, "give upstream or target, not both"),
    "negative weight": (
        {"x": X3, "W": W3, "target": T3, "sample_weights": [1, -1, 1]},
        "sample_weights[1] is -1, where a weight, 0 or more, is expected",
    ),
    "negative class weight": (
        {"x": X3, "W": W3, "target": T3, "class_weights": [-2, 1]},
        "class_weights[0] is -2, where a weight, 0 or more, is expected",
    ),
    "too few weights": (
        {"x": X3, "W": W3, "target": T3, "class_weights": [1, 1, 1]},
        "class_weights has 3 entries, where one for each output, 2, is expected",
    ),
    "sum of probabilities": (
        {"x": X3, "W": W3, "target": [[0.5, 0.5], [0.5, 0.4], [1, 0]]},
        "input 1: the probabilities of target sum to 0.9, where 1 is expected",
    ),
    "negative probability": (
        {"x": X3, "W": W3, "target": [[0.5, 0.5], [1.5, -0.5], [1, 0]]},
        "input 1: target[1] is -0.5, where a probability is expected",
    ),
    "masked target": (
        {"x": X3, "W": W3, "target": T3, "mask": [1]},
        "target 1 of input 1 is masked: its probability is 0",
    ),
    "masked probability": (
        {"x": X3, "W": W3, "target": [[1, 0], [0.5, 0.5], [1, 0]], "mask": [1]},
        "input 1: target[1] is 0.5, and output 1 is masked: its probability is 0",
    ),
    "ignore with probabilities": (
        {"x": X3, "W": W3, "target": np.eye(2)[T3], "ignore": 1},
        "ignore names a class index, and the target holds probabilities",
    ),
    "smoothing with upstream": (
        {"x": X3, "W": W3, "upstream": X3[:, :2], "label_smoothing": 0.1},
        "label_smoothing belongs to a target, and an upstream gradient is given",
    ),
    "ignore with upstream": (
        {"x": X3, "W": W3, "upstream": X3[:, :2], "ignore": 0},
        "ignore belongs to a target, and an upstream gradient is given",
    ),
    "class weights with upstream": (
        {"x": X3, "W": W3, "upstream": X3[:, :2], "class_weights": [1, 1]},
        "class_weights belongs to a target, and an upstream gradient is given",
    ),
    "l2 of each row": (
        {"x": X3, "W": W3, "target": T3, "l2": 0.1, "reduction": "none"},
        "l2 belongs to the error of all rows, and with reduction none each row stands alone",
    ),
    "no row counts": (
        {"x": X3, "W": W3, "target": [5, 5, 5], "ignore": 5},
        "no input counts: all are ignored or have weight 0, and their mean is none",
    ),
    "a loss beyond doubles": (
        {"x": [[1e150], [1.0]], "W": [[-1.0, 1.0]], "target": [0, 1], "class_weights": [1e200, 1.0]},
        "the loss is too large for double precision (beyond ±1.8e308)",
    ),
    "negative target": (
        {"x": X3, "W": W3, "target": [0, -100, 1]},
        "target -100 of input 1 does not exist: there are 2 outputs, 0 to 1",
    ),
    "all masked": (
        {"x": X3, "W": W3, "target": T3, "mask": [0, 1]},
        "every output is masked, and nothing is left to share the probability",
    ),
    "smoothing out of range": (
        {"x": X3, "W": W3, "target": T3, "label_smoothing": 1.5},
        "label_smoothing is 1.5, where a number from 0 to 1 is expected",
    ),
    "negative l2": ({"x": X3, "W": W3, "target": T3, "l2": -1}, "l2 is -1, where a number from 0 is expected"),
    "temperature": (
        {"x": X3, "W": W3, "target": T3, "temperature": 0},
        "temperature is 0, where a number above 0 is expected",
    ),
    "W of logits": ({"z": X3, "target": T3, "wrt": ("W",)}, "dE/dW needs x and W, and only the logits z are given"),
    "l2 of logits": ({"z": X3, "target": T3, "l2": 1.0}, "l2 needs W, and only the logits z are given"),
    "z beside W": ({"z": X3, "W": W3, "target": T3}, "give z, or x, W and b, not both"),
    "unknown wrt": ({"x": X3, "W": W3, "target": T3, "wrt": ("h",)}, "wrt holds 'h', where z, W, b or x is expected"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused(name):
    given, message = REFUSED[name]
    with pytest.raises(InputError) as error:
        loss_gradient(**given)
    assert str(error.value) == message


def test_no_row_that_counts_sums_to_nothing():
    found = loss_gradient(X3, W3, target=[5, 5, 5], ignore=5, reduction="sum")
    assert found.loss == 0.0
    assert not found.dE_dW.any()


def of_a_factor(w, T, x):
    """With W = 0 dE/dW is ±wx/(2T), a rational number."""
    return Fraction(w) * Fraction(x) / 2 / Fraction(T)


EXTREME = [
    (w, T, x)
    for w in (1e-300, 1.0, 1e300)
    for T in (1e-200, 0.3, 1e300)
    for x in (1e-100, 1.0, 1e300)
    if 2**-1022 <= of_a_factor(w, T, x) < 2**1023
]


@pytest.mark.parametrize(("w", "T", "x"), EXTREME)
def test_a_factor_that_is_no_double_loses_nothing(w, T, x):
    entry = float(of_a_factor(w, T, x))
    found = loss_gradient([[x]], [[0.0, 0.0]], target=[0], sample_weights=[w], temperature=T, reduction="sum")
    np.testing.assert_allclose(found.dE_dW, [[-entry, entry]], rtol=1e-15, atol=0)


def test_an_ignored_row_counts_for_nothing_where_a_mask_leaves_its_first_output_out():
    found = loss_gradient([[1.0], [2.0]], [[0.5, -1.0, 2.0]], target=[-1, 2], ignore=-1, mask=[0], wrt=("W",))
    alone = loss_gradient([[2.0]], [[0.5, -1.0, 2.0]], target=[2], mask=[0], wrt=("W",))
    assert (found.loss, found.dE_dW.tolist()) == (alone.loss, alone.dE_dW.tolist())


def test_what_is_below_two_probabilities_that_underflow_is_added_up_as_well():
    u = [[-653.0, 1.0, -214.0], [0.0, 0.0, 5e-324]]
    found = loss_gradient([[1.0], [1.0]], [[0.0, -2800.0, -2800.0]], upstream=u)
    assert found.dE_db.tolist() == [0.0, 0.0, 0.0]  # h is 1, e^−2800, e^−2800, and nothing reaches a double
