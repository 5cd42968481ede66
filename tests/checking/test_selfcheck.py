"""The self-check passes on what is right, however saturated, and fails on what is wrong."""

import dataclasses

import numpy as np
import pytest

from softmax_cli.checking.selfcheck import self_check
from softmax_cli.core import jacobian
from softmax_cli.errors import InputError

RNG = np.random.default_rng(5)
PROBLEMS = {
    "saturated": ([1.0], [[37.43, 0.0]]),
    "saturated three": ([0.5, 1.0], [[0.0, 80.0, 1.0], [0.0, 0.0, 2.0]]),
    "one output": ([1.0, -2.0], [[3.0], [0.5]]),
    "one input": ([0.3], [[1.0, 2.0, -1.0]]),
    "one of each": ([2.0], [[1.0]]),
    "±700": ([1.0], [[700.0, -700.0, 3.0, 699.0]]),
    "zero input": ([0.0, 1.0, -0.0], RNG.normal(size=(3, 4))),
    "all equal": ([1.0, 1.0], np.zeros((2, 6))),
    "iris": ([5.1, 3.5, 1.4, 0.2], RNG.normal(size=(4, 3)), RNG.normal(size=3)),
    "digits": (RNG.integers(0, 17, 64), RNG.normal(size=(64, 10)), RNG.normal(size=10)),
    "steep digits": (RNG.integers(0, 17, 64), 10 * RNG.normal(size=(64, 10)), RNG.normal(size=10)),
    "far apart": ([1e-9, 1e6, 3.0], RNG.normal(size=(3, 5)) * [[1e9], [1e-6], [1.0]]),
    "huge logits": ([1e10, 1e-10], [[1e10, 0.0], [1.0, 2.0]]),
    "huge weights of no input": ([0.0], [[1e117, 1.0]]),
    "huge weights of a tiny input": ([1e-300], [[1e300, 1.0]]),
    "subnormal input": ([1e-310, 1.0], [[1.0, 2.0], [0.5, 0.1]]),
    "many outputs": ([1.0, 2.0], RNG.normal(size=(2, 1500))),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_way_agrees(name):
    assert [a for a in self_check(*PROBLEMS[name]) if not a.agrees] == []


def test_random_layers_of_every_steepness_agree():
    failed = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        J, K = rng.integers(1, 8, 2)
        x, W = rng.normal(size=J), rng.normal(size=(J, K)) * 10.0 ** rng.uniform(-3, 2.5)
        failed += [(seed, a) for a in self_check(x, W, rng.normal(size=K)) if not a.agrees]
    assert failed == []


def test_every_quantity_is_computed_by_every_way_it_has(article):
    assert [(a.quantity, a.way) for a in self_check(*article)] == [
        ("dS/dZ", "complex step"),
        ("dS/dZ", "central differences"),
        ("dZ/dW", "complex step"),
        ("dZ/dW", "central differences"),
        ("dL/dW", "chain"),
        ("dL/dW", "complex step"),
        ("dL/dW", "central differences"),
    ]


def test_differences_say_what_they_cannot_resolve_at_saturation():
    found = {a.way: a for a in self_check([1.0], [[37.43, 0.0]]) if a.quantity == "dL/dW"}
    assert found["central differences"].note == (
        "held to 4e-09 of the value differenced; 2 entries are smaller than that, which differences cannot resolve"
    )
    assert found["central differences"].relative > 0.5
    assert found["complex step"].relative < 1e-12


def test_differences_of_logits_beyond_them_are_not_held_to_anything():
    notes = {a.note for a in self_check(*PROBLEMS["huge logits"]) if a.way == "central differences"}
    assert notes == {"logits of size 1e+20 leave differences no digit: not held to anything"}


def test_what_is_not_finite_is_none_in_json():
    found = [a.to_dict() for a in self_check(*PROBLEMS["huge logits"]) if a.way == "central differences"]
    assert [a["tolerance"] for a in found] == [None, None, None]


def test_a_large_layer_is_sampled_and_says_so():
    x, W = np.ones(50), np.eye(50, 200)
    assert {a.note.split("; ")[0] for a in self_check(x, W) if a.quantity == "dL/dW"} == {
        "a sample of 10240 of 2000000 entries"
    }


def test_digits_are_checked_whole():
    assert not any("sample" in a.note for a in self_check(*PROBLEMS["digits"]))


def spoiled(make, change):
    return lambda *args: change(make(*args))


def with_diagonal(change):
    return lambda structure: dataclasses.replace(structure, diagonal=change(structure.diagonal))


WRONG = {
    "0.1% off": with_diagonal(lambda d: d * 1.001),
    "zero on the diagonal": with_diagonal(lambda d: d * 0.0),
    "nan": with_diagonal(lambda d: d * np.nan),
    "flipped": lambda s: dataclasses.replace(s, g=-s.g, diagonal=-s.diagonal),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("quantity", ["softmax", "linear", "layer"])
def test_a_wrong_closed_form_fails(monkeypatch, article, quantity, wrong):
    name = f"{quantity}_structure"
    monkeypatch.setattr(jacobian, name, spoiled(getattr(jacobian, name), WRONG[wrong]))
    named = {"softmax": "dS/dZ", "linear": "dZ/dW", "layer": "dL/dW"}[quantity]
    failing = {(a.quantity, a.way) for a in self_check(*article) if not a.agrees}
    assert {(named, "complex step"), (named, "central differences")} <= failing


def test_a_complement_lost_to_subtraction_fails_by_the_complex_step(monkeypatch):
    lost = spoiled(jacobian.layer_structure, lambda s: dataclasses.replace(s, diagonal=s.g * (1.0 - s.h[:, :, None])))
    monkeypatch.setattr(jacobian, "layer_structure", lost)
    failing = [(a.way, a.label) for a in self_check([1.0], [[37.43, 0.0]]) if a.quantity == "dL/dW" and not a.agrees]
    assert failing == [("chain", "∂h[0]/∂W[0,0]"), ("complex step", "∂h[0]/∂W[0,0]")]


def test_a_failing_entry_is_named(monkeypatch, article):
    def change(d):
        d = d.copy()
        d[0, 3, 1] *= 1.01
        return d

    monkeypatch.setattr(jacobian, "layer_structure", spoiled(jacobian.layer_structure, with_diagonal(change)))
    assert {a.label for a in self_check(*article) if not a.agrees} == {"∂h[3]/∂W[1,3]"}


def test_a_way_that_disagrees_in_a_large_layer_is_seen(monkeypatch):
    x, W = RNG.normal(size=50), RNG.normal(size=(50, 200))
    monkeypatch.setattr(jacobian, "layer_structure", spoiled(jacobian.layer_structure, WRONG["0.1% off"]))
    assert "dL/dW" in {a.quantity for a in self_check(x, W) if not a.agrees}


def test_many_inputs_are_refused():
    with pytest.raises(InputError) as error:
        self_check([[1.0, 2.0], [3.0, 4.0]], np.ones((2, 3)))
    assert str(error.value) == "the tool is checked at one input at a time: x holds 2"
