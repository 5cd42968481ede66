"""The rows of d²E/dW², right or mistaken, from the parts of a formula."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..core.arrays import Array

if TYPE_CHECKING:
    from .formula import Formula, Indices, Part


def curvature_terms(f: Formula, part: Part) -> tuple[Indices, Indices, Array, Array]:
    """Of some rows of d²E/dW²: the input n that each is of, its output i, the factors of the inputs in it (rows,
    N), or (rows, 1) where each input has its own, and those of all columns, xₙ."""
    assert f.goal is not None
    assert f.goal.y is not None
    N, J, K = f.sizes
    n, r = np.divmod(np.arange((N if f.apart else 1) * J * K)[part], J * K)
    i, j = (r % K, r // K) if f.row_major else np.divmod(r, J)
    counted = f.goal.weights * f.goal.y.sum(axis=1) / f.temperature
    x = f.v * counted[:, None]
    return n, i, x[n, j, None] if f.apart else x[:, j].T, f.v


def curvature_rows(f: Formula, part: Part) -> Array:
    """Some rows of Σₙ wₙsₙ (dS/dZ)ₙ ⊗ xₙxₙᵀ/(T·norm) + λI."""
    assert f.goal is not None
    _, J, K = f.sizes
    weight, on, off = f.derivative
    n, i, factors, v = curvature_terms(f, part)
    own = np.arange(len(n))
    made = np.zeros((len(n), K, J))
    for row in own:  # each is a product of matrices
        some = slice(n[row], n[row] + 1) if f.apart else slice(None)
        D = off[some].copy()
        D[:, i[row]] = on[some, i[row]]
        D *= (weight[some, i[row]] * factors[row])[:, None]
        made[row] = D.T @ v[some]
    made = made.transpose(0, 2, 1) if f.row_major else made
    found: Array = f.factor * made.reshape(len(n), -1)
    if f.goal.l2:
        found[own, np.arange(K * J * (len(f.x) if f.apart else 1))[part] % (K * J)] += f.goal.l2
    return found
