"""What is said of a mistake: one line that would mend it, in the words of the result that it spoils."""

import itertools

import numpy as np
import pytest

from softmax_cli.checking.compare import compare


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


def layouts(M, J, K):
    return {
        "numerator": M,
        "denominator": M.T,
        "tensor": np.array([[[M[t, i * J + j] for i in range(K)] for j in range(J)] for t in range(K)]),
    }


def test_the_advice_is_one_line_in_plain_words():
    x, W, b = problem(3, 5)
    M = jacobian(right(softmax(x @ W + b)), x)
    assert compare(-M, x, W, b).advice == "every entry has the opposite sign: look for a minus too many or too few"


def test_the_constant_of_a_scaled_matrix_is_given():
    x, W, b = problem(3, 5)
    M = jacobian(right(softmax(x @ W + b)), x)
    assert [compare(M * c, x, W, b).advice for c in (1 / 32, 2.5)] == [
        "every entry is 0.03125 times what it should be: look for a constant factor too many, "
        "such as a mean over 32 would make",
        "every entry is 2.5 times what it should be: look for a constant factor too many",
    ]


def test_two_mistakes_get_both_pieces_of_advice():
    x, W, b = problem(3, 5)
    M = jacobian(right(softmax(x @ W + b)), np.ones(3))
    assert compare(-M, x, W, b).advice == (
        "every entry has the opposite sign: look for a minus too many or too few; "
        "the factor x is missing: a logit changes by x[j] for each unit of W[j,i]"
    )


def test_the_advice_speaks_of_the_target_where_there_is_one():
    x, W, b = problem(3, 5)
    h, y = softmax(x @ W + b), np.eye(5)[2]
    how = {"of": "loss-grad", "target": 2}
    forgotten = compare(np.outer(x, h), x, W, b, **how)
    assert (forgotten.diagnosis, forgotten.advice) == (
        "missing-diagonal",
        "the right class is left out: dE/dz is h − y, with y one at the target and zero elsewhere",
    )
    skipped = compare(np.outer(x, -y / h), x, W, b, **how)
    assert (skipped.diagnosis, skipped.advice) == (
        "missing-softmax",
        "the softmax is left out of the chain: dE/dz is h − y, not dE/dh = −y/h",
    )


def test_an_upstream_that_skips_the_softmax_is_named():
    x, W, b = problem(3, 5)
    u = np.random.default_rng(0).normal(size=5)
    assert compare(np.outer(x, u), x, W, b, of="loss-grad", upstream=u).diagnosis == "missing-softmax"


def test_a_tensor_with_swapped_axes_is_told_so():
    x, W, b = problem(4, 4)
    tensor = layouts(jacobian(right(softmax(x @ W + b)), x), 4, 4)["tensor"]
    report = compare(tensor.transpose(0, 2, 1), x, W, b)
    assert (report.diagnosis, report.advice) == (
        "row-major-weights",
        "the weights are stored outputs × inputs: swap the last two axes, [t, j, i] being ∂h[t]/∂W[j,i]",
    )


@pytest.mark.parametrize("W", [np.zeros((3, 4)), np.random.default_rng(0).normal(size=(3, 2))], ids=["zero W", "K = 2"])
def test_a_constant_that_wrong_outputs_may_have_made_is_not_blamed_alone(W):
    x, K = np.array([0.5, -1.2, 2.0]), W.shape[1]
    h = softmax(x @ W)
    wrong = softmax(x @ W + [0.7, *[0.0] * (K - 1)]) if K == 2 else h
    theirs = jacobian(right(wrong), x) * (1.0 if K == 2 else 0.3)
    assert "or wrong probabilities h" in compare(theirs, x, W).advice


def test_a_fraction_is_called_a_mean_only_if_it_is_one():
    x, W, b = problem(3, 5)
    M = jacobian(right(softmax(x @ W + b)), x)
    assert "mean over 859" in compare(M / 859, x, W, b).advice
    assert "mean over" not in compare(M / 859.05, x, W, b).advice


@pytest.mark.parametrize(
    ("theirs", "advice"),
    [
        (
            lambda h: np.outer(h, 1 - h),
            "δ is taken for 1 everywhere: where i ≠ t the derivative is −h[t]·h[i], without the 1",
        ),
        (
            lambda h: right(h) - 2 * np.diag(h * (1 - h)),
            "the diagonal alone has the opposite sign: where i = t it is +h[t]·(1 − h[t])",
        ),
        (
            lambda h: 2 * np.diag(h * (1 - h)) - right(h),
            "what stands off the diagonal has the opposite sign: where i ≠ t it is −h[t]·h[i]",
        ),
        (
            lambda h: np.eye(len(h)),
            "the softmax is left out: these are the derivatives of the logits, to be multiplied by dS/dZ",
        ),
    ],
)
def test_advice_speaks_of_the_entries_that_are_wrong(theirs, advice):
    x, W, b = problem(3, 5)
    assert compare(theirs(softmax(x @ W + b)), x, W, b, of="softmax-grad").advice == advice


def test_one_taken_off_every_class_is_told_so():
    x, W, b = problem(3, 5)
    report = compare(np.outer(x, softmax(x @ W + b) - 1), x, W, b, of="loss-grad", target=2)
    assert report.advice == "1 is taken off every class: take it off that of the target alone"


def test_outputs_that_were_not_divided_are_told_so():
    x, W, b = problem(3, 5)
    e = np.exp(x @ W + b)
    report = compare(e, x, W, b, of="forward")
    assert report.advice == f"the outputs sum to {e.sum():.6g}, not to 1: divide by the sum of the exponentials"


def test_minus_y_alone_is_told_that_the_outputs_are_forgotten():
    x, W, b = problem(3, 5)
    report = compare(np.outer(x, -np.eye(5)[2]), x, W, b, of="loss-grad", target=2)
    assert (report.diagnosis, report.advice) == (
        "missing-outer-product",
        "− h hᵀ is missing or added in dS/dZ = diag(h) − h hᵀ: dE/dz is h − y, not −y or −h − y",
    )
