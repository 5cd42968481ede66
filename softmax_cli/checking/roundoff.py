"""What ordinary arithmetic makes of an entry: from the terms of that entry alone, so that none excuses another.

Every function takes a formula and some of its rows, and gives what goes with each entry of them.
"""

from __future__ import annotations

import numpy as np

from ..core.arrays import Array
from .curvature import curvature_terms
from .formula import Formula, Part


def logit_errors(f: Formula) -> Array:
    """By how many roundoffs, relative, the product of two outputs may be off, (N, 1): the few of the softmax, and for
    each of four logits twice those of its terms, many of which are added up."""
    with np.errstate(all="ignore"):
        sizes = np.abs(f.x) @ np.abs(f.W) + np.abs(f.b) if f.z is None else np.abs(f.z)
        errors: Array = 8.0 + 8.0 * sizes.max(axis=1, keepdims=True) / f.temperature
        return errors


def relative_errors(f: Formula, part: slice) -> Array:
    """`logit_errors` of the inputs that make each entry, weighted by the sizes of what they bring to it."""
    errors = logit_errors(f)
    if f.apart:
        of_each: Array = errors[f.places(f.source(part))[0]]
        return of_each
    if not f.quantity.is_gradient:  # a loss
        return np.full((1, 1), errors.max())
    v, d = np.abs(f.v), np.abs(f.logit_gradient)
    with np.errstate(all="ignore"):
        v = v / (v.max() * d.max()) if v.size else v
        at = f.source(part)
        weighted, plain = (f.arranged(f.carried(at, a, v, f.W)) for a in (errors * d, d))
        average: Array = np.where(plain > 0.0, weighted / plain, errors.min())
        return average


def cancelling(f: Formula, part: slice, unit: float) -> tuple[Array, Array]:
    """The sizes of the terms whose difference or sum an entry is, times the roundoff `unit`, and what ordinary
    arithmetic of that roundoff may lose to them.

    That is hₜ|xⱼ| in the diagonal block of dL/dW, where 1 − hₜ is formed, and zero elsewhere, where nothing cancels.
    In dE/dz it is ỹ and s·h where there is a target, or hᵢ(|uᵢ| + Σₖ hₖ|uₖ|); where products with W or gradients of
    inputs are summed, their sizes as well.
    """
    sizes, losses = _cancelling(f, f.source(part), unit)
    return f.arranged(sizes), f.arranged(losses)


def _cancelling(f: Formula, part: Part, unit: float) -> tuple[Array, Array]:
    q = f.quantity
    with np.errstate(all="ignore"):
        unit = unit * abs(f.factor)  # the roundoff first, so that no product overflows
        v, W = np.abs(f.v), np.abs(f.backward(f.W))
        if q.is_gradient:
            terms, lost = _subtracted(f)
            if q.by == "x" or not f.apart:
                d = np.abs(f.logit_gradient)
                terms, lost = terms + d, lost + logit_errors(f) * d
            sizes, losses = f.carried(part, unit * terms, v, W), f.carried(part, unit * lost, v, W)
            if f.goal is not None and f.goal.l2 and q.by == "W":
                decay = unit * abs(f.goal.l2) * W[part]
                sizes, losses = sizes + decay, losses + 4.0 * decay
            return sizes, losses
        if q.is_jacobian:
            return _of_jacobian(f, part, unit)
        if q.is_hessian:
            return _of_hessian(f, part, unit)
        return _of_value(f, part, unit)


def _of_jacobian(f: Formula, part: Part, unit: float) -> tuple[Array, Array]:
    if f.quantity.of == "z":
        return np.zeros((1, 1)), np.zeros((1, 1))
    n, t = f.places(part)
    weight, on, off = f.derivative
    v, W, row = np.abs(f.v), np.abs(f.backward(f.W)), np.arange(len(n))
    D = np.zeros((len(n), weight.shape[1]))
    D[row, t] = weight[n, t]
    diagonal = f.carried(part, unit * D, v, W)
    if f.quantity.by != "x":
        return diagonal, 4.0 * diagonal
    D = np.abs(off[n])
    D[row, t] = np.abs(on[n, t])
    D *= unit * weight[n, t, None]
    rest = f.carried(part, D, v, W)
    return diagonal + rest, 4.0 * diagonal + logit_errors(f)[n] * rest


def _of_hessian(f: Formula, part: Part, unit: float) -> tuple[Array, Array]:
    """Each term is as in a Jacobian, and those of all inputs are added."""
    assert f.goal is not None
    weight, on, off = (np.abs(a) for a in f.derivative)
    most = np.maximum(weight * np.maximum(on, 1.0), weight * off)
    n, i, factors, v = curvature_terms(f, part)
    some = n[:, None] if f.apart else np.arange(len(f.x))[None, :]
    sizes = unit * (np.abs(factors) * most[some, i[:, None]]).sum(axis=1, keepdims=True) * np.abs(v).max()
    return sizes, (4.0 + float(logit_errors(f).max())) * sizes


def _of_value(f: Formula, part: Part, unit: float) -> tuple[Array, Array]:
    """z is the sum of its terms, ln h the difference of z/T and ln Σ exp(z/T), and E a sum of such differences."""
    of = f.quantity.of
    if of == "h":
        return np.zeros((1, 1)), np.zeros((1, 1))
    if of == "z":
        sizes = np.abs(f.x) @ np.abs(f.W) + np.abs(f.b) if f.z is None else np.zeros_like(f.z)
        losses = (8.0 + np.log2(1.0 + f.x.shape[1])) * sizes
    else:
        z = f.logits / f.temperature
        sizes = np.abs(z) + np.abs(z - f.log_h)
        losses = np.broadcast_to(logit_errors(f), sizes.shape)
    if of != "E":
        return unit * sizes.reshape(-1, 1)[part], unit * losses.reshape(-1, 1)[part]
    assert f.goal is not None
    assert f.goal.y is not None
    y = f.goal.y * f.goal.weights[:, None]
    terms, lost = (unit * np.where(y > 0.0, y * each, 0.0).sum(axis=1) for each in (sizes, losses))
    if f.apart:
        return terms[part, None], lost[part, None]
    return np.full((1, 1), terms.sum()), np.full((1, 1), lost.sum())


def _subtracted(f: Formula) -> tuple[Array, Array]:
    """The sizes of the terms of dE/dz (N, K), and the roundoffs that they may cost."""
    assert f.goal is not None
    h, scale = f.h, f.goal.weights[:, None] / f.temperature
    if f.softmax_missing:
        return np.zeros_like(h), np.zeros_like(h)
    if f.goal.y is not None:
        y = f.goal.y
        s = y.sum(axis=1, keepdims=True)
        moved = s * h * np.abs(1.0 - h)
        terms = np.where(y > 0.0, np.maximum(y, s * h), 0.0)
        terms = terms if f.plus is None else terms + np.abs(f.plus)
        return terms * scale, np.where(terms > 0.0, 4.0 * terms + logit_errors(f) * moved, 0.0) * scale
    assert f.goal.u is not None
    u = f.goal.u
    terms = h * (np.abs(u) + (h * np.abs(u)).sum(axis=1, keepdims=True))
    apart = np.abs(u - (h * u).sum(axis=1, keepdims=True))
    spread = h * (apart + (h * apart).sum(axis=1, keepdims=True))
    return terms * scale, (4.0 * terms + logit_errors(f) * spread) * scale


def underflowing(f: Formula, part: slice, tiny: float) -> Array:
    """What an entry may be off by where a factor of it is below `tiny` and so lost, or the entry itself is."""
    q = f.quantity
    v, W = np.abs(f.x), np.abs(f.backward(f.W))
    if q.is_gradient:
        assert f.goal is not None
        most = np.full(f.h.shape, tiny)
        if f.goal.u is not None:
            u = np.abs(tiny * f.goal.u)
            top = u.max(axis=1, keepdims=True)
            most = np.maximum(most, u + (f.h * u).sum(axis=1, keepdims=True) + f.h * top)
        carried = f.carried(f.source(part), most * (f.goal.weights[:, None] / f.temperature), v, W)
        return tiny + f.arranged(carried)
    if q.is_jacobian and q.by in ("W", "x"):
        n, _ = f.places(part)
        D = np.full((len(n), len(f.b)), tiny / min(f.temperature, 1.0))
        return np.maximum(tiny, f.carried(part, D, v, W))
    return np.full((1, 1), tiny / min(f.temperature, 1.0))
