"""For people's own tests: a wrong gradient is a failed assertion whose message says what is wrong with it."""

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from .checking.compare import compare
from .checking.functions.check import check_function


def assert_gradient(theirs: ArrayLike, x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None, **options: Any) -> None:
    """Assert that `theirs` is a right result of the layer h = softmax(Wᵀx + b), dL/dW unless `of` says otherwise.

    The arguments are those of `compare`, and its report is the message. InputError as there.

    >>> import numpy as np
    >>> from softmax_cli.testing import assert_gradient
    >>> x, W = np.array([1.0, 2.0]), np.zeros((2, 2))
    >>> h = np.array([0.5, 0.5])
    >>> assert_gradient(np.outer(x, h - [1.0, 0.0]), x, W, of="loss-grad", target=0)
    """
    __tracebackhide__ = True
    report = compare(theirs, x, W, b, **options)
    if not report.agrees:
        raise AssertionError(f"\n{report}")


def assert_function(f: Callable[..., Any], **options: Any) -> None:
    """Assert that f returns what is right on every problem made to break it.

    The arguments are those of `check_function`, and its report is the message. InputError as there.

    >>> from softmax_cli.testing import assert_function
    >>> def softmax_backward(h, dout):
    ...     return h * (dout - h @ dout)
    >>> assert_function(softmax_backward, returns="dz")
    """
    __tracebackhide__ = True
    report = check_function(f, **options)
    if not report:
        raise AssertionError(f"\n{report}")
