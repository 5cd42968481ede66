"""The Jacobian of a layer as a picture that a notebook shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from ..core.arrays import Layout
from ..core.batch import Quantity, batch_of
from ..core.layer import evaluate_any
from ..core.masks import masked_array
from ..errors import InputError
from ..wording import counted, shown
from ..writing.files import target
from ..writing.jacobian_result import Asked, axes_of
from ..writing.labels import Labels
from .view import View, laid_out


@dataclass(frozen=True, repr=False)
class Heatmap:
    """A picture of a Jacobian: an image in a notebook, characters where it is printed."""

    _view: View

    def __str__(self) -> str:
        from .heatmap import heatmap as in_characters

        return in_characters(self._view, width=80, height=24, colour=False).plain.rstrip("\n")

    __repr__ = __str__

    def _repr_svg_(self) -> str | None:
        """The image; None, so that the characters are shown, without matplotlib."""
        from .plot import save_plot

        stream = io.BytesIO()
        try:
            save_plot(self._view, stream, "svg")
        except InputError:
            return None
        return stream.getvalue().decode().replace("<svg ", '<svg style="max-width: 100%; height: auto" ', 1)

    def figure(self) -> Any:
        """The picture as a figure of matplotlib, to be changed. InputError without matplotlib."""
        from .plot import figure_of

        return figure_of(self._view, "a figure")

    def save(self, path: str) -> None:
        """Write it to a file, .png, .svg or .pdf. InputError for another suffix, and without matplotlib."""
        from .plot import save_plot, suffix_of

        stream, suffix = io.BytesIO(), suffix_of(path, shown(path))
        save_plot(self._view, stream, suffix, "a picture")
        with target(path) as file:
            file.write(stream.getbuffer())


def heatmap(
    x: ArrayLike | None = None,
    W: ArrayLike | None = None,
    b: ArrayLike | None = None,
    *,
    z: ArrayLike | None = None,
    wrt: Literal["W", "b", "x"] = "W",
    log: bool = False,
    layout: Layout = "numerator",
    names: Sequence[str] | None = None,
    temperature: float = 1.0,
    mask: Any = None,
) -> Heatmap:
    """A picture of dL/dW, dL/db or dL/dx, red above zero and blue below; with logits in the place of x and W, of dS/dZ.

    x (J,), W (J, K), b (K,), or z (K,); `wrt`, `log`, `temperature` and `mask` as in `layer_jacobian`. `layout` is
    "numerator", with a row for each of the K outputs, or "denominator", its transpose; `names` are those of the
    outputs. The scale is logarithmic where sizes differ much. What does not fit is shown by the entry of largest
    magnitude in each cell. In a notebook it is an image, where matplotlib is installed; printed it is characters.
    `save("h.png")` writes it to a file, and `figure()` gives it as a figure of matplotlib. InputError as in
    `layer_jacobian`, and for several inputs.

    >>> from softmax_cli import heatmap
    >>> print(heatmap(z=[0.0, 1.0, 2.0]))
    dS/dZ  (3 × 3): row h[t], column z[i]
         z[0]  z[1]  z[2]
    h[0] ++++++,,,,,,------
    h[1] ,,,,,,@@@@@@%%%%%%
    h[2] ------%%%%%%@@@@@@
    -0.223 &%=-, .+*#@ 0.223; zero is blank
    """
    if wrt not in ("W", "b", "x"):
        raise InputError(f"wrt is {wrt!r}, where 'W', 'b' or 'x' is expected")
    if layout not in ("numerator", "denominator"):
        raise InputError(f"layout is {layout!r}, where 'numerator' or 'denominator' is expected")
    layer, single = evaluate_any(x, W, b, z=z, temperature=temperature, mask=mask)
    K = layer.h.shape[1]
    if names is not None and len(names) != K:
        raise InputError(f"names has {counted(len(names), 'entry', 'entries')}, where {K} are expected")
    quantities: dict[str, Quantity] = {"W": "dL_dW", "b": "dL_db", "x": "dL_dx"}
    quantity = quantities[wrt] if z is None else "dS_dZ"
    weights = np.empty((0, K)) if W is None else np.asarray(W, dtype=np.float64)
    biases = None if b is None else masked_array("b", b, 1)[0]
    batch = batch_of(quantity, layer, single, weights, biases, None, log)
    labels = Labels(None if names is None else tuple(names))
    return Heatmap(laid_out(batch, axes_of(Asked(quantity, log=log), labels, batch), layout))
