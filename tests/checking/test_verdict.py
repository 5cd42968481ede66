"""When `compare` says that all agrees: in which layout, for numbers of which precision, and as a truth value."""

from fractions import Fraction

import numpy as np
import pytest

from softmax_cli import InputError, compare, self_check


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def training_step(seed=0, N=8, J=5, K=4):
    """x, W, b, targets and the mean of x ⊗ (h − y), in ordinary double precision."""
    rng = np.random.default_rng(seed)
    x, W, b, t = rng.normal(size=(N, J)), rng.normal(size=(J, K)), rng.normal(size=K), rng.integers(0, K, N)
    return x, W, b, t, x.T @ (softmax(x @ W + b) - np.eye(K)[t]) / N


def jacobian(x, W):
    h = softmax(np.asarray(x, float) @ np.asarray(W, float))
    return np.kron(np.diag(h) - np.outer(h, h), x)


def bfloat16(a):
    """The nearest number of 8 significant bits, ties to even, by exact arithmetic."""

    def nearest(v):
        if v == 0:
            return 0.0
        exact = Fraction(float(v))
        _, exponent = np.frexp(float(v))
        step = Fraction(2) ** (int(exponent) - 8)
        return float(round(exact / step) * step)

    return np.vectorize(nearest)(a)


def rounded(a, precision):
    return bfloat16(a) if precision == "bfloat16" else np.asarray(a, precision).astype(np.float64)


# --- the truth of a report ---------------------------------------------------------------------


def test_a_report_is_true_only_where_all_agrees():
    x, W, b, t, G = training_step()
    wrong = G.copy()
    wrong[2, 1] *= 1.001
    assert compare(G, x, W, b, of="loss-grad", target=t)
    assert not compare(wrong, x, W, b, of="loss-grad", target=t)


def test_the_message_of_a_failed_assert_is_the_report():
    report = compare([[0.5, -0.5], [-0.25, 0.25]], [1.0], [[0.0, 0.0]], layout="numerator")
    assert str(report) == (
        "layer-grad: differs in 2 of 4 entries (numerator layout)\n"
        "entry           yours   right   absolute   relative\n"
        "───────────────────────────────────────────────────\n"
        "∂h[0]/∂W[0,0]     0.5    0.25       0.25          1\n"
        "∂h[0]/∂W[0,1]    -0.5   -0.25       0.25          1\n"
        "diagnosis: none: no known mistake explains the whole matrix\n"
        "where: all but row 0 are right; row 0 is 2 times what it should be"
    )


def test_a_report_that_agrees_is_a_line():
    assert str(compare([0.5, 0.5], [1.0], [[0.0, 0.0]], of="forward")) == "forward: agrees (vector layout)"


def test_a_notebook_shows_a_report_as_a_table():
    report = compare([0.5, 0.75], [1.0], [[0.0, 0.0]], of="forward")
    assert report._repr_markdown_() == (
        "forward: differs in 1 of 2 entries (vector layout)\n\n"
        "| entry | yours | right | absolute | relative |\n"
        "| :-- | --: | --: | --: | --: |\n"
        "| h[1] | 0.75 | 0.5 | 0.25 | 0.5 |\n\n"
        "diagnosis: none: no known mistake explains the whole matrix\n\n"
        "where: only h[1] is wrong"
    )


def test_the_check_of_the_tool_is_true_and_every_way_of_it_is():
    found = self_check([1.0, 2.0], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    assert found
    assert all(found)
    assert (len(found), found[4].way) == (7, "chain")


def test_the_check_of_the_tool_is_false_where_one_way_disagrees(monkeypatch):
    from softmax_cli.checking import selfcheck

    monkeypatch.setattr(selfcheck, "COMPLEX", 1e-300)
    found = self_check([1.0, 2.0], [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    assert not found
    assert [bool(way) for way in found] == [way.agrees for way in found]
    assert "  NO\n" in str(found)


# --- layouts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("N", "reduction"), [(1, "sum"), (6, "mean"), (6, "none")])
def test_a_transposed_gradient_of_a_square_w_differs_and_is_named(seed, N, reduction):
    x, W, b, t, _ = training_step(seed, N, 4, 4)
    apart = x[:, :, None] * (softmax(x @ W + b) - np.eye(4)[t])[:, None, :]
    G = {"sum": apart.sum(0), "mean": apart.mean(0), "none": apart}[reduction]
    how = {"of": "loss-grad", "target": t, "reduction": reduction}
    report = compare(np.swapaxes(G, -1, -2), x, W, b, **how)
    assert (report.agrees, report.layout, report.diagnosis) == (False, "in-out", "transposed")
    assert report.advice == ("dE/dW is stored outputs × inputs, (K, J): transpose it, or say so with --layout out-in")
    assert compare(np.swapaxes(G, -1, -2), x, W, b, layout="out-in", **how)
    assert compare(G, x, W, b, layout="out-in", **how).diagnosis == "transposed"


@pytest.mark.parametrize(
    ("name", "change"),
    [("sign-flipped", np.negative), ("scaled", lambda G: G * 6)],
)
def test_a_transposed_gradient_with_another_mistake_is_named_by_both(name, change):
    x, W, b, t, G = training_step(3, 6, 4, 4)
    assert compare(change(G).T, x, W, b, of="loss-grad", target=t).diagnosis == f"transposed + {name}"


def test_where_the_shape_tells_the_layout_it_is_told():
    x, W, b, t, G = training_step()
    assert compare(G.T, x, W, b, of="loss-grad", target=t).layout == "out-in"


def test_a_layout_that_is_named_is_asked_for():
    x, W, b, t, G = training_step()
    with pytest.raises(InputError) as caught:
        compare(G.T, x, W, b, of="loss-grad", target=t, layout="in-out")
    assert (str(caught.value), caught.value.advice) == (
        "the matrix to check has shape (4, 5), where (5, 4) (in-out) is expected",
        "(4, 5) is the out-in layout",
    )


def test_a_layout_of_another_result_is_refused():
    with pytest.raises(InputError) as caught:
        compare(np.zeros((4, 5)), np.ones(5), np.ones((5, 4)), of="loss-grad", target=0, layout="tensor")
    assert str(caught.value) == "layout is 'tensor', where that of loss-grad, in-out or out-in, is expected"


def test_a_symmetric_matrix_is_not_called_transposed():
    x, W = [2.0], [[0.3, -0.4, 1.1]]
    almost = jacobian(x, W)
    almost[0, 1] *= 1 + 1e-7
    assert compare(almost, x, W, rtol=1e-9).diagnosis is None


# --- precision ---------------------------------------------------------------------------------

PRECISIONS = ["float16", "bfloat16", "float32"]


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("seed", range(5))
def test_a_right_gradient_that_was_rounded_agrees_however_it_is_stored(precision, seed):
    x, W, b, t, G = training_step(seed)
    stored = (
        [np.float64] + [np.float32] * (precision in {"float16", "bfloat16"}) + [np.float16] * (precision == "float16")
    )
    for dtype in stored:
        report = compare(rounded(G, precision).astype(dtype), x, W, b, of="loss-grad", target=t)
        assert (report.agrees, report.precision, report.lost_to_cancellation) == (True, precision, 0)


@pytest.mark.parametrize(("precision", "factor"), [("float16", 1.003), ("bfloat16", 1.03), ("float32", 1.0001)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("seed", range(5))
def test_a_gradient_that_is_too_large_by_a_few_roundoffs_differs(precision, factor, dtype, seed):
    x, W, b, t, G = training_step(seed)
    report = compare(rounded(G * factor, precision).astype(dtype), x, W, b, of="loss-grad", target=t)
    assert (report.agrees, report.precision, report.diagnosis) == (False, precision, "scaled")


@pytest.mark.parametrize("factor", [1.003, 0.997])
def test_nothing_is_called_cancellation_where_nothing_cancels(factor):
    """One input: x ⊗ (h − y) with h of about a fourth each, of which no entry is a small difference."""
    x, W = np.array([[0.7, 1.3, 0.9]]), np.tile([0.01, 0.02, 0.03, 0.04], (3, 1))
    G = np.outer(x, softmax(x @ W)[0] - np.eye(4)[2])
    report = compare((G * factor).astype(np.float16), x, W, of="loss-grad", target=[2])
    assert (report.agrees, report.differing, report.lost_to_cancellation) == (False, 12, 0)


def test_one_entry_a_percent_off_in_half_precision_is_found():
    x, W, b, t, G = training_step()
    G[3, 2] *= 1.01
    (worst,) = compare(G.astype(np.float16), x, W, b, of="loss-grad", target=t).worst
    assert worst.label == "∂E/∂W[3,2]"


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spread", [0.1, 1.0, 10.0])
def test_what_single_precision_computes_agrees(seed, spread):
    rng = np.random.default_rng(seed)
    x, W = rng.normal(size=(50, 64)).astype(np.float32), (spread * rng.normal(size=(64, 10)) / 8).astype(np.float32)
    t = rng.integers(0, 10, 50)
    h = softmax(x @ W)
    G = x.T @ (h - np.eye(10, dtype=np.float32)[t]) / np.float32(50)
    J = np.array([np.kron(np.diag(p) - np.outer(p, p), v) for p, v in zip(h, x, strict=True)])
    assert (G.dtype, J.dtype) == (np.float32, np.float32)
    assert compare(G, x, W, of="loss-grad", target=t)
    assert compare(J, x, W)
    assert compare(G.astype(np.float64), x, W, of="loss-grad", target=t)


def test_what_needs_no_rounding_is_not_excused_by_a_precision():
    """Every right entry, 200/4 and the like, is a float16: one that is off by half a percent was not rounded."""
    x, W = [200.0, 77.0], np.zeros((2, 2))
    theirs = jacobian(x, W)
    assert theirs[0, 0] == 50.0
    theirs[0, 0] = 50.25
    (worst,) = compare(theirs, x, W).worst
    assert (worst.label, worst.ours) == ("∂h[0]/∂W[0,0]", 50.0)


def test_a_few_small_integers_do_not_make_a_precision():
    assert compare([[3.0, 0.0], [0.0, 3.0]], [3.0], np.zeros((1, 2)), of="linear-grad").precision == "float64"


def test_an_rtol_that_is_given_holds_in_every_precision():
    x, W, b, t, G = training_step()
    assert not compare(G.astype(np.float32), x, W, b, of="loss-grad", target=t, rtol=1e-9)
    assert compare(G.astype(np.float16), x, W, b, of="loss-grad", target=t, rtol=1e-2)


@pytest.mark.parametrize(("noise", "said"), [(2e-3, "1e-2"), (5e-3, "1e-2")])
def test_a_result_computed_in_half_precision_is_told_what_to_allow(noise, said):
    x, W, b, t, G = training_step()
    theirs = (G * (1 + noise * np.resize([1.0, -1.0, 0.5], G.shape))).astype(np.float16)
    report = compare(theirs, x, W, b, of="loss-grad", target=t)
    assert (report.agrees, report.advice) == (
        False, f"all are within {said} of what is right: for half precision, that is what --rtol {said} allows"
    )  # fmt: skip


# --- one entry does not excuse another ----------------------------------------------------------


def test_a_row_of_huge_upstream_does_not_excuse_another_row():
    x, W, u = [[1.0], [1.0]], [[0.5, -0.5]], [[3e38, 3e38], [1.0, -1.0]]
    h = 1 / (1 + np.exp(-1.0))
    d = 2 * h * (1 - h)
    theirs = np.array([[[0.0, 0.0]], [[-d, d]]])  # right: [[d, −d]]
    report = compare(theirs.astype(np.float32), x, W, of="loss-grad", upstream=u, reduction="none")
    assert [w.label for w in report.worst] == ["input 1: ∂E/∂W[0,0]", "input 1: ∂E/∂W[0,1]"]
    assert compare((-theirs).astype(np.float32), x, W, of="loss-grad", upstream=u, reduction="none")


def test_a_steep_input_does_not_excuse_the_others_of_a_sum():
    x, W, b, t, _ = training_step(1)
    x = np.concatenate([x, [[1e6, 0, 0, 0, 0]]])
    t = np.append(t, int(np.argmax(W[0])))  # the target of a saturated input: its gradient is zero
    h = softmax(x @ W + b)
    G = x.T @ (h - np.eye(4)[t])
    assert compare(G.astype(np.float32), x, W, b, of="loss-grad", target=t, reduction="sum")
    G[2, 1] *= 1.001
    (worst,) = compare(G.astype(np.float32), x, W, b, of="loss-grad", target=t, reduction="sum").worst
    assert worst.label == "∂E/∂W[2,1]"


def test_a_constant_is_not_fitted_to_one_entry():
    report = compare([[1.0, 2.0]], [1.0], [[-40.0, 0.0]], of="loss-grad", upstream=[0.0, 1.0])
    assert (report.agrees, report.diagnosis) == (False, None)


@pytest.mark.parametrize("gap", [-40.0, -38.0, 36.0, 45.0, 90.0, 300.0])
@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_a_multiple_of_what_cancelled(gap, seed):
    theirs = np.random.default_rng(seed).normal(size=(1, 2))
    report = compare(theirs, [1.0], [[gap, 0.0]], of="loss-grad", upstream=[0.0, 1.0])
    assert (report.agrees, report.diagnosis) == (False, None)
