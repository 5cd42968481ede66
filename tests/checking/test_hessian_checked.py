"""The second derivative d²E/dW² is compared as every result is, and mistakes in it are named."""

import json

import numpy as np
import pytest
from command import run
from mistaken import Step, softmax

from softmax_cli import InputError, compare


def hessian(s, h, counted=1.0, x=None, mean=True):
    """Σₙ cₙ (diag(h) − h hᵀ) ⊗ x xᵀ, one Kronecker product an input."""
    x = s.x if x is None else x
    each = [c * np.kron(np.diag(p) - np.outer(p, p), np.outer(v, v)) for p, v, c in
            zip(h, x, np.broadcast_to(counted, len(h)), strict=True)]  # fmt: skip
    return sum(each) / (len(h) if mean else 1)


def check(theirs, **options):
    s = Step()
    return compare(theirs, s.x, s.W, s.b, of="hessian", **options)


@pytest.mark.parametrize("precision", [np.float64, np.float32])
def test_a_right_one_agrees(precision):
    s = Step()
    assert check(hessian(s, s.h).astype(precision))
    assert check(hessian(s, s.h, mean=False).astype(precision), reduction="sum")
    assert check(hessian(s, s.h).astype(precision) + 0.25 * np.eye(24, dtype=precision), l2=0.25)
    assert check((hessian(s, softmax(s.z / s.T)) / s.T**2).astype(precision), temperature=s.T)
    weighted = hessian(s, s.h, s.c[s.t], mean=False) / s.c[s.t].sum()
    assert check(weighted.astype(precision), target=s.t, class_weights=s.c)
    one = np.kron(np.diag(s.h[0]) - np.outer(s.h[0], s.h[0]), np.outer(s.x[0], s.x[0]))
    assert compare(one.astype(precision), s.x[0], s.W, s.b, of="d2E_dW2")
    each = np.array([np.kron(np.diag(p) - np.outer(p, p), np.outer(v, v)) for p, v in zip(s.h, s.x, strict=True)])
    assert check(each.astype(precision), reduction="none")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("sign-flipped", lambda s: -hessian(s, s.h)),
        ("scaled", lambda s: hessian(s, s.h, mean=False)),
        ("missing-input", lambda s: hessian(s, s.h, x=np.ones_like(s.x))),
        ("missing-bias", lambda s: hessian(s, softmax(s.x @ s.W))),
        ("other-temperature", lambda s: hessian(s, softmax(s.z / s.T)) / s.T**2),
        ("missing-diagonal", lambda s: sum(
            np.kron(-np.outer(p, p), np.outer(v, v)) for p, v in zip(s.h, s.x, strict=True)) / s.N),
        ("diagonal-only", lambda s: sum(
            np.kron(np.diag(p * (1 - p)), np.outer(v, v)) for p, v in zip(s.h, s.x, strict=True)) / s.N),
        ("row-major-weights", lambda s: sum(
            np.kron(np.outer(v, v), np.diag(p) - np.outer(p, p)) for p, v in zip(s.h, s.x, strict=True)) / s.N),
    ],
)  # fmt: skip
def test_a_mistake_is_named(name, wrong):
    assert check(wrong(Step())).diagnosis == name


def test_a_penalty_that_is_left_out_or_not_wanted():
    s = Step()
    assert check(hessian(s, s.h), l2=0.5).diagnosis == "missing-l2"
    report = check(hessian(s, s.h) + 0.5 * np.eye(24))
    assert (report.diagnosis, report.advice) == ("l2-term", "λI with λ = 0.5 is in it, where no L2 term is expected")


def test_where_it_is_wrong():
    s = Step()
    theirs = hessian(s, s.h)
    theirs[6:12] *= 2
    assert check(theirs).where == (
        "all but the rows of output 1 are right; the rows of output 1 are 2 times what they should be"
    )
    theirs = hessian(s, s.h)
    theirs[7, 3] += 1
    assert check(theirs).worst[0].label == "∂²E/∂W[1,1]∂W[3,0]"


def test_noise_is_met_with_silence():
    report = check(np.random.default_rng(0).normal(size=(24, 24)))
    assert (report.diagnosis, report.where) == (None, None)


def test_an_upstream_gradient_is_refused():
    with pytest.raises(InputError, match="an upstream gradient says nothing of the second derivative"):
        check(np.zeros((24, 24)), upstream=np.zeros((9, 4)))


def test_it_is_checked_from_the_shell(tmp_path):
    s = Step()
    (tmp_path / "in.json").write_text(json.dumps({"x": s.x.tolist(), "W": s.W.tolist(), "b": s.b.tolist()}))
    np.savez(tmp_path / "H.npz", hessian=hessian(s, s.h))
    np.save(tmp_path / "H.npy", hessian(s, s.h))
    run("hessian", "in.json", "-o", "H.json", cwd=tmp_path)
    how = ["check", "in.json", "--against"]
    assert run(*how, "H.npz", cwd=tmp_path).stdout == "H.npz: d2E_dW2: agrees (numerator layout)\n"
    assert run(*how, "H.npy", cwd=tmp_path).stdout == "H.npy: d2E_dW2: agrees (numerator layout)\n"
    done = run(*how, "H.json", "--of", "hessian", cwd=tmp_path)
    assert done.stdout == "H.json: hessian: agrees (numerator layout)\n"
