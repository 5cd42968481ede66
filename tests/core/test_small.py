"""The layer in Python's own floats is the layer in arrays, bit for bit."""

import exact
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli.core import layer as core
from softmax_cli.core.careful_dots import dots
from softmax_cli.core.small_layer import WEIGHTS, small_layer

doubles = st.floats(allow_nan=False, allow_infinity=False)
moderate = st.floats(-100.0, 100.0) | st.sampled_from([0.0, -0.0, 1.0, -1.0, 0.1, 5e-324, 1e-300])


def in_arrays(x, W, b):
    z, low = dots(x[None], W, b)
    return core.Layer(x[None], z, low, *core.softmax(z, low))


def assert_the_same_bits(x, W, b):
    """True if the layer was small."""
    with np.errstate(all="ignore"):
        found = small_layer(x, W, b)
        if found is None:
            return False
        (z, low, h, complement), tail = found
        truth = in_arrays(x, W, b)
    for name, value in {"z": z, "low": low, "h": h, "complement": complement}.items():
        assert np.array([value]).tobytes() == getattr(truth, name).tobytes(), name
    assert np.array([tail]).tobytes() == truth.tail.tobytes()
    return True


@st.composite
def layers(draw, numbers):
    K = draw(st.integers(2, 20))
    J = draw(st.integers(1, WEIGHTS // K))
    x = draw(st.lists(numbers, min_size=J, max_size=J))
    W = draw(st.lists(st.lists(numbers, min_size=K, max_size=K), min_size=J, max_size=J))
    b = draw(st.none() | st.lists(numbers, min_size=K, max_size=K))
    return np.array(x), np.array(W), None if b is None else np.array(b)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(layers(moderate))
def test_moderate_numbers_give_the_same_bits(layer):
    assert_the_same_bits(*layer)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(layers(doubles))
def test_any_numbers_give_the_same_bits(layer):
    try:
        assert_the_same_bits(*layer)
    except core.InputError:  # a logit that overflows
        assert small_layer(*layer) is None


@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0, 700.0])
def test_random_layers_are_small_and_give_the_same_bits(scale):
    for seed in range(300):
        rng = np.random.default_rng(seed)
        K = int(rng.integers(2, 33))
        x, W, b = exact.problem(seed, int(rng.integers(1, WEIGHTS // K + 1)), K, scale)
        assert assert_the_same_bits(x, W, b)


@pytest.mark.parametrize(("J", "K"), [(5, 1), (1, 64), (13, 5)])
def test_layers_that_are_not_small_are_left_to_numpy(J, K):
    assert small_layer(np.ones(J), np.ones((J, K)), None) is None


def test_a_logit_that_cancels_is_left_to_exact_arithmetic():
    assert small_layer(np.array([1e16, 1.0, -1e16]), np.ones((3, 2)), None) is None
