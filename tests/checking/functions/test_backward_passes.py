"""What `check --function` says of backward passes as people write them: the files in tests/backward_passes."""

import importlib
import itertools
import subprocess
import sys

import pytest
from command import ROOT, run

from softmax_cli.testing import assert_function

FOLDER = ROOT / "tests" / "backward_passes"

RIGHT = ["numpy_right.py:backward"]
WRONG = {
    "numpy_overflow.py:backward": "exp overflowed: subtract the largest logit from every logit before exponentiating",
    "numpy_sum_for_mean.py:gradient": (
        "every entry is 4 times what it should be: a sum over the 4 inputs, where their mean is expected"
    ),
    "numpy_sign.py:grad": "every entry has the opposite sign: look for a minus too many or too few",
    "numpy_elementwise.py:backward": (
        "softmax is not elementwise: every output also falls by h[t]·h[i] with each other logit i"
    ),
    "numpy_row_major.py:softmax_jacobian_wrt_weights": (
        "the columns run in the order of W.ravel(): swap the last two axes of the (K, J, K) array before reshaping it"
    ),
    "numpy_bias_axis.py:softmax_loss": (
        "it has shape (4,), where (3,) (vector) is expected; every output has a bias: sum dE/dz over the inputs of the "
        "batch, and over nothing else"
    ),
    "numpy_penalty_forgotten.py:softmax_loss": "the L2 term is left out: dE/dW has λW",
    "numpy_log.py:softmax_grad": "this is the derivative of ln h: multiply row t by h[t]",
    "numpy_squared_error.py:gradient": (
        "this is the derivative of the squared error Σ(h − y)²: that of the cross-entropy is h − y in the logits"
    ),
    "numpy_batch_maximum.py:backward": (
        "the largest logit of the batch is taken off every row, and rows far below underflow: take off each one's own"
    ),
    "numpy_one_softmax.py:gradient": (
        "one softmax runs over the whole batch: take it over the outputs of each input, along the last axis"
    ),
    "numpy_targets_as_columns.py:softmax_loss": (
        "1 is taken off whole columns, d[:, t] -= 1: take it off the target of each row, d[np.arange(N), t] -= 1"
    ),
    "numpy_penalty_doubled.py:grad_W": (
        "λW with λ = 0.5 is in it, where 0.25 is expected: E has λ/2·‖W‖², whose derivative is λW"
    ),
    "numpy_temperature_factor.py:backward": "the derivative of softmax(z/T) has the factor 1/T, once",
    "numpy_last_input.py:softmax_loss_naive": (
        "only the last input, or only the first, is in it: add the gradients of all inputs up"
    ),
}
RIGHT_ELSEWHERE = ["torch_right.py:SoftmaxLayer", "jax_right.py:backward"]
WRONG_ELSEWHERE = {
    "torch_wrong_axis.py:backward": (
        "the softmax runs along the batch: take it over the outputs of each input, along the last axis"
    ),
    "torch_input_gradient.py:backward": "W is transposed on the way back: dE/dx is W · dE/dz, of W (J, K)",
    "torch_softmax_before_cross_entropy.py:weight_grad": (
        "the error takes the outputs h for logits and applies a softmax to them again: give it the logits"
    ),
    "jax_missing_input.py:jacobian": "the factor x is missing: a logit changes by x[j] for each unit of W[j,i]",
}


def advised(function):
    """The advice on the failure that is told first: after the diagnosis, and after others that explain it as well."""
    done = run("check", "--function", function, status=1, cwd=FOLDER)
    lines = [line.strip() for line in done.stdout.split("\n\n")[2].splitlines()]
    after = [line for before, line in itertools.pairwise(lines) if before.startswith(("diagnosis: ", "or: "))]
    return after or lines[-1:]


@pytest.mark.parametrize("function", RIGHT)
def test_a_right_one_passes(function):
    assert "agrees on" in run("check", "--function", function, cwd=FOLDER).stdout.splitlines()[0]


@pytest.mark.parametrize("function", WRONG)
def test_a_wrong_one_is_told_what_would_mend_it(function):
    assert WRONG[function] in advised(function)


@pytest.mark.frameworks
@pytest.mark.parametrize("function", RIGHT_ELSEWHERE)
def test_a_right_one_of_a_framework_passes(function):
    assert "agrees on" in run("check", "--function", function, cwd=FOLDER).stdout.splitlines()[0]


@pytest.mark.frameworks
@pytest.mark.parametrize("function", WRONG_ELSEWHERE)
def test_a_wrong_one_of_a_framework_is_told_what_would_mend_it(function):
    assert WRONG_ELSEWHERE[function] in advised(function)


def test_a_framework_is_loaded_by_the_user_s_file_alone():
    program = (
        "import sys, numpy_right\nfrom softmax_cli import check_function\ncheck_function(numpy_right.backward)\n"
        "print({'torch', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=FOLDER, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("function", WRONG)
def test_an_assertion_on_a_wrong_one_fails_and_says_the_same(function, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    file, name = function.split(".py:")
    f = getattr(importlib.import_module(file), name)
    with pytest.raises(AssertionError) as error:
        assert_function(f)
    assert f"\n  {WRONG[function]}\n" in str(error.value)
