"""The names by which people call what a function takes."""

from __future__ import annotations

# What a function may take, under the name it has in a call that is shown, and the names that people give it.
ROLES: dict[str, tuple[str, ...]] = {
    "x": ("x", "X", "xs", "inputs", "input", "inp", "features", "data", "batch", "x_batch", "X_batch", "xb",
          "Xb", "x_train", "X_train"),
    "W": ("W", "w", "weight", "weights", "Weight", "Weights", "kernel", "theta", "Theta", "W1", "w1"),
    "b": ("b", "bias", "biases", "B", "b1"),
    "z": ("z", "Z", "logits", "scores", "student_logits"),
    "h": ("h", "H", "p", "P", "s", "S", "a", "A", "probs", "probabilities", "softmax_output", "softmax_out", "output",
          "outputs", "y_hat", "yhat", "y_pred"),
    "y": (
        "y", "t", "target", "targets", "label", "labels", "y_true", "truth", "ys", "y_batch", "classes", "class_index",
        "Y", "onehot", "one_hot", "y_onehot", "Y_onehot", "targets_onehot", "y_one_hot",
        "yb", "Yb", "y_train", "Y_train", "targ", "targs", "ground_truth", "soft_targets", "teacher_probs",
    ),
    "u": (
        "u", "upstream", "dout", "d_out", "grad_output", "grad_out", "grad_outputs", "upstream_grad",
        "upstream_gradient", "dh", "dL_dh", "dE_dh", "dLdh", "dEdh", "grad_h", "g", "grad", "cotangent",
        "dvalues", "dA", "da", "dy", "dY", "output_grad", "output_gradient",
    ),
    "reduction": ("reduction",),
}  # fmt: skip
# The options of the layer and of its error, by the keywords of `loss_gradient`.
OPTIONS: dict[str, tuple[str, ...]] = {
    "temperature": ("temperature", "T", "tau", "temp"),
    "mask": ("mask", "output_mask", "logit_mask"),
    "label_smoothing": ("label_smoothing", "smoothing", "label_smooth"),
    "class_weights": ("class_weights", "class_weight"),
    "sample_weights": ("sample_weights", "sample_weight"),
    "ignore": ("ignore", "ignore_index", "ignore_label"),
    "l2": ("l2", "reg", "reg_strength", "lam", "lambda_", "lambd", "lmbda", "l2_reg", "l2_lambda", "weight_decay"),
}
OFF = {"temperature": 1.0, "label_smoothing": 0.0, "l2": 0.0}  # the numbers that change nothing
OF_TARGETS = ("label_smoothing", "class_weights", "ignore")  # what says nothing of an upstream gradient
OF_LAYER = ("temperature", "mask")  # what says something of every result
_ROLE = {name: role for role, names in {**ROLES, **OPTIONS}.items() for name in names}
ONE_HOT = tuple(name for name in ROLES["y"] if name == "Y" or "hot" in name)

LAYER = ("x", "W", "b", "z", "h")  # what there is without an error
ERROR = ("y", "u")  # one of these says what error is meant


def role_of(name: str) -> str | None:
    """The role that a parameter plays by its name, or None."""
    return _ROLE.get(name)
