"""The sums of a data set's gradient as a value: those of some of the inputs, which add up in any order."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..errors import InputError
from .arrays import Array, real_array
from .dataset import rounded_sum, surely
from .exact_sums import ExactSum
from .integer_sums import Places
from .loss_gradient import LossGradient, Work, finished, work_of
from .objective import Options, exactly

Again = Callable[[str, Places, Places], Iterator[list[int]]]  # entries of a sum by name, as whole numbers, part by part

PARTS = {"W": "W", "b": "b", "error": "the options of the error, the temperature or the mask"}


class Doubt(NamedTuple):
    """How many entries of a sum may not be correctly rounded, and how far beyond that they may be off."""

    entries: int
    off: float


@dataclass(frozen=True, repr=False)
class Sums:
    """Σₙ xₙ ⊗ dₙ, Σₙ dₙ and Σₙ lossₙ over `rows` inputs, before they are divided by the norm and λ comes in: what
    `sums` returns. Sums of the same layer and the same error add up with +, in any order, to those of all the inputs.

    `shape` is (J, K). `weight` are doubles that add up to the norm of the mean. `totals` has dE_dW (K, J), dE_db (K,)
    and, of a target, loss (1,): three doubles for each entry, and a bound on what they lack. `of` has the SHA-256 of W,
    of b and of the error, by which sums that do not belong together are told.
    """

    rows: int
    shape: tuple[int, int]
    weight: tuple[float, ...]
    totals: Mapping[str, ExactSum]
    of: Mapping[str, str]

    def __repr__(self) -> str:
        inputs, outputs = self.shape
        return f"<Sums over {self.rows} {'row' if self.rows == 1 else 'rows'}, of W {inputs} × {outputs}>"

    def __add__(self, other: Sums) -> Sums:
        """The sums over the inputs of both. InputError where they are not of the same layer and error."""
        different = [PARTS[key] for key in PARTS if self.of[key] != other.of[key]]
        if different or self.totals.keys() != other.totals.keys() or self.shape != other.shape:
            raise InputError(f"these sums do not belong together: they differ in {' and in '.join(different)}")
        with np.errstate(all="ignore"):
            totals = {name: total + other.totals[name] for name, total in self.totals.items()}
        return Sums(self.rows + other.rows, self.shape, exactly([*self.weight, *other.weight]), totals, self.of)

    def gradient(
        self, W: ArrayLike | None = None, *, l2: float = 0.0, reduction: Literal["mean", "sum"] = "mean"
    ) -> LossGradient:
        """The loss E, None for an upstream gradient, and dE/dW (J, K) and dE/db (K,), of all the inputs together:

            E = Σₙ lossₙ/norm + λ/2·‖W‖²,  dE/dW = Σₙ xₙ ⊗ dₙ/norm + λW,  dE/db = Σₙ dₙ/norm

        λ is `l2`, and needs W; norm is 1 for the sum. Entries have the bits that `loss_gradient` gives, but for those
        that `doubt` counts. InputError where no input counts under the mean, and for what is out of range."""
        return self.exact_gradient(W, l2, reduction, None)

    def loss(self, W: ArrayLike | None = None, *, l2: float = 0.0, reduction: Literal["mean", "sum"] = "mean") -> float:
        """E, as `gradient` has it. InputError for sums of an upstream gradient, which says nothing of E."""
        found = self.gradient(W, l2=l2, reduction=reduction).loss
        if found is None:
            raise InputError("sums of an upstream gradient say nothing of the error itself")
        return float(found)

    def doubt(self) -> dict[str, Doubt]:
        """Of loss, dE_dW and dE_db, those that hold entries of which the sums alone do not prove the last bit."""
        found = {}
        with np.errstate(all="ignore"):
            for name, total in self.totals.items():
                value, sure = surely(total)
                if not sure.all():
                    off = total.left + 2.0**-104 * np.abs(value)
                    found[name] = Doubt(int((~sure).sum()), float(off[~sure].max()))
        return found

    def exact_gradient(
        self, W: ArrayLike | None, l2: float, reduction: Literal["mean", "sum"], again: Again | None
    ) -> LossGradient:
        """As `gradient`; `again` adds up the entries in doubt anew, from the inputs."""
        checked_end(l2, reduction)
        norm = 1.0
        if reduction == "mean":
            if not self.weight:
                raise InputError(
                    "no input counts: all are ignored or have weight 0, and their mean is none", "use the sum"
                )
            norm = self.weight[0]  # the sum, correctly rounded
        values = {}
        with np.errstate(all="ignore"):
            for name, total in self.totals.items():
                columns = total if name == "dE_dW" else ExactSum(total.parts[..., None], total.left[..., None])
                if again is None:
                    value = surely(columns)[0] / norm
                    if np.isnan(value).any():
                        raise InputError(
                            f"{name.replace('_', '/')} has numbers beyond 2^±500, of which sums alone do not tell",
                            "find it from all the inputs at once",
                        )
                else:
                    value = rounded_sum(columns, norm, lambda i, j, name=name: again(name, i, j))  # type: ignore[misc]
                values[name] = value.T.copy() if name == "dE_dW" else value[:, 0]
            if "loss" in values:
                values["loss"] = values["loss"][0]
            return finished(values, l2, self._weights(W, l2))

    def _weights(self, W: ArrayLike | None, l2: float) -> Array | None:
        if l2 and W is None:
            raise InputError("l2 needs W")
        W = None if W is None else real_array("W", W, 2)
        if W is not None and digest(W) != self.of["W"]:
            raise InputError("this W is not the one that the sums are of")
        return W


def checked_end(l2: float, reduction: str) -> None:
    """InputError for what sums cannot be made a gradient by."""
    if reduction not in ("mean", "sum"):
        raise InputError(f"reduction is {reduction!r}, where one of mean, sum is expected")
    if not 0.0 <= l2 < np.inf:
        raise InputError(f"l2 is {l2:g}, where a number from 0 is expected")


def sums(
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    *,
    target: ArrayLike | None = None,
    upstream: ArrayLike | None = None,
    label_smoothing: float = 0.0,
    class_weights: ArrayLike | None = None,
    sample_weights: ArrayLike | None = None,
    ignore: int | None = None,
    temperature: float = 1.0,
    mask: Any = None,
    first: int = 0,
    on_rows: Callable[[int], object] = lambda n: None,
) -> Sums:
    """The sums that the loss and its gradient are made of, over some of the inputs of a data set:

        Σₙ wₙ·(−Σₖ ỹₙₖ ln hₙₖ),  Σₙ xₙ ⊗ dₙ,  Σₙ dₙ,  Σₙ wₙc_target(n),  d = w·(s·h − ỹ)/T or w·h∘(u − Σₖ hₖuₖ)/T

    x (N, J), W (J, K), b (K,), and the options of the error as in `loss_gradient`. The sums of the parts of a data
    set add up with +, and .gradient() of all of them is what `loss_gradient` gives for the whole. Messages count the
    inputs from `first`. `on_rows` hears how many inputs each block had. InputError as in `loss_gradient`.

    >>> from softmax_cli import sums
    >>> W = [[0.0, 0.0]]
    >>> total = sums([[1.0], [2.0]], W, target=[0, 1]) + sums([[3.0]], W, target=[1])
    >>> total.rows
    3
    >>> total.gradient(reduction="sum").dE_dW
    array([[ 2., -2.]])
    """
    options = Options(
        target, upstream, label_smoothing, class_weights, sample_weights, ignore, reduction="sum", first=first
    )
    work = _work(x, W, b, options, temperature, mask)
    with np.errstate(all="ignore"):
        found = work.found(on_rows)
    shape, N = np.shape(W), len(work.rows)
    error = {
        "upstream" if target is None else "target": None, "label_smoothing": float(label_smoothing),
        "class_weights": class_weights, "ignore": ignore, "temperature": float(temperature),
        "mask": None if mask is None or work.hidden is None else work.hidden if work.hidden.ndim == 1 else "of its own",
    }  # fmt: skip
    of = {
        "W": digest(real_array("W", W, 2)),
        "b": digest(np.zeros(shape[1]) if b is None else b),
        "error": digest(*(part for item in error.items() for part in item)),
    }
    return Sums(N, (shape[0], shape[1]), work.goal.weight(N), found.sums, of)


def whole_numbers(
    name: str,
    i: Places,
    j: Places,
    *,
    x: ArrayLike,
    W: ArrayLike,
    b: ArrayLike | None = None,
    temperature: float = 1.0,
    mask: Any = None,
    **options: Any,
) -> list[int]:
    """Some entries of one of the `sums` of the same inputs, exactly, in units of 2^UNIT: of dE_dW (K, J), dE_db (K, 1)
    or loss (1, 1)."""
    work = _work(x, W, b, Options(reduction="sum", **options), temperature, mask)
    return [sum(parts) for parts in zip(*work.again(name)(i, j), strict=True)]


def _work(x: ArrayLike, W: ArrayLike, b: ArrayLike | None, options: Options, temperature: float, mask: Any) -> Work:
    work, single = work_of(x, W, b, None, options, temperature, mask, ("W", "b"))
    if single:
        raise InputError(f"x has shape {np.shape(x)}, where one input a row, (N, J), is expected")
    return work


def digest(*values: Any) -> str:
    """SHA-256 of arrays of doubles, numbers, texts and None, with their shapes."""
    found = hashlib.sha256()
    for value in values:
        if isinstance(value, str) or value is None:
            found.update(f"{value};".encode())
        else:
            array = np.ascontiguousarray(value, dtype="<f8")
            found.update(f"{array.shape};".encode())
            found.update((array + 0.0).tobytes())  # −0 as 0
    return found.hexdigest()
