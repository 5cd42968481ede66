"""Each known mistake, made here by loops and textbook code, is named; noise is not."""

import itertools

import numpy as np
import pytest

from softmax_cli.checking.compare import compare

SHAPES = [(1, 2), (1, 5), (2, 2), (2, 3), (3, 2), (3, 3), (3, 5), (5, 3), (4, 4), (7, 1), (6, 6), (20, 4)]


def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def problem(J, K, seed=0):
    rng = np.random.default_rng([seed, J, K])
    return rng.normal(size=J) + 0.1, rng.normal(size=(J, K)), rng.normal(size=K)


def jacobian(slope, x):
    """[t, i·J + j] = slope(t, i)·xⱼ, one entry at a time."""
    J, K = len(x), slope.shape[0]
    M = np.empty((K, K * J))
    for t, i, j in itertools.product(range(K), range(K), range(J)):
        M[t, i * J + j] = slope[t, i] * x[j]
    return M


def right(h):
    return np.diag(h) - np.outer(h, h)


def by_rows_of_W(M, J, K):
    """The columns of a numerator-layout Jacobian in the order of W.ravel()."""
    return np.concatenate([M[:, [i * J + j]] for j in range(J) for i in range(K)], axis=1)


def layouts(M, J, K):
    return {
        "numerator": M,
        "denominator": M.T,
        "tensor": np.array([[[M[t, i * J + j] for i in range(K)] for j in range(J)] for t in range(K)]),
    }


def layer_mistakes(x, W, b):
    J, K = W.shape
    h = softmax(x @ W + b)
    D = right(h)
    M = jacobian(D, x)
    made = {
        "sign-flipped": [-M],
        "scaled": [M / 32, 2 * M, -0.3 * M],
        "row-major-weights": [by_rows_of_W(M, J, K)],
        "missing-input": [jacobian(D, np.ones(J))],
        "missing-diagonal": [jacobian(-np.outer(h, h), x), jacobian(D * (1 - np.eye(K)), x)],
        "diagonal-only": [jacobian(np.diag(h * (1 - h)), x)],
        "missing-bias": [jacobian(right(softmax(x @ W)), x)],
        "wrong-axis": [jacobian(np.eye(K) - np.ones((K, K)), x)],
    }
    if K > 2:  # with two outputs h₀h₁ is all there is, and every one of these a multiple of another
        made["missing-outer-product"] = [
            jacobian(np.diag(h), x),
            jacobian(np.diag(h) + np.outer(h, h), x),
        ]
        made["sign-flipped"] += [
            jacobian(np.diag(h * (1 - h)) + np.outer(h, h) * (1 - np.eye(K)), x),
            jacobian(np.diag(-h * (1 - h)) - np.outer(h, h) * (1 - np.eye(K)), x),
        ]
        made["missing-diagonal"].append(jacobian(h[:, None] * (1 - h), x))
        made["missing-softmax"] = [jacobian(np.eye(K), x)]
        made["log-softmax"] = [jacobian(np.eye(K) - h, x)]
    if J == K:
        made["out-in-weights"] = [jacobian(right(softmax(W @ x + b)), x)]
        made["out-in-weights"].append(by_rows_of_W(made["out-in-weights"][0], J, K))
        made["wrong-axis"].append(jacobian(right(softmax((W * x).sum(axis=0) + b)), x))
        made["wrong-axis"].append(jacobian(right(softmax((W * x[:, None]).sum(axis=1) + b)), x))
    return M, made


CASES = [
    (J, K, name)
    for J, K in SHAPES
    for name in layer_mistakes(*problem(J, K))[1]
    # With one output the Jacobian is zero, and with one input W.ravel() is in the right order.
    if K > 1 and not (J == 1 and name == "row-major-weights")
]


@pytest.mark.parametrize(("J", "K", "name"), CASES)
def test_a_mistake_in_the_layer_is_named_in_every_layout(J, K, name):
    x, W, b = problem(J, K)
    for wrong in layer_mistakes(x, W, b)[1][name]:
        for layout, theirs in layouts(wrong, J, K).items():
            report = compare(theirs, x, W, b, layout=layout)
            assert (report.agrees, report.diagnosis, report.layout) == (False, name, layout)
            assert J == 1 or compare(theirs, x, W, b).layout == layout  # told by the shape


@pytest.mark.parametrize("name", ["sign-flipped", "scaled", "missing-diagonal", "diagonal-only", "missing-bias"])
@pytest.mark.parametrize("K", [2, 3, 6])
def test_a_mistake_in_softmax_grad_is_named(K, name):
    x, W, b = problem(3, K)
    h = softmax(x @ W + b)
    D = right(h)
    wrong = {
        "sign-flipped": -D,
        "scaled": D / 7,
        "missing-diagonal": -np.outer(h, h),
        "diagonal-only": np.diag(h * (1 - h)),
        "missing-bias": right(softmax(x @ W)),
    }[name]
    assert compare(wrong, x, W, b, of="softmax-grad").diagnosis == name


@pytest.mark.parametrize("name", ["sign-flipped", "scaled", "row-major-weights", "missing-input"])
@pytest.mark.parametrize(("J", "K"), [(2, 2), (3, 5), (5, 3), (4, 4)])
def test_a_mistake_in_linear_grad_is_named(J, K, name):
    x, W, _ = problem(J, K)
    M = jacobian(np.eye(K), x)
    wrong = {
        "sign-flipped": -M,
        "scaled": M * 3,
        "row-major-weights": by_rows_of_W(M, J, K),
        "missing-input": jacobian(np.eye(K), np.ones(J)),
    }[name]
    assert compare(wrong, x, W, of="linear-grad").diagnosis == name


@pytest.mark.parametrize("name", ["missing-bias", "out-in-weights", "wrong-axis", "scaled", "sign-flipped"])
def test_a_mistake_in_forward_is_named(name):
    x, W, b = problem(4, 4)
    h = softmax(x @ W + b)
    wrong = {
        "missing-bias": softmax(x @ W),
        "out-in-weights": softmax(W @ x + b),
        "wrong-axis": np.ones(4),
        "scaled": h * 5,
        "sign-flipped": -h,
    }[name]
    assert compare(wrong, x, W, b, of="forward").diagnosis == name


def logit_gradients(h, u, target):
    """dE/dz by the right and the mistaken derivatives of the softmax."""
    K = len(h)
    weights = u if target is None else -np.eye(K)[target] / h[target]
    return {
        "right": weights @ right(h),
        "missing-diagonal": weights @ -np.outer(h, h),
        "diagonal-only": weights @ np.diag(h * (1 - h)),
        "missing-outer-product": weights @ np.diag(h),
        "log-softmax": weights @ (np.eye(K) - h),
    }


@pytest.mark.parametrize("by", ["upstream", "target"])
@pytest.mark.parametrize("stored", ["in-out", "out-in"])
@pytest.mark.parametrize(("J", "K"), [(2, 3), (3, 3), (5, 5), (6, 4)])
def test_a_mistake_in_weight_grad_is_named(J, K, stored, by):
    x, W, b = problem(J, K)
    u, target = (np.random.default_rng(K).normal(size=K), None) if by == "upstream" else (None, 1)
    given = {"upstream": u} if by == "upstream" else {"target": target}
    d = logit_gradients(softmax(x @ W + b), u, target)
    G = np.outer(x, d["right"])
    wrong = {
        "sign-flipped": -G,
        "scaled": G / 10,
        "missing-input": np.outer(np.ones(J), d["right"]),
        "missing-diagonal": np.outer(x, d["missing-diagonal"]),
        "diagonal-only": np.outer(x, d["diagonal-only"]),
        "missing-bias": np.outer(x, logit_gradients(softmax(x @ W), u, target)["right"]),
        "missing-outer-product": np.outer(x, d["missing-outer-product"]),
        "log-softmax": np.outer(x, d["log-softmax"]),
    }
    if J == K:
        wrong["out-in-weights"] = np.outer(x, logit_gradients(softmax(W @ x + b), u, target)["right"])
    found = {}
    for name, M in wrong.items():
        layout = stored if J == K else None  # else the shape tells
        report = compare(M if stored == "in-out" else M.T, x, W, b, of="loss-grad", layout=layout, **given)
        found[name] = report.diagnosis, report.layout
    assert found == {name: (name, stored) for name in wrong}


@pytest.mark.parametrize(("dtype", "top"), [(np.float64, 800.0), (np.float32, 95.0)])
@pytest.mark.parametrize("product", ["entry by entry", "matrices"])
def test_an_unshifted_softmax_that_overflows_is_named(dtype, top, product):
    x, W = np.array([1.0, 2.0]), np.array([[0.5, top, -1.0], [0.25, 0.0, 1.0]])
    with np.errstate(all="ignore"):
        e = np.exp((x @ W).astype(dtype))
        h = e / e.sum()
        D = right(h)
        M = jacobian(D, x).astype(dtype) if product == "entry by entry" else D @ np.kron(np.eye(3), x)
    report = compare(M, x, W)
    assert np.isnan(M).any()
    assert report.diagnosis == "logits-not-shifted"
    assert compare(h, x, W, of="forward").diagnosis == "logits-not-shifted"


def test_nan_without_overflow_is_told_as_nan_alone():
    x, W, b = problem(3, 4)
    report = compare(np.full((4, 12), np.nan), x, W, b)
    assert (report.diagnosis, report.advice) == (
        "all-nan",
        "every entry is nan: look for 0/0, inf − inf or the logarithm of 0",
    )


def test_one_nan_among_right_entries_gets_no_diagnosis():
    x, W, b = problem(3, 4)
    theirs = jacobian(right(softmax(x @ W + b)), x)
    theirs[1, 1] = np.nan
    assert compare(theirs, x, W, b).diagnosis is None


@pytest.mark.parametrize(
    ("names", "make"),
    [
        ("sign-flipped + row-major-weights", lambda D, x, J, K: -by_rows_of_W(jacobian(D, x), J, K)),
        ("sign-flipped + missing-input", lambda D, x, J, K: -jacobian(D, np.ones(J))),
        ("missing-input + diagonal-only", lambda D, x, J, K: jacobian(np.diag(np.diag(D)), np.ones(J))),
        ("row-major-weights + scaled", lambda D, x, J, K: by_rows_of_W(jacobian(D, x), J, K) / 64),
    ],
)
@pytest.mark.parametrize(("J", "K"), [(2, 3), (3, 3), (4, 2), (3, 5)])
def test_two_mistakes_at_once_are_named(J, K, names, make):
    x, W, b = problem(J, K)
    theirs = make(right(softmax(x @ W + b)), x, J, K)
    assert compare(theirs, x, W, b).diagnosis == names


@pytest.mark.parametrize(("J", "K"), [(3, 3), (3, 5)])
def test_transposed_and_sign_flipped_is_named_with_its_layout(J, K):
    x, W, b = problem(J, K)
    report = compare(-jacobian(right(softmax(x @ W + b)), x).T, x, W, b)
    assert (report.layout, report.diagnosis) == ("denominator", "sign-flipped")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rtol", [1e-6, 1e-4])
def test_a_mistake_in_single_precision_is_named(dtype, rtol):
    x, W, b = problem(5, 7)
    theirs = (-jacobian(right(softmax(x @ W + b)), x)).astype(dtype)
    assert compare(theirs, x, W, b, rtol=rtol).diagnosis == "sign-flipped"


def test_a_mistake_is_named_at_saturation():
    x, W = np.array([1.0, 0.5]), np.array([[37.43, 0.0, -3.0], [0.0, 0.0, 1.0]])
    M = jacobian(right(softmax(x @ W)), x)  # of which ∂h[0]/∂W[j,0] is lost
    assert compare(-M, x, W).diagnosis == "sign-flipped"
    assert compare(M / 3, x, W).diagnosis == "scaled"
    assert compare(by_rows_of_W(M, 2, 3), x, W).diagnosis == "row-major-weights"


def test_a_mistake_with_one_other_wrong_entry_gets_no_diagnosis():
    x, W, b = problem(3, 4)
    theirs = -jacobian(right(softmax(x @ W + b)), x)
    theirs[2, 5] *= 1.001
    assert compare(theirs, x, W, b).diagnosis is None


def test_a_mistake_that_changes_nothing_is_not_named():
    x, W, _ = problem(3, 4)
    M = jacobian(right(softmax(x @ W)), x)
    M[0, 0] *= 1 + 2e-7  # no more than a diagnosis would forgive
    report = compare(M, x, W, rtol=1e-8)
    assert (report.differing, report.diagnosis) == (1, None)


def test_no_noise_gets_a_diagnosis():
    rng = np.random.default_rng(7)
    named = []
    for trial in range(300):
        J, K = rng.integers(1, 6), rng.integers(2, 6)
        x, W, b = rng.normal(size=J), rng.normal(size=(J, K)), rng.normal(size=K)
        M = jacobian(right(softmax(x @ W + b)), x)
        noise = rng.normal(size=M.shape)
        theirs = (noise, M * (1 + 1e-3 * noise), M + 1e-3 * noise, M * np.exp(noise))[trial % 4]
        named.append(compare(theirs, x, W, b).diagnosis)
    assert named == [None] * 300


@pytest.mark.parametrize("of", ["forward", "softmax-grad", "linear-grad", "loss-grad"])
def test_no_noise_in_the_other_results_gets_a_diagnosis(of):
    rng = np.random.default_rng(8)
    named = set()
    for _ in range(200):
        J, K = rng.integers(1, 5), rng.integers(1, 5)
        x, W = rng.normal(size=J), rng.normal(size=(J, K))
        shape = {"forward": (K,), "softmax-grad": (K, K), "linear-grad": (K, K * J), "loss-grad": (J, K)}[of]
        given = {"upstream": rng.normal(size=K)} if of == "loss-grad" else {}
        named.add(compare(rng.normal(size=shape), x, W, of=of, **given).diagnosis)
    assert named == {None}


@pytest.mark.parametrize("by", ["upstream", "target"])
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("N", "reduction"), [(1, "mean"), (6, "mean"), (6, "sum"), (6, "none")])
def test_every_mistake_in_the_derivative_of_the_softmax_is_named_in_the_gradient_too(by, seed, N, reduction):
    J, K = 4, 5
    rng = np.random.default_rng(seed)
    x, W, b = rng.normal(size=(N, J)), rng.normal(size=(J, K)), rng.normal(size=K)
    u, t = rng.normal(size=(N, K)), rng.integers(0, K, N)
    outer, diagonal = np.outer, np.diag
    derivatives = {
        "missing-outer-product": [lambda h: diagonal(h), lambda h: diagonal(h) + outer(h, h)],
        "missing-diagonal": [lambda h: -outer(h, h), lambda h: right(h) - diagonal(h * (1 - h))],
        "sign-flipped": [
            lambda h: right(h) - 2 * diagonal(h * (1 - h)),
            lambda h: 2 * diagonal(h * (1 - h)) - right(h),
        ],
        "diagonal-only": [lambda h: diagonal(h * (1 - h))],
        "log-softmax": [lambda h: np.eye(K) - h],
    }
    found = []
    for name, derivative in [(name, d) for name, ds in derivatives.items() for d in ds]:
        h = [softmax(row @ W + b) for row in x]
        weights = u if by == "upstream" else [-np.eye(K)[c] / p[c] for p, c in zip(h, t, strict=True)]
        apart = [outer(x[n], weights[n] @ derivative(h[n])) for n in range(N)]
        theirs = {"mean": np.mean(apart, 0), "sum": np.sum(apart, 0), "none": np.array(apart)}[reduction]
        given = {"upstream": u} if by == "upstream" else {"target": t}
        found.append((name, compare(theirs, x, W, b, of="loss-grad", reduction=reduction, **given).diagnosis))
    assert found == [(name, name) for name, _ in found]
