"""The one exception for what a caller can mend: what a traceback says of it, here and out of a worker."""

import pickle
import traceback

import numpy as np
import pytest

from softmax_cli import InputError, forward


def test_a_traceback_ends_with_the_advice():
    with pytest.raises(InputError) as caught:
        forward([1.0, 2.0], np.zeros((3, 2)))
    assert traceback.format_exception_only(caught.value) == [
        "softmax_cli.InputError: W has 3 rows but x has 2 entries\n",
        "W is (inputs, outputs): transpose it if it is stored outputs × inputs\n",
    ]


def test_without_advice_it_ends_with_the_message():
    assert traceback.format_exception_only(InputError("no")) == ["softmax_cli.InputError: no\n"]


def test_pickled_it_says_the_same_once():
    there = pickle.loads(pickle.dumps(InputError("no", "do this")))
    assert (str(there), there.advice, there.__notes__) == ("no", "do this", ["do this"])
