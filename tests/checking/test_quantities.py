"""Every result of the layer can be checked, with every option of the layer and of the error."""

import itertools

import numpy as np
import pytest

from softmax_cli import InputError, compare
from softmax_cli.checking.expected import Setting, expected
from softmax_cli.checking.quantities import QUANTITIES, quantity_named
from softmax_cli.core.objective import Options

N, J, K = 4, 3, 5
ERRORS = ["loss", "dE_dz", "dE_dW", "dE_db", "dE_dx", "d2E_dW2"]
LAYERS = [key for key in QUANTITIES if key not in ERRORS]


def data(seed=0, N=N):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=J) if N is None else rng.normal(size=(N, J))
    return x, rng.normal(size=(J, K)), rng.normal(size=K)


def one(x, W, b, T=1.0, hidden=()):
    """Everything of the layer at one input, entry by entry, in ordinary arithmetic."""
    z = np.array([sum(x[j] * W[j, i] for j in range(len(x))) + b[i] for i in range(W.shape[1])])
    e = np.array([0.0 if i in hidden else np.exp(z[i] / T) for i in range(len(z))])
    h = e / e.sum()
    D = np.array([[h[t] * ((t == i) - h[i]) / T for i in range(len(z))] for t in range(len(z))])
    shown = np.array([i not in hidden for i in range(len(z))])
    L = np.where(shown[:, None] & shown[None, :], (np.eye(len(z)) - h) / T, 0.0)
    by_W = [np.array([[M[t, i] * x[j] for i in range(len(z)) for j in range(len(x))] for t in range(len(z))])
            for M in (np.eye(len(z)), D, L)]  # fmt: skip
    with np.errstate(divide="ignore"):
        log_h = np.log(h)
    return {
        "z": z, "h": h, "log_h": log_h, "dS_dZ": D, "dL_db": D, "dlogS_dZ": L, "dlogL_db": L,
        "dZ_dW": by_W[0], "dL_dW": by_W[1], "dlogL_dW": by_W[2], "dL_dx": D @ W.T, "dlogL_dx": L @ W.T,
    }  # fmt: skip


def errors(x, W, b, y, *, c=None, w=None, eps=0.0, l2=0.0, T=1.0, reduction="mean", counts=None):
    """E and its derivatives for rows of probabilities y (N, K), each row as a sum over its classes."""
    c, w = np.ones(K) if c is None else np.asarray(c), np.ones(len(x)) if w is None else np.asarray(w)
    rows = [one(v, W, b, T) for v in x]
    smooth = [c * ((1 - eps) * row + eps / K) for row in y]
    norm = 1.0 if reduction != "mean" else sum(w[n] * (counts[n] if counts is not None else 1.0) for n in range(len(x)))
    losses = [
        w[n] * -sum(s * lh for s, lh in zip(smooth[n], rows[n]["log_h"], strict=True)) / norm for n in range(len(x))
    ]
    dz = np.array([w[n] * (smooth[n].sum() * rows[n]["h"] - smooth[n]) / T / norm for n in range(len(x))])
    apart = {"loss": np.array(losses), "dE_dz": dz, "dE_db": dz, "dE_dx": dz @ W.T,
             "dE_dW": np.array([np.outer(v, d) for v, d in zip(x, dz, strict=True)]),
             "d2E_dW2": np.array([w[n] * smooth[n].sum() / T / norm * np.kron(rows[n]["dS_dZ"], np.outer(v, v))
                                  for n, v in enumerate(x)])}  # fmt: skip
    if reduction == "none":
        return apart
    decay = {"loss": l2 / 2 * (W**2).sum(), "dE_dW": l2 * W, "dE_db": 0.0, "d2E_dW2": l2 * np.eye(J * K)}
    return {key: a if key in ("dE_dz", "dE_dx") else a.sum(axis=0) + decay[key] for key, a in apart.items()}


def spoiled(a):
    """One entry, not the first, too large by a thousandth."""
    a = np.array(a, dtype=float)
    a.reshape(-1)[-1] *= 1.001
    return a


@pytest.mark.parametrize("key", LAYERS)
@pytest.mark.parametrize("how", [{}, {"temperature": 2.5}, {"mask": [1, 3]}], ids=["plain", "T", "mask"])
@pytest.mark.parametrize("batch", [False, True])
def test_a_right_result_of_the_layer_agrees_and_a_wrong_one_does_not(key, how, batch):
    x, W, b = data(N=N if batch else None)
    made = [one(v, W, b, how.get("temperature", 1.0), how.get("mask", ()))[key] for v in np.atleast_2d(x)]
    theirs = np.array(made) if batch else made[0]
    assert compare(theirs, x, W, b, of=key, **how)
    if key != "dZ_dW":  # of which the last entry is zero or x
        report = compare(spoiled(theirs), x, W, b, of=key, **how)
        assert (report.agrees, report.differing) == (False, 1)


@pytest.mark.parametrize("key", ["z", "h", "log_h", "dS_dZ", "dlogS_dZ", "dL_db"])
def test_logits_that_are_given_are_enough(key):
    x, W, b = data(N=None)
    made = one(x, W, b)
    assert compare(made[key], z=made["z"], of=key)
    assert not compare(spoiled(made[key]), z=made["z"], of=key)


def test_what_needs_more_than_logits_is_refused():
    with pytest.raises(InputError) as caught:
        compare(np.zeros((5, 15)), z=np.zeros(5), of="dL_dW")
    assert str(caught.value) == "dL_dW needs x and W, and only the logits z are given"


OPTIONS = [
    {}, {"label_smoothing": 0.1}, {"class_weights": [1.0, 2.0, 0.5, 3.0, 1.5]},
    {"sample_weights": [1.0, 0.5, 2.0, 0.25]}, {"l2": 0.3}, {"temperature": 0.5},
    {"label_smoothing": 0.2, "class_weights": [2.0, 1.0, 1.0, 0.5, 4.0]},
]  # fmt: skip


@pytest.mark.parametrize("key", ERRORS)
@pytest.mark.parametrize("options", OPTIONS, ids=["-".join(o) or "plain" for o in OPTIONS])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_right_result_of_the_error_agrees_and_a_wrong_one_does_not(key, options, reduction):
    if reduction == "none" and "l2" in options:
        return
    x, W, b = data()
    t = np.array([1, 4, 0, 1])
    c = options.get("class_weights")
    truth = errors(
        x, W, b, np.eye(K)[t], c=c, w=options.get("sample_weights"), eps=options.get("label_smoothing", 0.0),
        l2=options.get("l2", 0.0), T=options.get("temperature", 1.0), reduction=reduction,
        counts=None if c is None else np.asarray(c)[t],
    )  # fmt: skip
    how = {"of": key, "target": t, "reduction": reduction, **options}
    assert compare(truth[key], x, W, b, **how)
    report = compare(spoiled(truth[key]), x, W, b, **how)
    assert (report.agrees, report.differing) == (False, 1)


@pytest.mark.parametrize("key", ERRORS)
def test_soft_targets(key):
    x, W, b = data()
    y = np.random.default_rng(3).dirichlet(np.ones(K), size=N)
    assert compare(errors(x, W, b, y)[key], x, W, b, of=key, target=y)
    assert not compare(spoiled(errors(x, W, b, y)[key]), x, W, b, of=key, target=y)


@pytest.mark.parametrize("key", ["dE_dz", "dE_dW", "dE_db", "dE_dx"])
def test_an_upstream_gradient(key):
    x, W, b = data()
    u = np.random.default_rng(4).normal(size=(N, K))
    dz = np.array([row @ one(v, W, b)["dS_dZ"] for row, v in zip(u, x, strict=True)])
    truth = {"dE_dz": dz, "dE_dW": x.T @ dz, "dE_db": dz.sum(0), "dE_dx": dz @ W.T}[key]
    assert compare(truth, x, W, b, of=key, upstream=u, reduction="sum")
    assert not compare(spoiled(truth), x, W, b, of=key, upstream=u, reduction="sum")


def test_an_upstream_gradient_says_nothing_of_the_loss():
    x, W, b = data()
    with pytest.raises(InputError) as caught:
        compare(1.0, x, W, b, of="loss", upstream=np.zeros((N, K)))
    assert str(caught.value) == "an upstream gradient says nothing of the loss: give a target"


@pytest.mark.parametrize("key", ERRORS)
def test_rows_that_are_ignored_do_not_count(key):
    x, W, b = data()
    kept = [0, 2, 3]
    truth = errors(x[kept], W, b, np.eye(K)[[1, 0, 1]])
    if key in ("dE_dz", "dE_dx"):
        truth[key] = np.insert(truth[key], 1, 0.0, axis=0)
    assert compare(truth[key], x, W, b, of=key, target=[1, -100, 0, 1], ignore=-100)


@pytest.mark.parametrize("key", QUANTITIES)
@pytest.mark.parametrize("single", [False, True])
def test_the_right_formula_makes_what_is_right(key, single):
    """Mistakes are made in a formula, so without one it must give the rows that the core does."""
    x, W, b = data(N=None if single else N)
    options = Options(target=2 if single else [1, 4, 0, 1], label_smoothing=0.1, l2=0.2)
    if key not in ERRORS:
        options = Options()
    right, ours, _ = expected(quantity_named(key), Setting(x, W, b, None, 1.5, [3], options))
    rows = right.quantity.height(J, K) * (N if right.apart and not single else 1)
    for part in (slice(0, rows), slice(0, 1), slice(rows // 2, rows)):
        np.testing.assert_allclose(right.rows(part), ours(part), rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("key", [k for k in QUANTITIES if k not in ("z", "loss", "dZ_dW")])
@pytest.mark.parametrize("factor", [-1.0, 0.125])
def test_a_sign_and_a_factor_are_named_in_every_result(key, factor):
    x, W, b = data(1)
    t = np.array([1, 4, 0, 1])
    truth = errors(x, W, b, np.eye(K)[t])[key] if key in ERRORS else np.array([one(v, W, b)[key] for v in x])
    report = compare(factor * truth, x, W, b, of=key, **({"target": t} if key in ERRORS else {}))
    assert report.diagnosis == ("sign-flipped" if factor == -1.0 else "scaled")


@pytest.mark.parametrize("key", ["h", "dL_dW", "dL_dx", "dE_dW", "dE_db", "dE_dx", "dE_dz", "log_h"])
def test_the_bias_is_missed_in_every_result(key):
    x, W, b = data(2)
    t = np.array([1, 4, 0, 1])
    none = np.zeros(K)
    truth = errors(x, W, none, np.eye(K)[t])[key] if key in ERRORS else np.array([one(v, W, none)[key] for v in x])
    assert compare(truth, x, W, b, of=key, **({"target": t} if key in ERRORS else {})).diagnosis == "missing-bias"


@pytest.mark.parametrize(("key", "label"), [
    ("z", "z[4]"), ("log_h", "ln h[4]"), ("dL_db", "∂h[4]/∂b[4]"), ("dL_dx", "∂h[4]/∂x[2]"),
    ("dlogL_dW", "∂ln h[4]/∂W[2,4]"), ("dE_dx", "∂E/∂x[2]"), ("dE_db", "∂E/∂b[4]"), ("dE_dz", "∂E/∂z[4]"),
    ("loss", "E"),
])  # fmt: skip
def test_an_entry_is_called_by_its_name(key, label):
    x, W, b = data(N=None)
    truth = errors(x[None], W, b, np.eye(K)[[2]], reduction="sum")[key] if key in ERRORS else one(x, W, b)[key]
    if key in ("dE_dz", "dE_dx"):
        truth = truth[0]
    (worst,) = compare(spoiled(truth), x, W, b, of=key, **({"target": 2} if key in ERRORS else {})).worst
    assert worst.label == label


@pytest.mark.parametrize("key", QUANTITIES)
def test_what_single_precision_makes_of_every_result_agrees(key):
    for seed in range(5):
        x, W, b = (a.astype(np.float32) for a in data(seed))
        t = np.array([1, 4, 0, 1])
        z = x @ W + b
        e = np.exp(z - z.max(axis=1, keepdims=True))
        h = e / e.sum(axis=1, keepdims=True)
        eye = np.eye(K, dtype=np.float32)
        D = h[:, :, None] * (eye - h[:, None, :])
        L = eye - h[:, None, :]
        d = (h - eye[t]) / np.float32(N)
        by_W = [(M[:, :, :, None] * x[:, None, None, :]).reshape(N, K, K * J) for M in (np.tile(eye, (N, 1, 1)), D, L)]
        theirs = {
            "z": z, "h": h, "log_h": np.log(h), "loss": -np.log(h[np.arange(N), t]).mean(), "dS_dZ": D, "dL_db": D,
            "dZ_dW": by_W[0], "dL_dW": by_W[1], "dlogL_dW": by_W[2], "dlogS_dZ": L, "dlogL_db": L, "dL_dx": D @ W.T,
            "dlogL_dx": L @ W.T, "dE_dz": d, "dE_dW": x.T @ d, "dE_db": d.sum(axis=0), "dE_dx": d @ W.T,
            "d2E_dW2": np.einsum("nti,nj,nl->tjil", D, x, x).reshape(K * J, K * J) / np.float32(N),
        }[key]  # fmt: skip
        assert theirs.dtype == np.float32
        assert compare(theirs, x, W, b, of=key, **({"target": t} if key in ERRORS else {}))


@pytest.mark.parametrize("key", ["h", "log_h", "dL_dx", "dE_dx", "dE_db", "dE_dz", "loss"])
def test_noise_in_every_result_gets_no_diagnosis(key):
    for seed, kind in itertools.product(range(10), range(2)):
        x, W, b = data(seed)
        t = np.array([1, 4, 0, 1])
        truth = errors(x, W, b, np.eye(K)[t])[key] if key in ERRORS else np.array([one(v, W, b)[key] for v in x])
        noise = np.random.default_rng(seed).normal(size=np.shape(truth))
        theirs = noise if kind else truth * (1 + 1e-3 * noise)
        assert compare(theirs, x, W, b, of=key, **({"target": t} if key in ERRORS else {})).diagnosis is None
