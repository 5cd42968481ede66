"""What `compare` refuses, and what it says then."""

import math

import numpy as np
import pytest

from softmax_cli.checking.compare import compare
from softmax_cli.errors import InputError


def message(*args, **kwargs):
    with pytest.raises(InputError) as error:
        compare(*args, **kwargs)
    return str(error.value), error.value.advice


def test_a_shape_that_fits_no_layout_is_refused_with_those_that_would(article):
    assert message(np.zeros((5, 14)), *article) == (
        "the matrix to check has shape (5, 14), "
        "where (5, 15) (numerator) or (15, 5) (denominator) or (5, 3, 5) (tensor) is expected",
        "",
    )


def test_the_shape_of_another_result_is_recognised(article):
    assert message(np.zeros((5, 5)), *article)[1] == "(5, 5) is a shape of softmax-grad"
    assert message(np.zeros((5, 3)), *article)[1] == "(5, 3) is a shape of loss-grad"


@pytest.mark.parametrize(
    ("theirs", "text"),
    [
        ([[1.0, 2.0], [3.0]], "the matrix to check is ragged: its rows differ in length"),
        ([["1.0", "2.0"]], "the matrix to check holds <U3, where real numbers are expected"),
        ([[1.0, None, "x"]], "the matrix to check holds object, where real numbers are expected"),
        ([[True, False]], "the matrix to check holds bool, where real numbers are expected"),
        ([[1j, 2.0]], "the matrix to check holds complex128, where real numbers are expected"),
        ([[10**400, 1]], "the matrix to check holds a number beyond double precision (±1.8e308)"),
    ],
)
def test_what_is_not_a_matrix_of_numbers_is_refused(article, theirs, text):
    assert message(theirs, *article)[0] == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"rtol": -1.0}, "rtol is -1.0, where a number from 0 up to 1 is expected"),
        ({"rtol": math.nan}, "rtol is nan, where a number from 0 up to 1 is expected"),
        (
            {"of": "weightgrad"},
            "of is 'weightgrad', where one of forward, softmax-grad, linear-grad, layer-grad, loss-grad, hessian, z, "
            "h, log_h, loss, dS_dZ, dZ_dW, dL_dW, dL_db, dL_dx, dlogS_dZ, dlogL_dW, dlogL_db, dlogL_dx, dE_dz, dE_dW, "
            "dE_db, dE_dx, d2E_dW2 is expected",
        ),
        ({"target": 1}, "upstream, target and their options belong to an error: dL_dW depends on none"),
        ({"of": "loss-grad", "target": 9}, "target 9 does not exist: there are 5 outputs, 0 to 4"),
    ],
)
def test_what_does_not_fit_is_refused(article, given, text):
    assert message(np.zeros((5, 15)), *article, **given)[0] == text
