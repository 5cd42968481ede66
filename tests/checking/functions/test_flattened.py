"""dE/dW as a vector, as scipy.optimize takes it, is read in the order in which W went in."""

import numpy as np
import people
import pytest

from softmax_cli import check_function

READ = "dE/dW comes back as a vector, and is read as {}, row by row, as W goes in"


def inputs_by_outputs(w, x, y):
    return people.mean_gradient(x, w.reshape(x.shape[1], -1), 0.0, y).ravel()


def loss_and_gradient(w, x, y):
    h = people.softmax(x @ w.reshape(x.shape[1], -1))
    return -np.log(h[np.arange(len(x)), y] + 1e-300).mean(), inputs_by_outputs(w, x, y)


def outputs_by_inputs(w, x, y):
    return people.mean_gradient(x, w.reshape(-1, x.shape[1]).T, 0.0, y).T.ravel()


def columns_first(w, x, y):
    return people.mean_gradient(x, w.reshape(x.shape[1], -1, order="F"), 0.0, y).ravel(order="F")


@pytest.mark.parametrize(
    ("f", "call", "shape"),
    [
        (inputs_by_outputs, None, "(J, K)"),
        (inputs_by_outputs, "f(W.ravel(), x, y)", "(J, K)"),
        (outputs_by_inputs, None, "(K, J)"),
        (outputs_by_inputs, "f(W.T.ravel(), x, y)", "(K, J)"),
        (columns_first, "f(W.ravel('F'), x, y)", "(K, J)"),
        (columns_first, "f(W.flatten(order='F'), x, y)", "(K, J)"),
    ],
)
def test_a_right_one_agrees_and_how_it_was_read_is_said(f, call, shape):
    report = check_function(f, call=call)
    assert report
    assert {finding.kind.of for finding in report.findings} == {"dE_dW"}
    assert report.notes[0] == READ.format(shape)


def test_it_may_stand_beside_a_loss():
    report = check_function(loss_and_gradient, call="f(W.ravel(), x, y)")
    assert {finding.kind.of for finding in report.findings if finding.agrees} == {"loss", "dE_dW"}


@pytest.mark.parametrize(
    ("f", "diagnosis"),
    [
        (lambda w, x, y: -inputs_by_outputs(w, x, y), "sign-flipped"),
        (lambda w, x, y: inputs_by_outputs(w, x, y) * len(x), "scaled"),
        (lambda w, x, y: inputs_by_outputs(w, x, y).reshape(x.shape[1], -1).T.ravel(), "reshaped"),
    ],
)
def test_a_mistake_in_it_is_named(f, diagnosis):
    report = check_function(f, call="f(W.ravel(), x, y)")
    assert report.failures[0].smallest.report.diagnosis == diagnosis


def test_a_vector_that_has_another_reading_keeps_it():
    """dE/db has as many numbers as W where there is one input to the layer."""
    report = check_function(lambda x, W, b, y: people.logit_gradient(people.softmax(x @ W + b), y).mean(axis=0))
    assert report
    assert {finding.kind.of for finding in report.findings} == {"dE_db"}
    assert not any("vector" in note for note in report.notes)
