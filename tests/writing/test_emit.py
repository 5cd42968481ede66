"""From a result to where it was asked for."""

import math
from dataclasses import replace

import numpy as np
import pytest

from softmax_cli import InputError
from softmax_cli.core import layer as core
from softmax_cli.core.batch import Batch
from softmax_cli.core.jacobian import layer_structure
from softmax_cli.writing.result import Result, Stream
from softmax_cli.writing.table_source import Sheets, matrix_sheet
from softmax_cli.writing.write_result import emit


def of_array(values):
    """A result whose last array holds some values, after one that is as it should be."""
    sheets = Sheets(2, lambda n: matrix_sheet("title", [np.ones((1, 2)), np.array([values])][n], str, str))
    return Result({"x": np.ones(2), "dE_dW": np.array([values])}, "dE_dW", lambda: sheets)


def of_jacobian(values):
    """A result whose array is made block by block, from parts that no layer has."""
    jacobian = layer_structure(*core.evaluate([1.0], [[1.0, 0.0]]))
    jacobian = replace(jacobian, diagonal=np.array([[values[:1], values[1:]]]))
    document = {"x": np.ones(2), "dL_dW": Stream(jacobian.shape(), jacobian.blocks())}
    return Result(document, "dL_dW", None, batch=Batch(lambda some: jacobian, 1))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("result", [of_array, of_jacobian])
@pytest.mark.parametrize("format", ["json", "csv", "npy", "npz", "table"])
def test_nothing_is_written_of_a_result_that_is_not_finite(capfdbinary, result, format, bad):
    with pytest.raises(InputError) as caught:
        emit(result([1.0, bad]), format, None, 6, full=False)
    assert str(caught.value) == f"{'dE_dW' if result is of_array else 'dL_dW'} holds a number that is not finite"
    assert capfdbinary.readouterr().out == b""


def test_a_result_that_is_finite_is_written(capfdbinary):
    emit(of_array([1.0, 1e-320]), "json", None, 6, full=False)
    assert capfdbinary.readouterr().out == b'{"x":[1.0,1.0],"dE_dW":[[1.0,1e-320]]}\n'
