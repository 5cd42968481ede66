"""For people's own tests: a wrong gradient is a failed assertion whose message says what is wrong with it."""

from collections.abc import Callable
from typing import Any

from numpy.typing import ArrayLike

from .checking.compare import compare
from .checking.functions.check import check_function


def assert_gradient(theirs: ArrayLike, x: ArrayLike, W: ArrayLike, b: ArrayLike | None = None, **options: Any) -> None:
    """Assert that `theirs` is a right result of the layer h = softmax(Wᵀx + b), dL/dW unless `of` says otherwise.

    The arguments are those of `compare`, and its report is the message. InputError as there.
    """
    __tracebackhide__ = True
    report = compare(theirs, x, W, b, **options)
    if not report.agrees:
        raise AssertionError(f"\n{report}")


def assert_function(f: Callable[..., Any], **options: Any) -> None:
    """Assert that f returns what is right on every problem made to break it.

    The arguments are those of `check_function`, and its report is the message. InputError as there.
    """
    __tracebackhide__ = True
    report = check_function(f, **options)
    if not report:
        raise AssertionError(f"\n{report}")
