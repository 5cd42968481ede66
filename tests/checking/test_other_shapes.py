"""A gradient of a binary classifier's one output, and dE/dW as a vector: read, said to be, and their mistakes named."""

import numpy as np
import pytest
from command import run

from softmax_cli import InputError, compare

SECOND = "the second of two outputs, the first of which is 0"
rng = np.random.default_rng(5)
N, J = 9, 6
x, w, b = rng.normal(size=(N, J)), rng.normal(size=J), 0.7
y = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1])
p = 1.0 / (1.0 + np.exp(-(x @ w + b)))  # logistic regression, as it is written
d = (p - y) / N
dW = x.T @ d


def checked(theirs, of, **options):
    """Against the layer of two outputs, the first of which has weights and a bias of 0."""
    return compare(theirs, x, np.stack([0.0 * w, w], axis=1), [0.0, b], of=of, **options)


@pytest.mark.parametrize(
    ("theirs", "of", "layout"),
    [
        (dW, "dE_dW", "in-out"),
        (dW[:, None], "dE_dW", "in-out"),
        (dW[None, :], "dE_dW", "out-in"),
        (d.sum(), "dE_db", "vector"),
        ([d.sum()], "dE_db", "vector"),
        (d, "dE_dz", "vector"),
        (d[:, None], "dE_dz", "vector"),
    ],
)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_gradient_of_one_output_agrees_and_how_it_was_read_is_said(theirs, of, layout, kind):
    report = checked(np.asarray(theirs, kind), of, target=y)
    assert report
    assert (report.layout, report.read) == (layout, SECOND)
    assert str(report).splitlines()[1] == f"read as {SECOND}"


@pytest.mark.parametrize(("of", "theirs"), [("h", p), ("z", x @ w + b), ("log_h", np.log(p))])
def test_so_does_what_the_classifier_says(of, theirs):
    assert checked(theirs, of).read == SECOND
    assert checked(theirs, of)
    assert checked(theirs + 0.1, of).differing == N


@pytest.mark.parametrize(
    ("wrong", "diagnosis", "advice"),
    [
        (-dW, "sign-flipped", "every entry has the opposite sign: look for a minus too many or too few"),
        (
            dW * N,
            "scaled",
            "every entry is 9 times what it should be: a sum over the 9 inputs, where their mean is expected",
        ),
        (
            x.T @ (x @ w + b - y) / N,
            "missing-softmax",
            "the logits stand in the place of h: apply the sigmoid to them",
        ),
        (
            x.T @ (d * p * (1.0 - p)),
            "squared-error",
            "this is the derivative of the squared error Σ(h − y)²: that of the cross-entropy is h − y in the logits",
        ),
        (
            x.T @ (1.0 / (1.0 + np.exp(-(x @ w))) - y) / N,
            "missing-bias",
            "the bias is left out: add b to the logits before the softmax",
        ),
        (
            np.full(J, d.sum()),
            "missing-input",
            "the factor x is missing: a logit changes by x[j] for each unit of W[j,i]",
        ),
        (dW + 0.25 * w, "l2-term", "λW with λ = 0.25 is in it, where no L2 term is expected"),
        (
            w - 0.5 * dW,
            "step-taken",
            "this is W − η·dE/dW with η = 0.5, what a step makes of W: return dE/dW itself",
        ),
        (x[1:].T @ d[1:], "one-sample", "input 0 is left out"),
        (
            x.T @ (d * np.where(y == 1, 3.0, 1.0)),
            "class-weights",
            "the rows are weighted by their classes, where no class weights are expected: 1, 3",
        ),
    ],
)  # fmt: skip
def test_its_mistakes_are_named(wrong, diagnosis, advice):
    report = checked(wrong, "dE_dW", target=y)
    assert (report.diagnosis, report.advice) == (diagnosis, advice)
    assert report.differing == J


def test_an_l2_term_that_is_asked_for_is_that_of_the_one_output():
    assert checked(dW + 0.25 * w, "dE_dW", target=y, l2=0.25)
    assert checked(dW, "dE_dW", target=y, l2=0.25).diagnosis == "missing-l2"


def test_where_it_is_wrong_is_said_of_its_own_entries():
    wrong = dW.copy()
    wrong[2] *= 0.5
    assert checked(wrong, "dE_dW", target=y).where == (
        "all but the weights of input 2 are right; the weights of input 2 are 0.5 of what they should be"
    )
    assert checked(wrong, "dE_dW", target=y).worst[0].label == "∂E/∂W[2,0]"


@pytest.mark.parametrize(("of", "right"), [("dE_dW", dW), ("dE_dz", d)])
def test_what_is_random_or_noisy_has_no_name(of, right):
    for seed in range(3):
        other = np.random.default_rng(seed).normal(size=right.shape)
        for theirs in (other, right * (1.0 + 1e-3 * other)):
            report = checked(theirs, of, target=y)
            assert (report.agrees, report.diagnosis) == (False, None)


def test_two_outputs_that_both_have_weights_are_no_binary_classifier():
    with pytest.raises(InputError) as refused:
        compare(dW[:, None], x, np.stack([w, w], axis=1), of="dE_dW", target=y)
    assert str(refused.value) == (
        "the matrix to check has shape (6, 1), where (6, 2) (in-out) or (2, 6) (out-in) is expected"
    )


# --- dE/dW as a vector ------------------------------------------------------------------------------------------------


def of_three():
    """The gradient of a softmax of three outputs, as it is written."""
    W, t = rng.normal(size=(J, 3)), np.arange(N) % 3
    e = np.exp(x @ W)
    return W, t, x.T @ (e / e.sum(axis=1, keepdims=True) - np.eye(3)[t]) / N


@pytest.mark.parametrize("layout", ["in-out", "out-in"])
def test_de_dw_as_a_vector_is_read_row_by_row_of_its_layout(layout):
    W, t, right = of_three()
    flat = right.ravel() if layout == "in-out" else right.T.ravel()
    report = compare(flat, x, W, of="dE_dW", target=t, layout=layout)
    assert report
    shape = (6, 3) if layout == "in-out" else (3, 6)
    assert str(report).splitlines() == [f"dE_dW: agrees ({layout} layout)", f"read as {shape}, row by row"]


def test_a_vector_in_the_other_order_is_told_so():
    W, t, right = of_three()
    assert compare(right.T.ravel(), x, W, of="dE_dW", target=t).diagnosis == "reshaped"


def test_a_saved_vector_is_known_by_its_length_and_is_in_the_order_of_w_as_it_was_given(tmp_path):
    W, t, right = of_three()
    for name, array in {"x": x, "W": W.T, "dW": right.T.ravel()}.items():
        np.save(tmp_path / f"{name}.npy", array)
    layer = ["-x", "x.npy", "-W", "W.npy", "--weights-layout", "out-in", "--target", ",".join(map(str, t))]
    assert run("check", *layer, "--against", "dW.npy", cwd=tmp_path).stdout.splitlines() == [
        "dW.npy: dE_dW: agrees (out-in layout)",
        "read as (3, 6), row by row",
    ]


@pytest.mark.parametrize(
    ("name", "result", "layout"),
    [("dW", "dE_dW", "in-out"), ("turned", "dE_dW", "out-in"), ("db", "dE_db", "vector"), ("dz", "dE_dz", "vector")],
)
def test_binary_says_so_on_the_command_line_and_the_shape_tells_the_result(tmp_path, name, result, layout):
    saved = {"x": x, "W": w[:, None], "dW": dW[:, None], "turned": dW[None, :], "db": d.sum(), "dz": d}
    for each, array in saved.items():
        np.save(tmp_path / f"{each}.npy", array)
    layer = ["-x", "x.npy", "-W", "W.npy", "-b", str(b), "--binary", "--target", ",".join(map(str, y))]
    assert run("check", *layer, "--against", f"{name}.npy", cwd=tmp_path).stdout.splitlines() == [
        f"{name}.npy: {result}: agrees ({layout} layout)",
        f"read as {SECOND}",
    ]
