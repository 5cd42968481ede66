"""What a user may not write: mypy --strict finds every line that says so, and no other."""

import numpy as np

import softmax_cli
from softmax_cli import compare, forward, layer_jacobian, weight_gradient

x, W = [0.1, 0.5, 0.4], np.ones((3, 5))

compare(W, x, W, of="weightgrad")  # wrong: arg-type
compare(W, x, W, None, "loss-grad")  # wrong: call-arg
weight_gradient(x, W, target=2, reduction="average")  # wrong: arg-type
weight_gradient(x, W, targets=2)  # wrong: call-arg
layer_jacobian(x, W, method="chained")  # wrong: arg-type
z, h, low = forward(x, W)  # wrong: misc
forward(logits=x)  # wrong: call-arg
softmax_cli.weightgradient(x, W)  # wrong: attr-defined
