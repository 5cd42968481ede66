import sys

import exact
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli import InputError, forward, layer_jacobian, softmax_jacobian
from softmax_cli.core import layer as core
from softmax_cli.core import twofold

SHAPES = [(1, 1), (1, 5), (7, 1), (3, 5), (20, 10), (200, 30)]
SCALES = [1e-3, 1.0, 30.0, 300.0, 700.0]
PROBLEMS = {f"{J}x{K} to {scale:g}": exact.problem(J * K, J, K, scale) for J, K in SHAPES for scale in SCALES} | {
    "saturated": ([37.42994775023705], [[1.0, 0.0]], None),
    "tied": ([1.0, 2.0], [[0.1, 0.1, 0.1], [0.2, 0.2, 0.2]], None),
    "tiny": ([1e-300, 2e-305], [[1e-5, 3.0], [2.0, 1e10]], None),
    "huge": ([1e200, 1.0], [[1e-198, 2e-198, 0.0], [1.0, 2.0, 3.0]], None),
    "negative": ([-3.0, -0.1], [[200.0, -1.0, 230.0], [5.0, 7.0, -9.0]], [-700.0, -650.0, 0.0]),
    "gap of 1400": ([1.0], [[700.0, -700.0, 699.0]], None),
    "cancelling": ([1e16, 1.0, -1e16], [[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]], None),
    "cancelling to nothing": ([0.1, 0.2, -0.3], [[1.0, 3.0], [1.0, 3.0], [1.0, 3.0]], None),
    "cancelling against the bias": ([1.0 / 3.0], [[3.0, 3e10]], [-1.0, -1e10]),
    "products that underflow": ([1e-200, 1.0], [[1e-200, 3e-150], [0.0, 1e-308]], None),
    "products that overflow": ([1e200, 1e200, 1.0], [[1e200, 1.0], [-1e200, -1.0], [3.0, 4.0]], None),
    "errors of several exponentials in one entry": (
        [1.3856070321205423],
        [[0.0] * 8],
        [
            0.7,
            -0.6452454042539181,
            -0.661810496557882,
            -0.6759128616248967,
            -0.6767801314316922,
            -0.6779593767481266,
            -0.6844171652088241,
            -0.6847891575493946,
        ],
    ),
    "many outputs that are subnormal": ([0.0], [[0.0] * 101], [356.45] + [-356.45] * 100),
    "zero input": ([0.0, 0.0], [[1.0, 2.0], [3.0, 4.0]], [0.0, 0.5]),
    "logits beyond 2**53, apart by less than their spacing": ([1e17, 1.0], [[1.0, 1.0], [3.0, 2.0]], None),
}


@pytest.mark.parametrize("layer", PROBLEMS.values(), ids=PROBLEMS.keys())
def test_every_normal_logit_probability_and_derivative_is_within_1e_15(layer):
    z, h, complement = exact.forward(*layer)
    got = forward(*layer)
    assert exact.worst(got.z, z) <= exact.BAR
    assert exact.worst(got.h, h) <= exact.BAR
    diagonal = [[p * c for p, c in zip(h, complement, strict=True)]]
    assert exact.worst(np.diag(softmax_jacobian(*layer)), diagonal) <= exact.BAR
    assert exact.worst(layer_jacobian(*layer), exact.jacobian(*layer)) <= exact.BAR


@pytest.mark.parametrize(("J", "K"), [(2000, 3), (4, 1000)])
def test_the_bar_holds_for_long_sums(J, K):
    layer = exact.problem(1, J, K, 700.0)
    z, h, complement = exact.forward(*layer)
    got, _ = core.evaluate(*layer)
    assert exact.worst(got.z, z) <= exact.BAR
    assert exact.worst(got.h, h) <= exact.BAR
    assert exact.worst(got.complement, complement) <= exact.BAR


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 7), st.floats(-3.0, np.log10(700.0)))
def test_the_bar_holds_at_any_scale_of_logit(seed, J, K, exponent):
    layer = exact.problem(seed, J, K, 10.0**exponent)
    assert exact.worst(forward(*layer).h, exact.forward(*layer)[1]) <= exact.BAR
    assert exact.worst(layer_jacobian(*layer), exact.jacobian(*layer)) <= exact.BAR


def test_a_gap_that_overflows_leaves_a_probability_of_zero():
    assert forward([1.0], [[1.7e308, -1.7e308, 1.7e308]]).h.tolist() == [0.5, 0.0, 0.5]


def test_the_complement_of_a_saturated_output_is_not_lost():
    assert softmax_jacobian([37.42994775023705], [[1.0, 0.0]])[0, 0] == 5.551115123125775e-17


def test_terms_that_cancel_leave_what_is_between_them():
    h = forward([1e16, 1.0, -1e16], [[1.0, 0.0]] * 3).h
    assert h.tolist() == [0.7310585786300049, 0.2689414213699951]


def test_a_product_of_two_probabilities_that_underflows_does_not_lose_the_entry():
    x, W = [1e10, 1.0], [[0.0, 0.0, 0.0], [0.0, -400.0, -330.0]]
    truth = exact.jacobian(x, W)
    assert exact.TINY <= abs(truth[1][4]) < 1e-306
    assert exact.worst(layer_jacobian(x, W)[1, 4], [truth[1][4]]) <= exact.BAR


def test_the_low_part_of_a_logit_reaches_the_probability():
    x, W, b = exact.problem(5, 50, 4, 700.0)
    z, h, _ = exact.forward(x, W, b)
    rounded, *_ = core.softmax(np.array([[float(v) for v in z]]))
    assert exact.worst(rounded, h) > 10 * exact.BAR
    assert exact.worst(forward(x, W, b).h, h) <= exact.BAR


@pytest.mark.parametrize(("J", "K", "N"), [(3, 5, 7), (1, 4, 100), (64, 10, 60), (5, 1, 3), (300, 40, 9)])
def test_a_batch_gives_every_input_the_bits_it_gets_alone(J, K, N):
    rng = np.random.default_rng(3)
    x, W, b = rng.standard_normal((N, J)) * 20, rng.standard_normal((J, K)), rng.standard_normal(K)
    together, jacobians = core.evaluate(x, W, b)[0], layer_jacobian(x, W, b)
    for n in range(N):
        alone, _ = core.evaluate(x[n], W, b)
        assert together.z[n].tobytes() == alone.z[0].tobytes()
        assert together.h[n].tobytes() == alone.h[0].tobytes()
        assert together.complement[n].tobytes() == alone.complement[0].tobytes()
        assert jacobians[n].tobytes() == layer_jacobian(x[n], W, b).tobytes()


@given(st.floats(-1.7e308, 1.7e308))
def test_a_split_loses_nothing(a):
    hi, lo = twofold.split(np.array([a]))
    assert (hi + lo).tolist() == [a]


def test_a_logit_that_overflows_is_named():
    with pytest.raises(InputError) as caught:
        forward([1e200, 1.0], [[1.0, 1e200], [0.0, 0.0]])
    assert str(caught.value) == "z[1] is too large for double precision (beyond ±1.8e308)"


def test_a_logit_that_overflows_in_a_batch_is_named_with_its_input():
    with pytest.raises(InputError) as caught:
        forward([[1.0], [1e200]], [[1.0, 1e200]])
    assert str(caught.value) == "z[1] of input 1 is too large for double precision (beyond ±1.8e308)"


@pytest.mark.parametrize(
    ("x", "W", "b", "message"),
    [
        ([1, 2, 3], [[1, 2]] * 5, None, "W has 5 rows but x has 3 entries"),
        ([1, 2], [[1, 2]], None, "W has 1 row but x has 2 entries"),
        ([[1], [2]], [[1, 2]] * 2, None, "W has 2 rows but x has 1 entry an input"),
        ([1], [[1, 2]], [1], "b has 1 entry but W has 2 columns"),
        ([1, np.nan], [[1], [2]], None, "x[1] is nan, where a finite number is expected"),
        ([1], [[1, np.inf]], None, "W[0,1] is inf, where a finite number is expected"),
        ([True], [[1]], None, "x holds bool, where real numbers are expected"),
        ([1j], [[1]], None, "x holds complex128, where real numbers are expected"),
        (["a"], [[1]], None, "x holds <U1, where real numbers are expected"),
        ([], [[1]], None, "x is empty (shape (0,))"),
        ([1], [1], None, "W has shape (1,), where a matrix is expected"),
        (1, [[1]], None, "x has shape (), where a vector or a matrix is expected"),
        ([1, 2], [[1, 2], [3]], None, "W is ragged: its rows differ in length"),
    ],
)
def test_what_cannot_be_a_layer_is_refused_with_its_reason(x, W, b, message):
    with pytest.raises(InputError) as caught:
        forward(x, W, b)
    assert str(caught.value) == message


def test_a_masked_entry_is_refused():
    with pytest.raises(InputError) as caught:
        forward(np.ma.array([5.0, 1.0], mask=[True, False]), [[1.0], [0.0]])
    assert str(caught.value) == "x is masked, where every number is expected"


def test_a_caller_who_makes_underflow_an_error_is_not_disturbed():
    with np.errstate(all="raise"):
        layer_jacobian([1.0], [[700.0, -700.0]])
        softmax_jacobian([1.0], [[700.0, -700.0]])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.floats(-700.0, 0.0), st.floats(-1.0, 1.0))
def test_an_exponential_is_rounded_once(a, part):
    low = a * part * 2.0**-53
    hi, lo = (float(v[0]) for v in twofold.exponentials(np.array([a]), np.array([low])))
    with mpmath.workdps(60):
        truth = mpmath.exp(mpmath.mpf(a) + mpmath.mpf(low)) * 2**64
        assert abs(mpmath.mpf(hi) + mpmath.mpf(lo) - truth) <= 0.03 * twofold.UNIT * truth
        assert abs(mpmath.mpf(hi) - truth) <= 1.03 * twofold.UNIT * truth


@pytest.mark.parametrize(
    ("shape", "functions"),
    [((40, 8, 8), {"two_product", "sum_pairs"}), ((40, 30, 40), {"cut", "level_sums"}), ((1, 30, 90), {"cut"})],
    ids=["few weights", "many weights", "one input"],
)
def test_an_evaluation_in_the_middle_of_another_does_not_disturb_it(shape, functions):
    """As a signal handler may do: at every Python function that the first one calls."""
    rng = np.random.default_rng(5)
    N, J, K = shape
    x, W, y, V = (rng.standard_normal(shape) for shape in ((N, J), (J, K), (20, 10), (10, 6)))
    expected, interrupted = forward(x, W), []

    def interrupt(frame, event, _):
        if event == "call":
            sys.setprofile(None)
            interrupted.append(frame.f_code.co_name)
            forward(y, V)
            sys.setprofile(interrupt)

    sys.setprofile(interrupt)
    try:
        got = forward(x, W)
    finally:
        sys.setprofile(None)
    assert functions <= set(interrupted)
    assert np.array_equal(got.z, expected.z)
    assert np.array_equal(got.h, expected.h)
