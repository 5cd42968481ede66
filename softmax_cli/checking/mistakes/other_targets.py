"""Targets that are not those that are given: found from the matrix, input by input.

Where each input has a gradient of its own, the class of each is the one that is nearest to it. In a sum over the inputs
they are looked for together: Σ xₙ ⊗ dE/dzₙ tells them all where there are no more inputs than the rank of x, and a few
of any number.
"""

from __future__ import annotations

import math

import numpy as np

from ...core.arrays import Array
from ...wording import counted, joined
from ..formula import Formula, Indices, Rows
from .mistake import Fit, Fitted, freedom, gradient

MOST = 256  # classes that are tried for each input
MOST_NUMBERS = 1e7  # of dE/dz, of each input by each class
MOST_WORK = 2e8  # of a least squares solution
MOST_PAIRED = 1024  # classes of inputs that are changed two at a time
MOST_SHIFTS = 2048
FEW = 64  # inputs whose targets are looked for in other orders as well, from
RESTARTS = 8  # of them on
STEPS = 64  # targets that are changed, one after the other
LEFT = 1e-9  # of the square of the matrix, that nothing is left of
SHOWN = 3  # inputs whose targets are listed
DIGITS = 3.0  # that each free number of the matrix holds, at least


def of_each(f: Formula, theirs: Rows) -> Fitted | None:
    """Other classes, or another order, where each input has a gradient of its own."""
    t = _targets(f)
    return None if t is None or not f.apart else _fitted(f, t, _nearest(f, theirs))


def of_sum(f: Formula, theirs: Rows) -> Fitted | None:
    """Other classes, or another order, in dE/dW summed over the inputs."""
    t = _targets(f)
    if t is None or f.apart or f.quantity.by != "W" or f.reshaped or not np.isinf(f.clip):
        return None
    found = _in_sum(f, theirs, t)
    return None if found is None else _fitted(f, t, found)


def _targets(f: Formula) -> Indices | None:
    """The classes that are given, if they are nothing else than that."""
    if f.goal is None or f.goal.y is None or not f.goal.hard or len(f.x) < 2 or len(f.b) > MOST:
        return None
    return f.goal.y.argmax(axis=1) if (f.goal.y.sum(axis=1) == 1.0).all() else None


def _fitted(f: Formula, t: Indices, found: Indices) -> Fitted | None:
    assert f.goal is not None
    K, moved = len(f.b), np.flatnonzero((found != t) & (f.goal.weights > 0.0))
    same = np.array_equal(np.bincount(t, minlength=K), np.bincount(found, minlength=K))
    shift = _shift(t, found) if same and len(moved) > 2 else None
    if not len(moved) or not (f.apart or shift is not None or _told_by(f, len(moved))):
        return None
    said = "the targets are in another order than the inputs" if same else "some targets are not those that are given"
    if shift is not None:
        return Fitted(_with_classes(f, found), f"{said}: input n has that of input n {shift}")
    listed = joined([f"class {found[n]} for input {n}" for n in moved[:SHOWN]])
    more = f", and {counted(len(moved) - SHOWN, 'more', 'more')}" if len(moved) > SHOWN else ""
    return Fitted(_with_classes(f, found), f"{said}: {listed}{more}")


def _shift(t: Indices, found: Indices) -> str | None:
    """By how many inputs the targets are shifted."""
    for k in range(1, min(len(t), MOST_SHIFTS)):
        for sign, way in (("−", 1), ("+", -1)):
            if np.array_equal(np.roll(t, way * k), found):
                return f"{sign} {k}"
    return None


def _with_classes(f: Formula, t: Indices) -> Formula:
    assert f.goal is not None
    assert f.goal.y is not None
    y = np.zeros_like(f.goal.y)
    y[np.arange(len(y)), t] = 1.0
    return f.but(goal=f.goal._replace(y=y))


def _told_by(f: Formula, moved: int) -> bool:
    """Whether the matrix holds more than it takes to say which targets are others: else some of so many ways to choose
    them would fit any matrix."""
    N, _, K = f.sizes
    choices = math.log10(math.comb(N, moved)) + moved * math.log10(max(1, K - 1))
    return choices <= DIGITS * (freedom(f) - 1)


def _nearest(f: Formula, theirs: Rows) -> Indices:
    """The class that is nearest to the gradient of each input."""
    N, _, K = f.sizes
    seen = theirs(slice(None)).reshape(N, -1)
    left = np.empty((N, K))
    for k in range(K):
        made = _with_classes(f, np.full(N, k)).rows(slice(None)).reshape(N, -1)
        with np.errstate(all="ignore"):
            left[:, k] = np.nan_to_num(((seen - made) ** 2).sum(axis=1), nan=np.inf, posinf=np.inf)
    found: Indices = left.argmin(axis=1)
    return found


def _in_sum(f: Formula, theirs: Rows, t: Indices) -> Indices | None:
    """The classes whose gradients add up to the matrix; None where none are found."""
    assert f.goal is not None
    (N, J, K), v, seen = f.sizes, f.v, theirs(slice(None))
    if N * K * K > MOST_NUMBERS or not np.isfinite(seen).all():
        return None
    each = np.stack([f.factor * _with_classes(f, np.full(N, k)).logit_gradient for k in range(K)], axis=1)
    each = f.shown(each)
    wanted = seen - f.goal.l2 * f.shown(f.W)
    if not np.isfinite(each).all():
        return None
    starts = [_shifted(v, each, wanted, t), t]
    if N * K <= MOST_PAIRED:
        starts.append(_two_changed(v, each, wanted, t))
    if N * J * min(N, J) <= MOST_WORK:
        starts.insert(0, _solved(v, each, wanted, t))
    rng = np.random.default_rng(0)
    starts += [rng.permutation(t) for _ in range(RESTARTS if N <= FEW else 0)]
    every = (_descended(v, each, wanted, start) for start in starts)
    return next((found for found in every if found is not None), None)


def _solved(v: Array, each: Array, wanted: Array, t: Indices) -> Indices:
    """The classes nearest to the smallest change of dE/dz that makes the matrix, which is the only one where the inputs
    are independent."""
    given = each[np.arange(len(t)), t]
    d = given + np.linalg.lstsq(v.T, wanted - v.T @ given, rcond=1e-9)[0]
    found: Indices = ((each - d[:, None, :]) ** 2).sum(axis=2).argmin(axis=1)
    return found


def _shifted(v: Array, each: Array, wanted: Array, t: Indices) -> Indices:
    """The targets of so many inputs before, or after: all are tried at once, on one sum over the rows of the matrix."""
    (N, K, _), weights = each.shape, np.cos(np.arange(v.shape[1]))
    terms = np.fft.rfft((v @ weights)[:, None, None] * each, axis=0)
    placed = np.fft.rfft(np.eye(K)[t], axis=0).conj()
    sums = np.fft.irfft((terms * placed[:, :, None]).sum(axis=1), n=N, axis=0)
    return np.roll(t, int(((sums - weights @ wanted) ** 2).sum(axis=1).argmin()))


def _changes(v: Array, each: Array, wanted: Array, t: Indices) -> tuple[Array, Array]:
    """What each class of each input would change in its dE/dz, and by how much less of the matrix would be left."""
    given = each[np.arange(len(t)), t]
    change = each - given[:, None, :]
    along = (change @ (v @ (wanted - v.T @ given))[:, :, None])[:, :, 0]
    gain: Array = 2.0 * along - (v * v).sum(axis=1)[:, None] * (change * change).sum(axis=2)
    return change, gain


def _two_changed(v: Array, each: Array, wanted: Array, t: Indices) -> Indices:
    """The two targets whose change together leaves the least."""
    (N, K, _), found = each.shape, t.copy()
    change, gain = _changes(v, each, wanted, t)
    flat = change.reshape(N * K, -1)
    both = gain.reshape(-1, 1) + gain.reshape(-1) - 2.0 * np.kron(v @ v.T, np.ones((K, K))) * (flat @ flat.T)
    for at in divmod(int(both.argmax()), N * K):
        found[at // K] = at % K
    return found


def _descended(v: Array, each: Array, wanted: Array, t: Indices) -> Indices | None:
    """From some classes on, the one change after the other that leaves the least, until nothing is left."""
    rows, t = np.arange(len(t)), t.copy()
    enough = LEFT * float((wanted * wanted).sum())
    for _ in range(STEPS):
        left = wanted - v.T @ each[rows, t]
        if float((left * left).sum()) <= enough:
            return t
        _, gain = _changes(v, each, wanted, t)
        n, k = divmod(int(gain.argmax()), gain.shape[1])
        if not gain[n, k] > 0.0:
            return None
        t[n] = k
    return None


OTHER_TARGETS = (
    Fit("other-targets", gradient, of_each),
    Fit("other-targets", gradient, of_sum, costly=True),
)
