"""The gradient of an error in the logits, the weights, the biases and the inputs, with the error itself."""

from __future__ import annotations

import math
import mmap
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .apart import Apart, doubles, expanded, scaled, times
from .arrays import Array, Rows, real_array
from .dots import dots
from .exactdot import exact_dots_apart
from .layer import Layer, evaluate, evaluate_logits
from .masks import Mask, joined, mask_of, masked_array
from .objective import Objective, Options, Reduction, objective
from .sums import Sum, added, divided, sum_of_products
from .twofold import two_product

Wrt = Literal["z", "W", "b", "x"]
ROWS_BYTES = 1 << 23  # inputs taken at once from a data set
LOSS_TOO_LARGE = "the loss is too large for double precision (beyond ±1.8e308)"


class LossGradient(NamedTuple):
    """The loss E and its derivatives, None for those that were not asked for; `loss` is None for an upstream
    gradient, which says nothing of E itself. Shapes for one input, or under a reduction: loss (), dE_dW (J, K), dE_db
    (K,). dE_dz (K,) and dE_dx (J,) gain a leading axis for N inputs; with reduction "none" the others do too."""

    loss: Array | None
    dE_dz: Array | None = None
    dE_dW: Array | None = None
    dE_db: Array | None = None
    dE_dx: Array | None = None


def loss_gradient(
    x: ArrayLike | None = None,
    W: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    z: ArrayLike | None = None,
    target: ArrayLike | None = None,
    upstream: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    class_weights: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    ignore: int | None = None,
    l2: float = 0.0,
    reduction: Reduction = "mean",
    temperature: float = 1.0,
    mask: Any = None,
    wrt: Sequence[Wrt] | None = None,
    on_rows: Callable[[int], object] = lambda n: None,
) -> LossGradient:
    """E and dE/dz, dE/dW, dE/db, dE/dx of a softmax layer, in one pass over the inputs.

        E = Σₙ wₙ·(−Σₖ ỹₙₖ ln hₙₖ)/norm + λ/2·‖W‖²,  ỹ = c∘((1−ε)·y + ε/K),  s = Σₖ ỹₖ
        dE/dz = w·(s·h − ỹ)/(T·norm), or w·h∘(u − Σₖ hₖuₖ)/(T·norm) for an upstream gradient u = dE/dh
        dE/dW = Σₙ xₙ ⊗ dE/dzₙ + λW,  dE/db = Σₙ dE/dzₙ,  dE/dxₙ = W · dE/dzₙ

    x (J,) or (N, J), W (J, K), b (K,); or the logits z (K,) or (N, K) in their place. `target` is a class index, N
    of them, or probabilities, (K,) or (N, K); or give `upstream`, shaped like h. ε is `label_smoothing`, c
    `class_weights` (K,), w `sample_weights` (N,), λ `l2`; rows whose target is `ignore` do not count. `temperature`
    and `mask` as in `forward`; a mask spreads ε over the outputs that are left. For N inputs `reduction` is "mean"
    (norm = Σₙ wₙc_target(n) for indices, Σₙ wₙ otherwise), "sum" (norm = 1), or "none" (each row alone, and no λ); one
    input has no reduction. `wrt` are the derivatives wanted, W and b unless given (z for given logits).

    With m = ((s − ỹᵢ)hᵢ + ỹᵢ(1 − hᵢ))·w/(T·norm), or wᵢhᵢ·Σₖ hₖ|uᵢ − uₖ|/(T·norm), dE/dz is within 1e-15 of m, dE/dx
    of Σᵢ|W[j,i]|mᵢ, dE/dW and dE/db of Σₙ|xₙⱼ|mₙᵢ (+ λ|W|). x may be a memory map: a block of it is in memory at a
    time. `on_rows` hears how many inputs each block had. InputError as in `forward`, for options that do not fit or
    exclude each other, and for results out of range.
    """
    wanted = _wanted(wrt, z is not None, l2)
    rows, W, b, hidden = _given(x, W, b, z, mask)
    single = rows.ndim == 1
    rows = np.asarray(rows)[None] if single else rows
    N, K = len(rows), rows.shape[1] if W is None else W.shape[1]
    options = Options(target, upstream, label_smoothing, class_weights, sample_weights, ignore, l2, reduction)
    goal = objective(options, N, K, single, hidden)
    found = _Found(wanted, goal, W)
    for start, block in row_blocks(rows):
        some = slice(start, start + len(block))
        left_out = hidden[some] if hidden is not None and hidden.ndim == 2 else hidden
        if W is None:
            layer, _ = evaluate_logits(block, temperature=temperature, mask=left_out)
        else:
            layer, _ = evaluate(block, W, b, start, temperature=temperature, mask=left_out)
        with np.errstate(all="ignore"):
            found.add(layer, goal.rows(some))
        on_rows(len(block))
    with np.errstate(all="ignore"):
        return found.result(single)


class _Found:
    """What the blocks of a data set have given so far."""

    def __init__(self, wanted: set[Wrt], goal: Objective, W: Array | None) -> None:
        self.wanted, self.goal, self.W = wanted, goal, W
        self.each: dict[str, list[Array]] = {"loss": [], "dE_dz": [], "dE_dW": [], "dE_db": [], "dE_dx": []}
        self.total: Sum | None = None

    def add(self, layer: Layer, goal: Objective) -> None:
        """One block of rows."""
        residual, loss = goal.residual_and_cost(layer)
        d = scaled(residual, goal.factor(layer.temperature, 1.0, len(layer.h)))
        of_mean = d if goal.norm == 1.0 else scaled(residual, goal.factor(layer.temperature, goal.norm, len(layer.h)))
        if loss is not None:
            self.each["loss"].append(loss)
        if "z" in self.wanted:
            self.each["dE_dz"].append(doubles(of_mean))
        if "x" in self.wanted and self.W is not None:
            self.each["dE_dx"].append(_by_inputs(of_mean, self.W))
        if goal.reduction == "none":
            if "W" in self.wanted:
                self.each["dE_dW"].append(times(expanded(d, 1), layer.x[:, :, None]))
            if "b" in self.wanted:
                self.each["dE_db"].append(doubles(d))
        elif self.wanted & {"W", "b"}:
            with_ones = np.concatenate((layer.x, np.ones((len(layer.x), 1))), axis=1)  # of the biases
            more = sum_of_products(with_ones, d)
            self.total = more if self.total is None else added(self.total, more)

    def result(self, single: bool) -> LossGradient:
        """All of it, put together. InputError for what is out of range."""
        goal = self.goal
        values: dict[str, Array] = {key: np.concatenate(parts) for key, parts in self.each.items() if parts}
        if self.total is not None:
            gradient = divided(self.total, goal.norm)
            values |= {"dE_dW": gradient[:-1], "dE_db": gradient[-1]}
        if single:
            values = {key: value[0] for key, value in values.items()}
        if "loss" in values:
            values["loss"] = np.asarray(self._loss(values["loss"], single))
        if goal.l2 and "dE_dW" in values and self.W is not None:
            values["dE_dW"] = values["dE_dW"] + goal.l2 * self.W
        kept = {"loss", *(f"dE_d{name}" for name in self.wanted)}
        for key, value in values.items():
            if key in kept and not np.isfinite(value).all():
                name = "the loss" if key == "loss" else key.replace("_", "/")
                raise InputError(f"{name} is too large for double precision (beyond ±1.8e308)")
        return LossGradient(values.get("loss"), *(values.get(key) if key in kept else None for key in NAMES))

    def _loss(self, losses: Array, single: bool) -> Array | float:
        goal = self.goal
        if not single and goal.reduction == "none":
            return losses
        try:
            total = math.fsum(losses.reshape(-1).tolist()) / goal.norm
        except OverflowError:
            raise InputError(LOSS_TOO_LARGE) from None
        if goal.l2 and self.W is not None:
            p, e = two_product(self.W, self.W)
            total += goal.l2 / 2 * math.fsum([*p.ravel().tolist(), *e.ravel().tolist()])
        return total


NAMES = ("dE_dz", "dE_dW", "dE_db", "dE_dx")


def _by_inputs(d: Apart, W: Array) -> Array:
    """dE/dx = W · dE/dz, each entry rounded once: d (N, K), W (J, K) → (N, J)."""
    dx, _ = dots(doubles(d), np.ascontiguousarray(W.T), None)
    if d.power is not None:
        rows = np.flatnonzero(d.power.any(axis=1))
        n, j = (part.ravel() for part in np.meshgrid(rows, np.arange(len(W)), indexing="ij"))
        hi, _, power = exact_dots_apart(d.significand[n], W[j], d.power[n])
        dx[n, j] = np.ldexp(hi, power)
    return dx


# --- what may come in --------------------------------------------------------------------------


def _wanted(wrt: Sequence[Wrt] | None, of_logits: bool, l2: float) -> set[Wrt]:
    """The derivatives that are asked for."""
    known: tuple[Wrt, ...] = get_args(Wrt)
    default: Sequence[Wrt] = ("z",) if of_logits else ("W", "b")
    wanted = set(default if wrt is None else wrt)
    for name in wanted:
        if name not in known:
            raise InputError(f"wrt holds {name!r}, where z, W, b or x is expected")
        if of_logits and name != "z":
            raise InputError(f"dE/d{name} needs x and W, and only the logits z are given")
    if of_logits and l2:
        raise InputError("l2 needs W, and only the logits z are given")
    return wanted


def _given(
    x: ArrayLike | None, W: ArrayLike | None, b: ArrayLike | None, z: ArrayLike | None, mask: Any
) -> tuple[NDArray[Any] | Rows, Array | None, Array | None, Mask | None]:
    """The rows, (J,) or (N, J) inputs or (K,) or (N, K) logits; W and b, unless z is given; and what is left out."""
    hidden = None
    if z is not None:
        if x is not None or W is not None or b is not None:
            raise InputError("give z, or x, W and b, not both")
        rows, hidden = masked_array("z", z, 1, 2)
        N, K = np.atleast_2d(rows).shape
        return rows, None, None, joined(N, K, None if mask is None else mask_of(mask, N, K), hidden)
    if x is None or W is None:
        raise InputError("give x and W, or the logits z")
    inputs = x if isinstance(x, np.ndarray | Rows) and x.ndim in (1, 2) and x.size else real_array("x", x, 1, 2)
    W = real_array("W", W, 2)
    if b is not None:
        b, hidden = masked_array("b", b, 1)
    N, K = 1 if inputs.ndim == 1 else len(inputs), W.shape[1]
    return inputs, W, b, joined(N, K, None if mask is None else mask_of(mask, N, K), hidden)


def row_blocks(x: NDArray[Any] | Rows) -> Iterator[tuple[int, NDArray[Any]]]:
    """The inputs in blocks, with the index of the first. Pages of a file that is mapped to be read are given
    back after each block."""
    step = max(1, ROWS_BYTES // (8 * x.shape[1]))
    source: Any = x
    while isinstance(source, np.ndarray):
        source = source.base
    read_only = isinstance(x, np.memmap) and x.mode == "r" and isinstance(source, mmap.mmap)
    for a in range(0, len(x), step):
        yield a, x[a : a + step]
        if read_only and hasattr(mmap, "MADV_DONTNEED"):
            source.madvise(mmap.MADV_DONTNEED)
