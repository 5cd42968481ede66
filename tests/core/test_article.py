"""Every figure that the article prints. Its matrices are cut at the last digit, not rounded."""

import numpy as np
import pytest

from softmax_cli import forward, layer_jacobian, linear_jacobian, softmax_jacobian

H = [0.19091352, 0.20353145, 0.21698333, 0.23132428, 0.15724743]
DS_DZ = [
    [0.154465, -0.038856, -0.041425, -0.044162, -0.030020],
    [-0.038856, 0.162106, -0.044162, -0.047081, -0.032004],
    [-0.041425, -0.044162, 0.1699015, -0.050193, -0.034120],
    [-0.044162, -0.047081, -0.050193, 0.177813, -0.036375],
    [-0.030020, -0.032004, -0.034120, -0.036375, 0.132520],
]
DL_DW = """
 0.01544  0.07723  0.06178 -0.00388 -0.01942 -0.01554 -0.00414 -0.02071 -0.01657 -0.00441 -0.02208 -0.01766 -0.00300 -0.01501 -0.01200
-0.00388 -0.01942 -0.01554  0.01621  0.08105  0.06484 -0.00441 -0.02208 -0.01766 -0.00470 -0.02354 -0.01883 -0.00320 -0.01600 -0.01280
-0.00414 -0.02071 -0.01657 -0.00441 -0.02208 -0.01766  0.01699  0.08495  0.06796 -0.00501 -0.02509 -0.02007 -0.00341 -0.01706 -0.01364
-0.00441 -0.02208 -0.01766 -0.00470 -0.02354 -0.01883 -0.00501 -0.02509 -0.02007  0.01778  0.08890  0.07112 -0.00363 -0.01818 -0.01455
-0.00300 -0.01501 -0.01200 -0.00320 -0.01600 -0.01280 -0.00341 -0.01706 -0.01364 -0.00363 -0.01818 -0.01455  0.01325  0.06626  0.05300
"""  # noqa: E501


def test_the_probabilities(article):
    assert forward(*article).h == pytest.approx(H, abs=5e-9)


def test_the_derivative_of_the_softmax(article):
    np.testing.assert_allclose(softmax_jacobian(*article), DS_DZ, rtol=0, atol=1.1e-6)


def test_the_derivative_of_the_logits_is_x_in_the_columns_of_the_own_weights(article):
    printed = np.zeros((15, 5))
    for k in range(5):
        printed[3 * k : 3 * k + 3, k] = [0.1, 0.5, 0.4]
    assert linear_jacobian(*article).T.tolist() == printed.tolist()


@pytest.mark.parametrize("method", ["chain", "shortcut"])
def test_the_derivative_of_the_layer(article, method):
    printed = np.array(DL_DW.split(), dtype=float).reshape(5, 15)
    np.testing.assert_allclose(layer_jacobian(*article, method=method), printed, rtol=0, atol=1.1e-5)
