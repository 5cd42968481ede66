"""Every result of the layer is known by its name or its shape, and each is compared with its own."""

from dataclasses import dataclass

import numpy as np
import people
import pytest

from softmax_cli import check_function


def heads(report):
    return list(dict.fromkeys(finding.kind.title for finding in report.findings))


@pytest.mark.parametrize(
    ("f", "results"),
    [
        (people.everything, ["loss", "dE/dW", "dE/db", "dE/dx", "dE/dz"]),
        (people.logits, ["z"]),
        (people.log_softmax, ["ln h"]),
        (people.jacobian_in_the_inputs, ["dL/dx"]),
        (people.log_jacobian, ["dℓ/dZ"]),
        (people.linear_jacobian, ["dZ/dW"]),
        (people.layer_jacobian, ["dL/dW"]),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_results_are_told_apart(f, results):
    assert heads(check_function(f)) == results


def test_shapes_tell_results_apart_where_names_do_not():
    report = check_function(lambda x, W, b, y: people.everything(x, W, b, y)[::-1])
    assert report
    assert heads(report) == ["dE/dz", "dE/dx", "dE/db", "dE/dW", "loss"]


@pytest.mark.parametrize(
    ("mistake", "result"),
    [
        (lambda loss, dW, db, dx, dz, W: (loss * 2, dW, db, dx, dz), "loss"),
        (lambda loss, dW, db, dx, dz, W: (loss, dW + W, db, dx, dz), "dE/dW"),
        (lambda loss, dW, db, dx, dz, W: (loss, dW, dz.sum(axis=0) * len(dz), dx, dz), "dE/db"),
        (lambda loss, dW, db, dx, dz, W: (loss, dW, db, dz @ np.abs(W.T), dz), "dE/dx"),
        (lambda loss, dW, db, dx, dz, W: (loss, dW, db, dx, -dz), "dE/dz"),
    ],
)
def test_a_mistake_in_one_result_is_found_in_that_one(mistake, result):
    def f(x, W, b, y):
        loss, dW, db, dx, dz = mistake(*people.everything(x, W, b, y), W)
        return loss, dW, db, dx, dz

    assert heads(check_function(f)) == ["loss", "dE/dW", "dE/db", "dE/dx", "dE/dz"]
    assert {finding.kind.title for finding in check_function(f).findings if not finding.agrees} == {result}


@pytest.mark.parametrize("axis", [None, 1, ()])
def test_a_bias_gradient_that_is_summed_over_the_wrong_things_is_told_by_its_shape(axis):
    def f(x, W, b, y):
        dz = people.everything(x, W, b, y)[-1]
        return {"dW": x.T @ dz, "db": dz.sum(axis=axis)}

    failure = next(failure for failure in check_function(f).failures if failure.smallest.verdict == "misshapen")
    assert failure.what == "dE/db is misshapen"
    assert failure.smallest.message.endswith(
        "(vector) is expected; every output has a bias: sum dE/dz over the inputs of the batch, and over nothing else"
    )


def test_a_loss_for_each_input_is_told_by_its_shape():
    def f(x, W, b, y):
        return -np.log(people.probabilities(x, W, b)[np.arange(len(x)), y])

    (failure,) = [failure for failure in check_function(f, returns="loss").failures if failure.what[:4] == "loss"]
    assert failure.smallest.message.endswith(
        "every input has a loss of its own there: put them together as the gradients are"
    )


def test_one_mistake_in_several_results_is_told_once():
    def f(x, W, b, y):
        return tuple(gradient * len(x) for gradient in people.everything(x, W, b, y)[1:4])

    told = [failure for failure in check_function(f).failures if failure.explained]
    assert [failure.what for failure in told] == ["dE/dW, dE/db and dE/dx differ"]


@pytest.mark.parametrize("name", ["dW", "grad_W", "W_grad", "weights_grad", "dE_dW", "d_weights", "dLdW"])
def test_a_gradient_goes_by_the_names_that_people_give_it(name):
    report = check_function(lambda x, W, b, y: {name: people.mean_gradient(x, W, b, y), "other": np.zeros(9)})
    assert report
    assert heads(report) == ["dE/dW"]


def test_a_gradient_that_is_laid_out_otherwise_than_the_weights_is_spoken_of():
    def transposed(x, W, b, y):
        return people.everything(x, W, b, y)[1].T

    def of_rows_for_outputs(x, W, b, y):
        return people.everything(x, W.T, b, y)[1]

    reports = [
        check_function(transposed),
        check_function(of_rows_for_outputs, call="f(x, W.T, b, y)"),
        check_function(lambda x, W, b, y: people.everything(x, W, b, y)[1]),
        check_function(lambda x, W, b, y: people.everything(x, W.T, b, y)[1].T, call="f(x, W.T, b, y)"),
    ]
    assert all(reports)
    assert [[note for note in report.notes if note.endswith("W − η·dW does not fit")] for report in reports] == [
        ["dE/dW comes back as (K, J), a row for each output, where W goes in as (J, K): W − η·dW does not fit"],
        ["dE/dW comes back as (J, K), a row for each input, where W.T goes in as (K, J): W − η·dW does not fit"],
        [],
        [],
    ]


def test_an_object_is_checked_by_the_gradients_that_it_keeps():
    def step(x, W, b, y):
        layer = people.Layer(W, b)
        layer.forward(x)
        layer.backward(y)
        return layer

    written = check_function(people.Layer, call="(o := f(W, b), o.forward(x), o.backward(y), o)[-1]")
    for report in (check_function(step), written):
        assert report, str(report)
        assert heads(report) == ["dE/dW", "dE/db"]


@pytest.mark.parametrize("inner", [tuple, lambda both: dict(zip(("dW", "db"), both, strict=True))])
def test_a_loss_beside_the_gradients_in_one_is_taken_apart(inner):
    """As jax.value_and_grad gives them."""

    def f(x, W, b, y):
        loss, dW, db, _, _ = people.everything(x, W, b, y)
        return loss, inner((dW, db))

    report = check_function(f, batch=True)
    assert report, report
    assert {finding.kind.of for finding in report.findings} == {"loss", "dE_dW", "dE_db"}


@dataclass(slots=True)
class Gradients:
    weight: np.ndarray
    bias: np.ndarray
    name: str = "dense"


@pytest.mark.parametrize(
    "arranged",
    [
        lambda loss, dW, db: {"grads": {"W": dW, "b": db}, "loss": loss},
        lambda loss, dW, db: (loss, Gradients(dW, db)),
        lambda loss, dW, db: Gradients(dW, db),
        lambda loss, dW, db: {"W": dW, "b": db[None, :], "mask": None},
        lambda loss, dW, db: ("cross-entropy", dW, None, db[:, None]),
    ],
)
def test_gradients_are_found_wherever_they_are_kept(arranged):
    def f(x, W, b, y):
        loss, dW, db, _, _ = people.everything(x, W, b, y)
        return arranged(loss, dW, db)

    report = check_function(f, batch=True)
    assert report, report
    assert {"dE_dW", "dE_db"} <= {finding.kind.of for finding in report.findings}


def test_gradients_that_add_up_from_call_to_call_are_spoken_of():
    kept = {}

    def adds(x, W, b, y):
        kept[W.shape] = kept.get(W.shape, 0.0) + people.everything(x, W, b, y)[1]
        return kept[W.shape]

    report = check_function(adds, batch=True)
    assert not report
    assert report.notes[-1] == (
        "adds gives other numbers when it is called again: what it returns is added to what it returned before"
    )


def test_a_result_that_is_random_is_spoken_of():
    rng = np.random.default_rng(0)

    def drops(x, W, b, y):
        return people.everything(x, W, b, y)[1] * rng.integers(0, 2, size=W.shape)

    assert check_function(drops, batch=True).notes[-1] == (
        "drops gives other numbers when it is called again: some are random, or kept from other calls"
    )
