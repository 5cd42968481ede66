"""The loss and its gradients against torch.nn.CrossEntropyLoss in float64, every combination of a batch's options."""

import itertools

import numpy as np
import pytest

from softmax_cli import loss_gradient

torch = pytest.importorskip("torch")

N, J, K = 7, 3, 5
RNG = np.random.default_rng(17)
X, W, B = RNG.normal(size=(N, J)), RNG.normal(size=(J, K)), RNG.normal(size=K)
CLASSES = RNG.integers(0, K, N)
IGNORED = np.where(np.arange(N) % 3 == 1, -100, CLASSES)
SOFT = RNG.dirichlet(np.ones(K), size=N)
CLASS_WEIGHTS = RNG.uniform(0.2, 3.0, K)
TARGETS = {"classes": (CLASSES, None), "ignored": (IGNORED, -100), "probabilities": (SOFT, None)}


def by_torch(target, ignore, reduction, smoothing, weights, T):
    x, W_, b = (torch.tensor(a, requires_grad=True) for a in (X, W, B))
    z = x @ W_ + b
    z.retain_grad()
    loss = torch.nn.functional.cross_entropy(
        z / T,
        torch.tensor(target),
        weight=None if weights is None else torch.tensor(weights),
        reduction=reduction,
        label_smoothing=smoothing,
        **({} if ignore is None else {"ignore_index": ignore}),
    )
    loss.sum().backward()
    return {"loss": loss.detach(), "dE_dz": z.grad, "dE_dW": W_.grad, "dE_db": b.grad, "dE_dx": x.grad}


@pytest.mark.parametrize(
    ("kind", "reduction", "smoothing", "weighted", "T"),
    list(itertools.product(TARGETS, ["mean", "sum", "none"], [0.0, 0.1, 1.0], [False, True], [1.0, 2.5])),
)
def test_every_combination_agrees_with_torch(kind, reduction, smoothing, weighted, T):
    target, ignore = TARGETS[kind]
    weights = CLASS_WEIGHTS if weighted else None
    truth = by_torch(target, ignore, reduction, smoothing, weights, T)
    found = loss_gradient(
        X, W, B, target=target, ignore=ignore, reduction=reduction, label_smoothing=smoothing, class_weights=weights,
        temperature=T, wrt=("z", "W", "b", "x"),
    )  # fmt: skip
    for name, value in truth.items():
        ours = getattr(found, name)
        if reduction == "none" and name in ("dE_dW", "dE_db"):
            ours = ours.sum(axis=0)
        np.testing.assert_allclose(ours, np.asarray(value), rtol=1e-12, atol=1e-15, err_msg=name)


def test_every_combination_of_a_single_input_agrees_with_torch():
    for target, smoothing, weights in itertools.product([2, SOFT[0]], [0.0, 0.2], [None, CLASS_WEIGHTS]):
        x, W_, b = (torch.tensor(a, requires_grad=True) for a in (X[0], W, B))
        loss = torch.nn.functional.cross_entropy(
            x @ W_ + b, torch.tensor(target), label_smoothing=smoothing, reduction="sum",
            weight=None if weights is None else torch.tensor(weights),
        )  # fmt: skip
        loss.backward()
        found = loss_gradient(
            X[0], W, B, target=target, label_smoothing=smoothing, class_weights=weights, wrt=("W", "b", "x")
        )
        np.testing.assert_allclose(found.loss, loss.detach(), rtol=1e-13)
        np.testing.assert_allclose(found.dE_dW, W_.grad, rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(found.dE_db, b.grad, rtol=1e-12, atol=1e-16)
        np.testing.assert_allclose(found.dE_dx, x.grad, rtol=1e-12, atol=1e-16)
