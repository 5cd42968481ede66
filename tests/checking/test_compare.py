"""`compare` passes what is right in every layout and precision, and finds each entry that is not."""

import itertools
import json
import math

import exact
import numpy as np
import pytest

from softmax_cli.checking.compare import compare
from softmax_cli.checking.report import Difference

SHAPES = [(1, 1), (1, 3), (3, 1), (2, 2), (3, 5), (5, 3), (4, 4), (64, 10)]
LAYOUTS = ["numerator", "denominator", "tensor"]


def plain_softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum()


def textbook(x, W, b=0.0, dtype=np.float64):
    """diag(h) − h hᵀ times x, in ordinary arithmetic of one precision: columns i·J + j."""
    x, W, b = (np.asarray(a, dtype) for a in (x, W, b))
    h = plain_softmax(x @ W + b)
    return np.kron(np.diag(h) - np.outer(h, h), x)


def reverse_mode(x, W, dtype):
    """(K, J, K) as a framework makes it: one vector-Jacobian product h(u − uᵀh) for each output."""
    x, W = np.asarray(x, dtype), np.asarray(W, dtype)
    h = plain_softmax(x @ W)
    return np.array([np.outer(x, h * (u - u @ h)) for u in np.eye(len(h), dtype=dtype)])


def laid_out(M, layout, J, K):
    if layout == "tensor":
        return np.array([[[M[t, i * J + j] for i in range(K)] for j in range(J)] for t in range(K)])
    return M if layout == "numerator" else M.T


def problem(J, K, seed=0):
    rng = np.random.default_rng([seed, J, K])
    return rng.normal(size=J), rng.normal(size=(J, K)), rng.normal(size=K)


# --- what is right passes ----------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("J", "K"), SHAPES)
def test_a_right_answer_passes_in_every_layout(J, K, layout):
    x, W, b = problem(J, K)
    report = compare(laid_out(textbook(x, W, b), layout, J, K), x, W, b)
    assert (report.agrees, report.differing, report.diagnosis, report.advice) == (True, 0, None, None)
    assert report.entries == K * K * J
    assert report.layout == layout or J == 1  # where numerator and denominator have one shape


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_right_linear_grad_passes_in_every_layout(layout):
    x, W, _ = problem(3, 5)
    report = compare(laid_out(np.kron(np.eye(5), x), layout, 3, 5), x, W, of="linear-grad")
    assert (report.agrees, report.layout) == (True, layout)


def test_right_outputs_and_a_right_softmax_grad_pass():
    x, W, b = problem(3, 5)
    h = plain_softmax(x @ W + b)
    assert compare(h, x, W, b, of="forward").layout == "vector"
    assert compare(h[None, :], x, W, b, of="forward").agrees
    assert compare(h[:, None], x, W, b, of="forward").agrees
    assert compare(np.diag(h) - np.outer(h, h), x, W, b, of="softmax-grad").agrees


@pytest.mark.parametrize(("stored", "J", "K"), [("in-out", 3, 5), ("out-in", 3, 5), ("in-out", 4, 4), ("out-in", 4, 4)])
@pytest.mark.parametrize("given", ["upstream", "target"])
def test_a_right_weight_grad_passes_in_the_layout_that_is_told_by_its_shape_or_named(stored, J, K, given):
    layout = stored if J == K else None
    x, W, b = problem(J, K)
    h = plain_softmax(x @ W + b)
    u = np.arange(K) - 1.5
    d = h - np.eye(K)[2] if given == "target" else h * (u - h @ u)
    G = np.outer(x, d)
    weights = {"target": 2} if given == "target" else {"upstream": u}
    report = compare(G if stored == "in-out" else G.T, x, W, b, of="loss-grad", layout=layout, **weights)
    assert (report.agrees, report.layout) == (True, stored)


@pytest.mark.parametrize(("J", "K"), [(3, 5), (4, 4), (64, 10), (20, 100)])
def test_single_precision_passes_at_1e_4(J, K):
    x, W, _ = problem(J, K)
    assert compare(reverse_mode(x, W, np.float32), x, W, rtol=1e-4).agrees
    assert compare(textbook(x, W, dtype=np.float32), x, W, rtol=1e-4).agrees


def test_what_single_precision_cannot_hold_passes():
    x, W = [1.0, 0.5], [[120.0, 0.0, 110.0], [0.0, 0.0, 1.0]]  # exp(−120) is below the smallest float32
    assert compare(reverse_mode(x, W, np.float32), x, W, rtol=1e-4).agrees


def test_60_digit_values_agree_to_1e_15():
    x, W, b = exact.problem(3, 4, 5, 300.0)
    truth = np.array([[float(v) for v in row] for row in exact.jacobian(x, W, b)])
    assert compare(truth, x, W, b, rtol=1e-15, strict=True).agrees


# --- what is wrong does not --------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("J", "K"), [(2, 2), (3, 5), (4, 4), (64, 10)])
def test_one_entry_off_by_a_thousandth_fails_with_exactly_that_entry(J, K, layout):
    x, W, b = problem(J, K)
    right = textbook(x, W, b)
    for row, column in itertools.islice(np.ndindex(right.shape), 0, None, max(1, right.size // 50)):
        wrong = right.copy()
        wrong[row, column] *= 1.001
        report = compare(laid_out(wrong, layout, J, K), x, W, b)
        (d,) = report.worst
        i, j = divmod(column, J)
        assert (report.agrees, report.differing, report.layout, report.diagnosis) == (False, 1, layout, None)
        assert (d.row, d.column, d.label) == (row, column, f"∂h[{row}]/∂W[{j},{i}]")
        assert d.theirs == wrong[row, column]
        assert d.relative == pytest.approx(1e-3, rel=1e-6)
        assert d.absolute == pytest.approx(1e-3 * abs(right[row, column]), rel=1e-6)


def test_an_all_zero_jacobian_fails_at_saturation():
    report = compare(np.zeros((2, 2)), [1.0], [[37.43, 0.0]])
    assert (report.agrees, report.diagnosis, report.advice) == (False, "all-zero", "every entry is zero")


@pytest.mark.parametrize("gap", [1.0, 20.0, 37.43, 100.0, 500.0, 700.0])
def test_an_all_zero_jacobian_fails_however_saturated(gap):
    assert not compare(np.zeros((3, 6)), [1.0, -0.5], [[gap, 0.0, 1.0], [0.0, 0.0, 0.0]]).agrees


def test_a_tiny_entry_off_by_a_thousandth_fails():
    x, W = [1.0, 2.0], [[300.0, 0.0, 5.0], [0.0, 0.0, 0.0]]
    right = np.array([[float(v) for v in row] for row in exact.jacobian(x, W)])
    for row, column in np.ndindex(right.shape):
        wrong = right.copy()
        wrong[row, column] *= 1.001
        assert [(d.row, d.column) for d in compare(wrong, x, W, strict=True).worst] == [(row, column)]


def test_the_labels_are_those_of_the_result():
    x, W, b = problem(3, 4)
    h = plain_softmax(x @ W + b)
    labels = {
        of: compare(np.full(shape, 7.0), x, W, b, of=of, **given).worst[0].label
        for of, shape, given in [
            ("forward", (4,), {}),
            ("softmax-grad", (4, 4), {}),
            ("linear-grad", (4, 12), {}),
            ("loss-grad", (3, 4), {"target": 0}),
        ]
    }
    assert labels["forward"] == f"h[{h.argmin()}]"
    assert labels["softmax-grad"].startswith("∂h[")
    assert "]/∂z[" in labels["softmax-grad"]
    assert labels["linear-grad"] == "∂z[0]/∂W[0,1]"
    assert labels["loss-grad"].startswith("∂E/∂W[")


def test_the_worst_five_are_the_worst_by_relative_error(article):
    x, W = article
    wrong = textbook(x, W)
    for n, column in enumerate((0, 4, 7, 9, 11, 13, 14)):
        wrong[n % 5, column] *= 1 + 10.0 ** -(n + 1)
    report = compare(wrong, x, W, rtol=1e-9)
    assert report.differing == 7
    assert [(d.row, d.column) for d in report.worst] == [(0, 0), (1, 4), (2, 7), (3, 9), (4, 11)]


def test_nan_and_infinity_differ_and_come_first(article):
    x, W = article
    wrong = textbook(x, W)
    wrong[0, 1] *= 2
    wrong[1, 2], wrong[3, 3] = np.nan, -np.inf
    report = compare(wrong, x, W)
    assert report.differing == 3
    assert [d.label for d in report.worst] == ["∂h[1]/∂W[2,0]", "∂h[3]/∂W[0,1]", "∂h[0]/∂W[1,0]"]
    assert report.diagnosis is None


def test_none_is_nan(article):
    x, W = article
    rows = textbook(x, W).tolist()
    rows[2][4] = None
    (d,) = compare(rows, x, W).worst
    assert (d.row, d.column, math.isnan(d.theirs)) == (2, 4, True)


# --- cancellation ------------------------------------------------------------------------------


@pytest.mark.parametrize("gap", [25.0, 30.0, 37.43, 40.0, 300.0])
def test_what_a_subtraction_from_one_loses_is_counted_apart(gap):
    x, W = [1.0, -0.5], [[gap, 0.0, 0.0], [0.0, 0.0, 1.0]]
    report = compare(textbook(x, W), x, W)
    assert (report.agrees, report.differing) == (True, 0)
    assert report.lost_to_cancellation == 2  # ∂h[0]/∂W[j,0], that is h₀(1 − h₀)xⱼ
    assert report.advice == (
        "entries were lost to cancellation: sum 1 − h from the other outputs instead of subtracting h from 1"
    )


def test_strict_makes_it_a_difference():
    x, W = [1.0, -0.5], [[37.43, 0.0], [0.0, 0.0]]
    report = compare(textbook(x, W), x, W, strict=True)
    assert (report.agrees, report.differing, report.lost_to_cancellation) == (False, 2, 0)
    assert [d.label for d in report.worst] == ["∂h[0]/∂W[0,0]", "∂h[0]/∂W[1,0]"]


def test_five_roundoffs_are_a_difference():
    x, W = [1.0], [[40.0, 0.0]]
    right = np.array([[float(v) for v in row] for row in exact.jacobian(x, W)])
    found = []
    for roundoffs in (3.9, 5.0):
        wrong = right.copy()
        wrong[0, 0] += roundoffs * 2.0**-53
        report = compare(wrong, x, W)
        found.append((report.lost_to_cancellation, report.differing))
    assert found == [(1, 0), (0, 1)]


def test_nothing_is_forgiven_where_nothing_cancels():
    x, W = [1.0], [[40.0, 0.0]]
    wrong = np.array([[float(v) for v in row] for row in exact.jacobian(x, W)])
    wrong[0, 1] = 0.0
    assert [d.label for d in compare(wrong, x, W).worst] == ["∂h[0]/∂W[0,1]"]


def test_a_float32_matrix_is_allowed_the_roundoff_of_float32():
    x, W = [1.0, -0.5], [[12.0, 0.0], [0.0, 0.0]]
    report = compare(textbook(x, W, dtype=np.float32), x, W, rtol=1e-4)
    assert (report.agrees, report.lost_to_cancellation) == (True, 2)


def at_a_minimum():
    """Weights at which the gradient over the inputs has all but vanished: its terms are 0.5, and it is 1e-9."""
    x, W = np.ones((2, 1)), np.array([[2e-9, -2e-9]])
    h = np.exp(2e-9) / (np.exp(2e-9) + np.exp(-2e-9))
    return x, W, np.array([[h - 0.5, 0.5 - h]])


@pytest.mark.parametrize("factor", [-1.0, 2.0, 11.0])
def test_where_all_is_lost_nothing_is_told_and_the_report_is_false(factor):
    x, W, right = at_a_minimum()
    report = compare((factor * right).astype(np.float32), x, W, of="loss-grad", target=[0, 1])
    assert (report.agrees, report.untold, report.differing, report.lost_to_cancellation) == (False, True, 0, 2)
    assert str(report).splitlines() == [
        "loss-grad: cannot be told (in-out layout, float32)",
        "2 of 2 entries are lost to cancellation: nothing can be said of them",
        "take numbers of more digits, or other weights or inputs, at which the result is no smaller than its terms",
    ]


def test_zeros_where_all_is_lost_are_what_ordinary_arithmetic_leaves():
    x, W, _ = at_a_minimum()
    report = compare(np.zeros((1, 2), np.float32), x, W, of="loss-grad", target=[0, 1])
    assert (report.agrees, report.lost_to_cancellation) == (True, 2)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("K", range(2, 12))
def test_what_rounding_leaves_of_a_sum_that_is_zero_agrees(K, kind):
    """Weights of zero and as many inputs of each class, as a first lesson has them: dE/db is 0."""
    x, W, t = np.ones((K, 1)), np.zeros((1, K)), np.arange(K)
    d = (np.full((K, K), 1.0 / K, kind) - np.eye(K, dtype=kind)) / kind(K)
    for theirs in (d.sum(axis=0), d[::-1].sum(axis=0), d.T.copy().sum(axis=1)):
        assert compare(theirs, x, W, of="dE_db", target=t)


def test_one_entry_that_is_not_lost_tells():
    x, W, right = at_a_minimum()
    x, W = np.hstack([x, [[1.0], [-1.0]]]), np.vstack([W, np.zeros((1, 2))])
    theirs = np.vstack([11.0 * right, [[-0.5, 0.5]]]).astype(np.float32)
    assert compare(theirs, x, W, of="loss-grad", target=[0, 1])


# --- the report --------------------------------------------------------------------------------


def test_the_report_as_json(article):
    x, W = article
    wrong = textbook(x, W)
    wrong[2, 5] = np.nan
    document = compare(wrong, x, W).to_dict()
    ours = document["worst"][0].pop("ours")
    assert ours == pytest.approx(textbook(x, W)[2, 5], rel=1e-14)
    assert json.loads(json.dumps(document, allow_nan=False)) == {
        "of": "layer-grad",
        "agrees": False,
        "layout": "numerator",
        "precision": "float64",
        "printed": None,
        "differing": 1,
        "entries": 75,
        "lost_to_cancellation": 0,
        "worst": [
            {
                "row": 2,
                "column": 5,
                "label": "∂h[2]/∂W[2,1]",
                "theirs": None,
                "absolute": None,
                "relative": None,
            }
        ],
        "diagnosis": None,
        "advice": None,
        "others": [],
        "where": "only ∂h[2]/∂W[2,1] is wrong; it is nan",
        "read": None,
    }


def test_where_ours_is_zero_the_relative_error_is_infinite():
    wrong = np.kron(np.eye(2), [1.0, 2.0])
    wrong[0, 3] = 0.5
    assert compare(wrong, [1.0, 2.0], np.ones((2, 2)), of="linear-grad").worst == (
        Difference(0, 3, "∂z[0]/∂W[1,1]", 0.5, 0.0, 0.5, math.inf),
    )


@pytest.mark.slow
def test_27_million_entries_take_seconds():
    x, W, _ = problem(300, 300)
    theirs = textbook(x, W / 20)
    theirs[17, 12345] *= 1.001
    assert [(d.row, d.column) for d in compare(theirs, x, W / 20).worst] == [(17, 12345)]


# --- precision ---------------------------------------------------------------------------------


def test_half_precision_is_not_passed_by_an_absolute_tolerance():
    x, W = [0.01, 0.02, 255.0], [[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.2, 0.3], [0.0, 0.001, 0.002, 0.003]]
    right = laid_out(textbook(x, W), "tensor", 3, 4)
    assert compare(right.astype(np.float16), x, W, rtol=1e-2).agrees
    zeroed = right.copy()
    zeroed[:, :2, :] = 0.0
    assert compare(zeroed.astype(np.float16), x, W, rtol=1e-2).differing == 32
    assert not compare(np.zeros((3, 3), np.float16), [1.0], [[11.0, 0.0, 0.0]]).agrees


def test_a_huge_input_does_not_hide_the_entries_of_a_tiny_one():
    x, W = [1e300, 1e-10], [[0.0, 0.0, 0.0], [0.1, 0.2, 0.3]]
    wrong = textbook(x, W)
    wrong[:, 1::2] = 0.0
    assert compare(wrong, x, W).differing == 9
