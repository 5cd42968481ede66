"""`softmax_cli.testing`: a wrong gradient is a failed assertion that says why."""

import numpy as np
import pytest

from softmax_cli import InputError, check_function, compare
from softmax_cli.testing import assert_function, assert_gradient

x, W, b = np.array([0.5, -1.0]), np.array([[1.0, 0.0, 0.5], [0.25, 0.75, -1.0]]), np.array([0.0, 0.5, 1.0])


def forward(x, W, b):
    e = np.exp(x @ W + b)
    return e / e.sum(axis=-1, keepdims=True)


def test_a_right_gradient_passes():
    d = forward(x, W, b) - np.eye(3)[1]
    assert assert_gradient(np.outer(x, d), x, W, b, of="loss-grad", target=1) is None


def test_the_message_for_a_wrong_gradient_is_the_report():
    d = np.eye(3)[1] - forward(x, W, b)
    options = {"of": "loss-grad", "target": 1}
    with pytest.raises(AssertionError) as error:
        assert_gradient(np.outer(x, d), x, W, b, **options)
    assert str(error.value) == f"\n{compare(np.outer(x, d), x, W, b, **options)}"
    assert "sign-flipped" in str(error.value)


def test_a_right_function_passes():
    def stable(x, W, b):
        z = x @ W + b
        return forward(z - z.max(axis=-1, keepdims=True), np.eye(W.shape[1]), 0.0)

    assert assert_function(stable) is None


def test_the_message_for_a_wrong_function_is_the_report():
    with pytest.raises(AssertionError) as error:
        assert_function(forward)
    assert str(error.value) == f"\n{check_function(forward)}"
    assert "logits-not-shifted" in str(error.value)


def test_what_cannot_be_checked_is_no_failed_assertion():
    with pytest.raises(InputError):
        assert_function(lambda x, cache: x)
