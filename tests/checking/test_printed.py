"""Right numbers that were printed, and so rounded or cut at some decimal, agree; nothing else does by that."""

import math

import numpy as np
import pytest

from softmax_cli import compare

PRINTED_IN_THE_ARTICLE = """
 0.01544  0.07723  0.06178 -0.00388 -0.01942 -0.01554 -0.00414 -0.02071 -0.01657 -0.00441 -0.02208 -0.01766 -0.00300 -0.01501 -0.01200
-0.00388 -0.01942 -0.01554  0.01621  0.08105  0.06484 -0.00441 -0.02208 -0.01766 -0.00470 -0.02354 -0.01883 -0.00320 -0.01600 -0.01280
-0.00414 -0.02071 -0.01657 -0.00441 -0.02208 -0.01766  0.01699  0.08495  0.06796 -0.00501 -0.02509 -0.02007 -0.00341 -0.01706 -0.01364
-0.00441 -0.02208 -0.01766 -0.00470 -0.02354 -0.01883 -0.00501 -0.02509 -0.02007  0.01778  0.08890  0.07112 -0.00363 -0.01818 -0.01455
-0.00300 -0.01501 -0.01200 -0.00320 -0.01600 -0.01280 -0.00341 -0.01706 -0.01364 -0.00363 -0.01818 -0.01455  0.01325  0.06626  0.05300
"""  # noqa: E501


def right(x, W):
    h = np.exp(x @ W) / np.exp(x @ W).sum()
    return np.kron(np.diag(h) - np.outer(h, h), x)


def cut(a, decimals):
    """Towards zero, in the decimal digits that are shown."""

    def one(v):
        text = f"{v:.17f}"
        return float(text[: text.index(".") + 1 + decimals])

    return np.vectorize(one)(a)


def problem(seed=0, J=3, K=5):
    rng = np.random.default_rng(seed)
    return rng.normal(size=J), rng.normal(size=(J, K))


def test_the_matrix_that_the_article_prints_agrees_to_5_decimals_cut(article):
    theirs = np.array([row.split() for row in PRINTED_IN_THE_ARTICLE.strip().splitlines()], dtype=float)
    report = compare(theirs, *article)
    assert report
    assert str(report) == "layer-grad: agrees to 5 decimals, cut (numerator layout)"
    assert not compare(theirs, *article, strict=True)
    assert not compare(theirs, *article, rtol=1e-6)


@pytest.mark.parametrize("decimals", [3, 4, 5])
@pytest.mark.parametrize("seed", range(5))
def test_rounded_and_cut_numbers_are_told_apart(decimals, seed):
    x, W = problem(seed)
    M = right(x, W)
    assert compare(np.round(M, decimals), x, W).printed == f"{decimals} decimals, rounded"
    assert compare(cut(M, decimals), x, W).printed == f"{decimals} decimals, cut"


def test_one_entry_that_is_off_by_a_unit_of_the_last_decimal_differs():
    x, W = problem()
    theirs = np.round(right(x, W), 4)
    theirs[2, 7] += 1e-4
    report = compare(np.round(theirs, 4), x, W)
    assert (report.agrees, report.printed) == (False, None)


def test_numbers_that_were_rounded_up_everywhere_differ():
    x, W = problem()
    up = np.vectorize(lambda v: math.ceil(v * 1e4) / 1e4)(right(x, W))
    assert not compare(up, x, W)


def test_two_digits_are_too_few_to_agree():
    x, W = problem()
    M = right(x, W)
    decimals = 1 - math.floor(math.log10(np.abs(M).max()))  # of the largest entry two digits are left
    assert not compare(np.round(M, decimals), x, W)


def test_fewer_than_eight_numbers_are_too_few_to_agree():
    h = np.exp([0.1, 0.5, 0.3]) / np.exp([0.1, 0.5, 0.3]).sum()
    assert not compare(np.round(h, 4), z=[0.1, 0.5, 0.3], of="h")


def test_zeros_do_not_count():
    x, W = problem()
    assert not compare(np.zeros((5, 15)), x, W)


def test_a_wrong_matrix_that_was_printed_differs():
    x, W = problem()
    report = compare(np.round(-right(x, W), 5), x, W)
    assert not report
