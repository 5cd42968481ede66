"""Options of the error are offered to the functions that take them, and to no others."""

import numpy as np
import people
import pytest

from softmax_cli import check_function


def smoothed(onehot, eps):
    return (1 - eps) * onehot + eps / onehot.shape[-1]


def whole(x, W, b, y, T=1.0, reg=0.0, label_smoothing=0.0, class_weights=None, sample_weights=None, ignore_index=-100):
    """The gradient of torch's cross-entropy of logits over T, with sample weights and an L2 term, as loops."""
    x, W, b = np.atleast_2d(x).astype(float), np.asarray(W, float), np.asarray(b, float)
    y, (J, K) = np.atleast_1d(y), W.shape
    c = np.ones(K) if class_weights is None else class_weights
    w = np.ones(len(x)) if sample_weights is None else sample_weights
    total, norm = np.zeros((J, K)), 0.0
    for n in range(len(x)):
        if y[n] == ignore_index:
            continue
        h = people.softmax((x[n] @ W + b) / T)
        target = c * smoothed(np.eye(K)[y[n]], label_smoothing)
        total += w[n] * np.outer(x[n], target.sum() * h - target) / T
        norm += w[n] * c[y[n]]
    return total / norm + reg * W


def test_a_function_that_takes_every_option_is_right_with_each_and_with_all():
    report = check_function(whole)
    titles = [f.problem.title for f in report.findings if f.problem.rank == "many"]
    assert titles[-7:] == [
        "temperature", "label smoothing", "class weights", "sample weights", "ignore", "l2", "all options",
    ]  # fmt: skip
    assert report, str(report)


def test_options_that_weigh_rows_against_each_other_are_for_batches():
    titles = {f.problem.title for f in check_function(whole).findings if f.problem.rank == "one"}
    assert {"temperature", "label smoothing", "l2"} <= titles
    assert titles.isdisjoint({"class weights", "sample weights", "ignore"})


@pytest.mark.parametrize("name", ["T", "temperature", "tau"])
def test_an_option_is_passed_by_its_own_name(name):
    scope = {"people": people}
    exec(f"def f(x, W, b, {name}=1.0):\n    return people.softmax((x @ W + b) / {name})", scope)
    report = check_function(scope["f"])
    assert report
    assert report.called == "f(x, W, b)"
    assert "temperature" in {f.problem.title for f in report.findings}


def test_an_option_without_a_default_is_passed_always():
    def f(x, W, b, T):
        return people.softmax((x @ W + b) / T)

    report = check_function(f, call="f(x, W, b, T)")
    assert report
    assert report.called == "f(x, W, b, temperature)"
    assert "temperature" in {f.problem.title for f in report.findings}


@pytest.mark.parametrize(
    ("role", "default"), [("l2=1e-3", "reg"), ("label_smoothing=0.1", "label_smoothing"), ("temperature=2", "T")]
)
def test_an_option_whose_default_changes_the_result_is_passed_always(role, default):
    role, value = role.split("=")
    scope = {"whole": whole}
    exec(f"def f(x, W, b, y, {default}={value}):\n    return whole(x, W, b, y, {default}={default})", scope)
    report = check_function(scope["f"], batch=True)
    assert report, str(report)
    assert report.called == f"f(x, W, b, y, {default}={role})"


def test_targets_that_are_ignored_by_default_are_told_otherwise():
    def f(x, W, b, y, ignore_index=0):
        return whole(x, W, b, y, ignore_index=ignore_index)

    report = check_function(f, batch=True)
    assert report, str(report)


def test_an_l2_term_that_is_another_throughout_may_be_meant():
    def squared(x, W, b, y, reg):
        dW = whole(x, W, b, y) + 2 * reg * W
        h = people.softmax(x @ W + b)
        return -np.log(h[np.arange(len(y)), y]).mean() + reg * (W * W).sum(), dW

    def half_of_it(x, W, b, y, reg):
        loss, dW = squared(x, W, b, y, reg)
        return loss, dW - reg * W

    def divided(x, W, b, y, reg):
        loss, dW = squared(x, W, b, y, 0.5 * reg / len(x))
        return loss, dW

    said = (
        "the error has λ/2·‖W‖²: if it is to have λ‖W‖², --call 'f(x, W, b, y, l2 / 2)' says so, "
        "and 'f(x, W, b, y, l2 * len(x))' does for λ/(2N)·‖W‖²"
    )
    report = check_function(squared, batch=True)
    assert not report
    assert said in report.notes
    assert check_function(squared, batch=True, call="f(x, W, b, y, l2 / 2)")
    assert said in check_function(divided, batch=True).notes
    assert check_function(divided, batch=True, call="f(x, W, b, y, l2 * len(x))")
    report = check_function(half_of_it, batch=True)
    assert not report
    assert said not in report.notes


def test_probabilities_that_are_clipped_are_found_where_the_layer_is_sure():
    def clipped(x, W, b, y):
        h = np.clip(people.softmax(x @ W + b), 1e-7, 1 - 1e-7)
        return x.T @ (h - np.eye(W.shape[1])[y]) / len(y)

    wrong = [f.problem.title for f in check_function(clipped, batch=True).findings if not f.agrees]
    assert wrong == ["saturated"]


def test_t_is_a_matrix_of_targets_where_there_is_no_other_target():
    def f(X, T, W):
        return X.T @ (people.softmax(X @ W) - T) / len(X)

    report = check_function(f)
    assert report
    assert report.called == "f(x, onehot, W)"


def test_soft_targets_are_for_functions_that_take_rows_of_them():
    def counts(X, W, Y):
        return X.T @ (people.softmax(X @ W) - (Y.max(axis=1, keepdims=True) == Y)) / len(X)

    assert {f.problem.title for f in check_function(people.mean_gradient).findings}.isdisjoint({"soft targets"})
    assert {f.problem.title for f in check_function(counts).findings if not f.agrees} == {"soft targets"}


@pytest.mark.parametrize(
    ("option", "title"),
    [
        ("T", "temperature"),
        ("reg", "l2"),
        ("label_smoothing", "label smoothing"),
        ("class_weights", "class weights"),
        ("sample_weights", "sample weights"),
        ("ignore_index", "ignore"),
    ],
)
def test_an_option_that_is_taken_and_forgotten_is_found(option, title):
    def f(x, W, b, y, **options):
        return whole(x, W, b, y, **{**options, option: {"T": 1.0, "reg": 0.0, "label_smoothing": 0.0}.get(option)})

    scope = {"f": f, "whole": whole}
    exec(
        "def g(x, W, b, y, T=1.0, reg=0.0, label_smoothing=0.0, class_weights=None, sample_weights=None, "
        "ignore_index=-100):\n"
        "    return f(x, W, b, y, T=T, reg=reg, label_smoothing=label_smoothing, class_weights=class_weights, "
        "sample_weights=sample_weights, ignore_index=ignore_index)",
        scope,
    )
    report = check_function(scope["g"])
    wrong = {f.problem.title for f in report.findings if not f.agrees and f.problem.rank == "many"}
    assert wrong == {title, "all options"}


def masked(x, W, b, mask=None):
    z = x @ W + b
    return people.softmax(z if mask is None else np.where(mask, -np.inf, z))


def test_a_mask_is_given_to_a_function_that_takes_one():
    report = check_function(masked)
    assert report, str(report)
    assert "mask" in {finding.problem.title for finding in report.findings}


def test_a_mask_that_is_taken_and_left_out_is_told():
    report = check_function(lambda x, W, b, mask=None: masked(x, W, b), returns="h")
    assert {failure.smallest.problem.title for failure in report.failures} == {"mask"}
    assert report.failures[0].smallest.report.diagnosis == "missing-mask"


def each(x, W, b, y):
    """The gradients and the loss of every input."""
    h = people.softmax(x @ W + b)
    d = h - np.eye(len(b))[y]
    dW = np.asarray(x)[..., :, None] * d[..., None, :]
    return {"dW": dW, "db": d, "loss": -np.log((h * np.eye(len(b))[y]).sum(-1))}


def test_each_input_may_have_an_error_of_its_own():
    report = check_function(each, reduction="none", rtol=1e-3)
    shown = {f.problem.title for f in report.findings if not f.agrees}
    assert shown <= {"large logits", "large negative logits", "saturated"}  # where ln 0 is taken
    assert report.notes[-1] == "each input has an error of its own, with the reduction none"


def test_the_mean_of_what_should_be_apart_has_no_right_shape():
    report = check_function(
        lambda x, W, b, y: each(x, W, b, y)["dW"].mean(0), reduction="none", returns="dW", batch=True
    )
    assert {finding.verdict for finding in report.findings} == {"misshapen"}


def test_a_sigmoid_may_be_that_of_a_binary_classifier():
    def logistic(X, w, b, y):
        p = 1.0 / (1.0 + np.exp(-(X @ w + b)))
        return X.T @ (p - y) / len(y)

    said = "if logistic is of a binary classifier, whose one output is a sigmoid, --binary says so"
    assert said in check_function(logistic, batch=True).notes
    report = check_function(logistic, batch=True, binary=True)
    assert report
    assert said not in report.notes
