"""The gradient of an error in the logits, the weights, the biases and the inputs, with the error itself."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import InputError
from .arrays import Array, Rows, checked, real_array
from .dataset import Found, Part, Terms, rounded_sum, row_parts
from .exact_dot import exact_dots_apart
from .exact_sums import ExactSum, ProductSum, known_zeros, sum_of
from .integer_sums import Places, whole_sums
from .layer import SEVERAL, Layer, block_rows, checked_temperature, evaluate_logits, in_blocks
from .logits import Weights
from .loss_arguments import Wrt, given, wanted_of
from .masks import Mask
from .objective import Objective, Options, Reduction, objective
from .sliced_products import Cut
from .split_exponent import Apart, doubles, expanded, scaled, times
from .threads import in_order
from .twofold import two_product

R = TypeVar("R")

KEPT = 1 << 20  # numbers, inputs and dE/dz, that are kept until the sums of them are known to be sure


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

    >>> from softmax_cli import loss_gradient
    >>> loss_gradient([1.0, 2.0], [[0.0, 0.0], [0.0, 0.0]], target=0).dE_dW
    array([[-0.5,  0.5],
           [-1. ,  1. ]])
    """
    options = Options(target, upstream, label_smoothing, class_weights, sample_weights, ignore, l2, reduction)
    work, single = work_of(x, W, b, z, options, temperature, mask, wrt)
    with np.errstate(all="ignore"):
        return work.result(work.found(on_rows), single)


def work_of(
    x: ArrayLike | None,
    W: ArrayLike | None,
    b: ArrayLike | None,
    z: ArrayLike | None,
    options: Options,
    temperature: float,
    mask: Any,
    wrt: Sequence[Wrt] | None,
) -> tuple[Work, bool]:
    """The work that is asked for, checked, and whether its one row is an input of its own. InputError as in
    `loss_gradient`."""
    wanted = wanted_of(wrt, z is not None, options.l2)
    rows, W, b, hidden = given(x, W, b, z, mask)
    single = rows.ndim == 1
    rows = np.asarray(rows)[None] if single else rows
    N, K = len(rows), rows.shape[1] if W is None else W.shape[1]
    goal = objective(options, N, K, single, hidden)
    if W is not None:
        checked(rows[:1], W, b)
    weights = None if W is None else Weights(W, b)
    return Work(rows, weights, hidden, checked_temperature(temperature), goal, wanted, options.first), single


@dataclass(frozen=True)
class Work:
    """The error over the rows, inputs or logits, and what is wanted of it. `number` is that of the first row."""

    rows: NDArray[Any] | Rows
    weights: Weights | None
    hidden: Mask | None
    temperature: float
    goal: Objective
    wanted: set[Wrt]
    number: int = 0

    def found(self, on_rows: Callable[[int], object]) -> Found:
        """What all of the rows give; `on_rows` hears how many each part had."""
        found = Found(0)
        for part in self.on_all_cores(self.first):
            found.extend(part)
            on_rows(part.rows)
        return found

    def on_all_cores(self, work: Callable[[Part], R]) -> Iterator[R]:
        """work(part) for the rows, part by part, in order."""
        entries = 1 if self.weights is None else self.weights.W.size
        return in_order(work, row_parts(self.rows, entries), len(self.rows) * entries >= SEVERAL)

    def blocks(self, part: Part) -> Iterator[tuple[Layer, Objective, Iterator[tuple[slice, Cut]]]]:
        """A part of the rows block by block: the layer there, the error over them, and the inputs in slices."""
        start, rows = part
        mask = self.hidden
        if mask is not None:
            mask = mask if mask.ndim == 1 else mask[start : start + len(rows)]
            mask = np.broadcast_to(mask, (len(rows), mask.shape[-1]))
        goal = self.goal.rows(slice(start, start + len(rows)))
        if self.weights is None:
            yield evaluate_logits(rows, temperature=self.temperature, mask=mask)[0], goal, iter(())
            return
        x = real_array("x", rows, 2, first=self.number + start)
        products = "W" in self.wanted and goal.reduction != "none"
        for some, layer, cuts in in_blocks(x, self.weights, self.number + start, self.temperature, mask, products):
            yield layer, goal.rows(some), cuts

    def first(self, part: Part) -> Found:
        """What a part of the rows gives."""
        with np.errstate(all="ignore"):
            found, products, losses = Found(len(part[1])), None, []
            keep = self.rows.size + (0 if self.weights is None else len(self.rows) * self.weights.W.shape[1]) <= KEPT
            for layer, goal, cuts in self.blocks(part):
                d, loss = self._of_each_row(layer, goal, found)
                if goal.reduction == "none":
                    continue
                if keep:
                    found.terms.append(Terms(layer.x, d, loss))
                if loss is not None:
                    losses.append(loss)
                if "b" in self.wanted:
                    found.sum("dE_db", sum_of(doubles(d) + 0.0, 0.0 if d.power is None else 2.0**-900))
                if "W" in self.wanted and self.weights is not None:
                    products = products or ProductSum(self.weights.W.shape[::-1], self.weights.bits)
                    for some, cut in cuts:
                        products.add(cut, d.rows(some))
            if losses:
                found.sum("loss", sum_of(np.concatenate(losses)[:, None]))
            if products is not None:
                found.sum("dE_dW", known_zeros(products.sum(), part[1]))
            return found

    def _of_each_row(self, layer: Layer, goal: Objective, found: Found) -> tuple[Apart, Array | None]:
        """dE/dz times the norm, and E; what is wanted of each row is kept."""
        d, loss, of_mean = self._gradient(layer, goal)
        if "z" in self.wanted:
            found.keep("dE_dz", doubles(of_mean) + 0.0)
        if "x" in self.wanted and self.weights is not None:
            found.keep("dE_dx", self._by_inputs(of_mean))
        if goal.reduction == "none":
            if loss is not None:
                found.keep("loss", loss)
            if "W" in self.wanted:
                found.keep("dE_dW", times(expanded(d, 1), layer.x[:, :, None]) + 0.0)
            if "b" in self.wanted:
                found.keep("dE_db", doubles(d) + 0.0)
        return d, loss

    def _by_inputs(self, d: Apart) -> Array:
        """dE/dx = W · dE/dz, each entry rounded once: d (N, K) → (N, J)."""
        plain, turned = doubles(d), self._turned
        dx, step = np.full((len(plain), turned.W.shape[1]), np.inf), block_rows(turned)
        if not np.isfinite(plain).all():  # as the result is then
            return dx
        for a in range(0, len(plain), step):
            dx[a : a + step], _ = turned.logits(plain[a : a + step])
        if d.power is not None:
            rows = np.flatnonzero(d.power.any(axis=1))
            n, j = (part.ravel() for part in np.meshgrid(rows, np.arange(dx.shape[1]), indexing="ij"))
            hi, _, power = exact_dots_apart(d.significand[n], turned.W.T[j], d.power[n])
            dx[n, j] = np.ldexp(hi, power)
        return dx

    @functools.cached_property
    def _turned(self) -> Weights:
        """Wᵀ (K, J), whose logits for dE/dz are dE/dx."""
        assert self.weights is not None
        return Weights(np.ascontiguousarray(self.weights.W.T), None)

    def _gradient(self, layer: Layer, goal: Objective) -> tuple[Apart, Array | None, Apart]:
        """dE/dz times the norm, E, and dE/dz."""
        residual, loss = goal.residual_and_cost(layer)
        d = of_mean = residual
        if goal.weights is not None or layer.temperature != 1.0:
            d = of_mean = scaled(residual, goal.factor(layer.temperature, 1.0, len(layer.h)))
        if goal.norm != 1.0 and self.wanted & {"z", "x"}:
            of_mean = scaled(residual, goal.factor(layer.temperature, goal.norm, len(layer.h)))
        return d, loss, of_mean

    def again(self, of: str, kept: Sequence[Terms] = ()) -> Callable[[Places, Places], Iterator[list[int]]]:
        """The sums of some entries of dE_dW (K, J), dE_db (K, 1) or loss (1, 1), as whole numbers, part by part: of the
        terms that are `kept`, or of all rows anew."""

        def entries(i: Places, j: Places) -> Iterator[list[int]]:
            def add_up(terms: Iterable[Terms]) -> list[int]:
                totals = [0] * len(i)
                with np.errstate(all="ignore"):
                    for x, d, loss in terms:
                        right = Apart(loss[:, None]) if of == "loss" and loss is not None else d
                        left = x if of == "dE_dW" and x is not None else np.ones((len(right.significand), 1))
                        totals = list(map(operator.add, totals, whole_sums(left, right, j, i)))
                return totals

            if kept:
                return in_order(add_up, [[terms] for terms in kept], len(i) * len(self.rows) >= SEVERAL)
            return self.on_all_cores(lambda part: add_up(self._terms(part)))

        return entries

    def _terms(self, part: Part) -> Iterator[Terms]:
        """What the sums of a part are made of."""
        for layer, goal, _ in self.blocks(part):
            d, loss, _ = self._gradient(layer, goal)
            yield Terms(layer.x, d, loss)

    def result(self, found: Found, single: bool) -> LossGradient:
        """All of it, put together. InputError for what is out of range."""
        goal, W = self.goal, None if self.weights is None else self.weights.W
        values = {name: np.concatenate(parts) for name, parts in found.each.items()}
        for name, total in found.sums.items():
            columns = total if name == "dE_dW" else ExactSum(total.parts[..., None], total.left[..., None])
            value = rounded_sum(columns, goal.norm, self.again(name, found.terms))
            values[name] = value.T.copy() if name == "dE_dW" else value[:, 0]
        if single:
            values = {key: value[0] for key, value in values.items()}
        if "loss" in values and goal.reduction != "none":
            values["loss"] = values["loss"][0]
        return finished(values, goal.l2, W)


def finished(values: dict[str, Array], l2: float, W: Array | None) -> LossGradient:
    """The loss and the derivatives, with what λ = `l2` adds. InputError for what is out of range."""
    if "loss" in values:
        loss = values["loss"]
        values["loss"] = np.asarray(loss + _penalty(l2, W) if l2 and W is not None else loss)
    if l2 and "dE_dW" in values and W is not None:
        values["dE_dW"] = values["dE_dW"] + l2 * W
    for key, value in values.items():
        if not np.isfinite(value).all():
            name = "the loss" if key == "loss" else key.replace("_", "/")
            raise InputError(f"{name} is too large for double precision (beyond ±1.8e308)")
    return LossGradient(values.get("loss"), *(values.get(key) for key in NAMES))


def _penalty(l2: float, W: Array) -> float:
    """λ/2·‖W‖²."""
    p, e = two_product(W, W)
    return l2 / 2 * math.fsum([*p.ravel().tolist(), *e.ravel().tolist()])


NAMES = ("dE_dz", "dE_dW", "dE_db", "dE_dx")
