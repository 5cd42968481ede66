"""A file of sums: what was written is read, and anything else is refused."""

import json
import os

import numpy as np
import pytest

from softmax_cli import InputError, load_sums, loss_gradient, save_sums, sums


def some_sums():
    rng = np.random.default_rng(3)
    x, W, b = rng.standard_normal((50, 3)), rng.standard_normal((3, 4)), rng.standard_normal(4)
    t, w = rng.integers(0, 4, 50), rng.random(50)
    return sums(x, W, b, target=t, sample_weights=w), loss_gradient(x, W, b, target=t, sample_weights=w)


def test_what_was_saved_gives_the_same_gradient(tmp_path):
    total, whole = some_sums()
    save_sums(total, tmp_path / "p.npz")
    found = load_sums(tmp_path / "p.npz")
    assert (found.rows, found.shape, found.weight, found.of) == (total.rows, total.shape, total.weight, total.of)
    gradient = found.gradient()
    assert gradient.loss == whole.loss
    assert (gradient.dE_dW == whole.dE_dW).all()
    assert (gradient.dE_db == whole.dE_db).all()
    assert os.listdir(tmp_path) == ["p.npz"]


def changed(path, change):
    with np.load(path) as file:
        members = dict(file)
    about = json.loads(members["about"].tobytes())
    change(members, about)
    if "about" in members:
        members["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    np.savez(path, **members)


DAMAGED = "holds damaged sums"
DAMAGES = {
    "no about": (lambda m, a: m.pop("about"), "holds no sums of loss-grad --partial"),
    "another format": (lambda m, a: a.update(format="x"), "holds no sums of loss-grad --partial"),
    "another version": (
        lambda m, a: a.update(version=2),
        "holds sums of another version of the format, where 1 is expected",
    ),
    "another shape": (lambda m, a: a.update(shape=[4, 3]), DAMAGED),
    "a shape of text": (lambda m, a: a.update(shape="ab"), DAMAGED),
    "no rows": (lambda m, a: a.update(rows=0), DAMAGED),
    "rows as a fraction": (lambda m, a: a.update(rows=1.5), DAMAGED),
    "no hashes": (lambda m, a: a.update(of={}), DAMAGED),
    "shards of other rows": (
        lambda m, a: a.update(shards=[{"name": "a", "first": 0, "rows": 49, "digest": "0"}]),
        DAMAGED,
    ),
    "shards that are none": (lambda m, a: a.update(shards=[1]), DAMAGED),
    "a sum too few": (lambda m, a: m.pop("dE_db.left"), DAMAGED),
    "a sum too many": (lambda m, a: m.update(more=np.ones(3)), DAMAGED),
    "single precision": (lambda m, a: m.update({"dE_db.left": np.zeros(4, np.float32)}), DAMAGED),
    "a bound below 0": (lambda m, a: m.update({"dE_db.left": np.full(4, -1.0)}), DAMAGED),
    "an endless weight": (lambda m, a: m.update(weight=np.array([np.inf, 0.0])), DAMAGED),
    "a weight below 0": (lambda m, a: m.update(weight=np.array([-1.0, 0.0])), DAMAGED),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_sums_are_refused(tmp_path, damage):
    change, message = DAMAGES[damage]
    path = tmp_path / "p.npz"
    save_sums(some_sums()[0], path)
    changed(path, change)
    with pytest.raises(InputError) as caught:
        load_sums(path)
    assert str(caught.value) == f"{path} {message}"


def test_a_pickle_is_refused_and_not_run(tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    np.savez(tmp_path / "p.npz", about=np.array([Harm()], dtype=object))
    with pytest.raises(InputError) as caught:
        load_sums(tmp_path / "p.npz")
    assert str(caught.value) == f"{tmp_path}/p.npz: about holds Python objects, where real numbers are expected"
    assert not (tmp_path / "harm").exists()
