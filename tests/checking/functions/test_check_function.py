"""`check_function` passes what is right however it is written, and finds what is not."""

import collections

import numpy as np
import people
import pytest

from softmax_cli import InputError, check_function


def verdicts(report):
    return {(f.problem.title, f.problem.rank): f.verdict for f in report.findings}


def titles(report, verdict):
    return {f.problem.title for f in report.findings if f.verdict == verdict}


def refusal(f, **options):
    with pytest.raises(InputError) as error:
        check_function(f, **options)
    return str(error.value), error.value.advice


# --- what is right passes ----------------------------------------------------------------------


@pytest.mark.parametrize("f", people.RIGHT, ids=lambda f: f.__name__)
def test_a_right_function_agrees_on_every_problem(f):
    report = check_function(f)
    assert report, str(report)
    assert set(verdicts(report).values()) == {"agrees"}


@pytest.mark.parametrize("precision", [np.float32, np.float16])
def test_a_right_function_in_less_precision_agrees_as_far_as_it_can(precision):
    def f(x, W, b):
        z = x.astype(np.float64) @ W + b
        return people.softmax(z).astype(precision)

    assert check_function(f)


def test_what_single_precision_makes_of_single_precision_agrees_though_it_is_returned_as_double():
    def f(x, W, b, y):
        d = people.softmax(x @ W + b) - np.eye(W.shape[1])[y]  # float64, of what float32 has rounded
        return x.T @ d / len(x)

    assert check_function(f)


def test_a_sum_over_the_inputs_is_right_where_a_sum_is_asked_for():
    def f(x, W, b, y):
        return people.mean_gradient(x, W, b, y) * len(x)

    assert not check_function(f)
    assert check_function(f, reduction="sum")


def test_a_function_that_takes_the_reduction_is_given_it():
    def f(x, W, b, y, reduction):
        return people.mean_gradient(x, W, b, y) * (1 if reduction == "mean" else len(x))

    assert check_function(f)
    assert check_function(f, reduction="sum")


# --- how it is called --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "called"),
    [
        (people.mean_gradient, "mean_gradient(x, W, b, y)"),
        (people.one_hot_gradient, "one_hot_gradient(x, W, onehot)"),
        (people.targets_that_are_one_hot, "targets_that_are_one_hot(x, W, onehot)"),
        (people.stored_out_in, "stored_out_in(x, W.T, b, y)"),
        (people.upstream_gradient, "upstream_gradient(u, x, W, b)"),
        (people.of_logits, "of_logits(z)"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_report_says_how_the_function_is_called(f, called):
    assert check_function(f).called == called


def test_a_call_that_is_written_out_is_the_one_that_is_made():
    report = check_function(lambda a, c, d: people.stored_out_in(a, c, d[0], d[1]), call="f(X, W.T, (b, labels))")
    assert report
    assert report.called == "f(x, W.T, (b, y))"


def test_a_call_may_use_what_stands_beside_the_function():
    assert check_function(people.softmax_backward, call="f(softmax(W.T @ x + b))")


def test_parameters_with_a_default_that_say_nothing_keep_it():
    def f(x, W, eps=1e-300, *, y, verbose=False):
        assert (eps, verbose) == (1e-300, False)
        return people.one_hot_gradient(x, W, np.eye(W.shape[1])[y])

    report = check_function(f)
    assert report
    assert report.called == "f(x, W, y=y)"


def test_an_object_that_can_be_called_is_called():
    class Layer:
        def __call__(self, x, W, b):
            return people.probabilities(x, W, b)

    assert check_function(Layer())


def test_a_function_may_return_a_dict_a_named_tuple_or_one_result_among_others():
    Pair = collections.namedtuple("Pair", ["probs", "cache"])

    def as_dict(x, W, b, y):
        return {"loss_history": np.zeros(7), "grad_W": people.mean_gradient(x, W, b, y)}

    def as_named(x, W, b):
        return Pair(people.probabilities(x, W, b), np.zeros((2, 7)))

    def as_list(x, W, b, y):
        return [np.zeros((2, 7)), people.mean_gradient(x, W, b, y)]

    reports = [check_function(f) for f in (as_dict, as_named, as_list)]
    assert all(reports)
    assert [report.notes[-1] for report in reports] == [
        "not checked: loss_history, which is no result known here",
        "not checked: cache, which is no result known here",
        "not checked: result 0, which is no result known here",
    ]


def test_the_names_in_the_return_statement_say_what_comes_back():
    def f(x, W, b, y):
        grad_W = people.mean_gradient(x, W, b, y)[:, :1]
        return grad_W.T

    (failure,) = check_function(f).failures
    assert failure.smallest.kind.title == "dE/dW"
    assert failure.smallest.verdict == "misshapen"


def test_returns_names_what_comes_back():
    def f(x, W, b, y):
        return np.zeros(3), people.mean_gradient(x, W, b, y).T

    assert check_function(f, returns="_, dW")
    assert not check_function(f, returns="dW,_")


# --- what is not clear is refused --------------------------------------------------------------

OF_OBJECT = (
    "write out what its methods are called with, as in --call '(o := f(W, b), o.forward(x), o.backward(y), o)[-1]'"
)
WRITE_IT = "write the call out, as in --call 'f(x, W.T, b, y)', of x, W, b, z, h, and y (targets), onehot or u (dE/dh)"


@pytest.mark.parametrize(
    ("f", "options", "message", "advice"),
    [
        (lambda x, cache: x, {}, "f takes 'cache', which is no name that is known here", WRITE_IT),
        (lambda params, x: x, {}, "f takes 'params', which is no name that is known here", WRITE_IT.replace(
            "f(x, W.T, b, y)", 'f({"W": W, "b": b}, x, y)')),
        (lambda *args: args[0], {}, "the parameters of f cannot be read", WRITE_IT),
        (lambda x, y, t: x, {}, "f takes both y and t, which mean the same", WRITE_IT),
        (lambda W: W, {}, "f takes nothing that is known here as x, z or h", WRITE_IT),
        (
            lambda x, W, y, dout: x, {},
            "f takes both targets and an upstream gradient, where one of them says what the error is",
            "give one of them a value of your own in the call",
        ),
        (
            lambda x, W: np.zeros(7), {},
            "f returned (7,) for x (4, 3) and W (3, 5): that is no result known here",
            "say what it is with --returns, as in --returns dW",
        ),
        (
            lambda x, W: x @ W, {"returns": "h,_"}, "2 results are named, where f returned 1",
            "put _ for what is not to be checked",
        ),
        (
            lambda x, W: x @ W, {"returns": "dQ"}, "'dQ' is named as a result, and is not known",
            "known are h, z, log_h, dL_dW, dS_dZ, dL_dx, dL_db, dZ_dW, hessian, dlogS_dZ, dlogL_dW, dlogL_db, "
            "dlogL_dx, and _ for the rest",
        ),
        (people.Layer, {}, "Layer takes nothing that is known here as x, z or h", OF_OBJECT),
        (lambda x, W: x @ W, {"returns": "_"}, "'_' names no result to check", ""),
        (lambda x: x, {"call": "f(x"}, "the call is 'f(x', which is no Python expression", WRITE_IT),
        (lambda x: x, {"call": "f(W)"}, "the call is 'f(W)', which uses none of x, z and h", WRITE_IT),
        (
            lambda x: x, {"call": "f(x, nonsense)"},
            "the call uses 'nonsense', which is not known here or in its file", WRITE_IT,
        ),
        (lambda x: x, {"reduction": "all"}, "reduction is 'all', where mean, sum or none is expected", ""),
        (lambda x: x, {"atol": -1.0}, "atol is -1.0, where a number from 0 is expected", ""),
        (lambda x: x, {"rtol": 2.0}, "rtol is 2.0, where a number from 0 up to 1 is expected", ""),
        ("f", {}, "f is of type str, where a function is expected", ""),
    ],
)  # fmt: skip
def test_what_is_not_clear_is_refused(f, options, message, advice):
    if getattr(f, "__name__", "") == "<lambda>":
        f.__name__ = "f"
    assert refusal(f, **options) == (message, advice)


# --- what is wrong does not pass ---------------------------------------------------------------


def test_an_exponential_that_overflows_is_found_on_the_large_logits_alone():
    def f(x, W, b):
        e = np.exp(x @ W + b)
        return e / e.sum(axis=-1, keepdims=True)

    report = check_function(f)
    assert titles(report, "differs") == {"large logits", "large negative logits"}
    assert {failure.smallest.report.diagnosis for failure in report.failures} == {"logits-not-shifted"}


def test_one_maximum_over_the_whole_batch_is_found():
    def f(x, W, b):
        z = x @ W + b
        e = np.exp(z - z.max())
        return e / e.sum(axis=-1, keepdims=True)

    assert "large logits" in titles(check_function(f), "differs")


def test_a_softmax_along_the_wrong_axis_is_found_where_the_batch_is_square():
    def f(x, W, b):
        z = x @ W + b
        e = np.exp(z - z.max(axis=0))
        return e / e.sum(axis=0)

    assert "N = J = K" in titles(check_function(f), "differs")


def test_the_jacobian_of_outputs_that_are_equal_is_checked():
    def f(x, W):
        h = people.softmax(x @ W)
        return np.where(h[:, None] == h, 1.0, 0.0) * h - np.outer(h, h)  # takes equal outputs for the same

    assert titles(check_function(f), "differs") == {"ties"}


def test_each_kind_of_failure_is_told_once_by_its_smallest_problem():
    def f(x, W, b):
        if len(x) == 1:
            raise ZeroDivisionError("no\nreason")
        return people.probabilities(x, W, b) * (2 if W.shape[1] == 2 else 1)

    report = check_function(f, call="f(x, W, b)")
    told = [(failure.smallest.verdict, failure.smallest.problem.title) for failure in report.failures]
    assert ("differs", "K = 2") in told
    raised = next(failure for failure in report.failures if failure.smallest.verdict == "raised")
    assert raised.smallest.message == "ZeroDivisionError: no reason"
    assert raised.smallest.place.startswith("test_check_function.py line ")
    assert raised.smallest.place.endswith(': raise ZeroDivisionError("no\\nreason")')


def test_a_function_that_raises_on_everything_fails_on_everything():
    def f(x, W, b):
        raise SystemExit(3)

    report = check_function(f)
    assert set(verdicts(report).values()) == {"raised"}
    assert [failure.smallest.message for failure in report.failures] == ["SystemExit: 3"]


class Silent:
    """An object that keeps no gradient."""


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "it returned None"),
        (np.array(["a"]), "it returned an array of <U1"),
        (np.ones(3) * 1j, "it returned an array of complex128"),
        ((), "it returned nothing"),
        (Silent(), "it returned an object of type Silent, which has no dW, db or dx"),
    ],
)
def test_what_is_no_array_of_numbers_is_told(value, message):
    (failure,) = check_function(lambda x, W: value).failures
    assert (failure.smallest.verdict, failure.smallest.message) == ("no array", message)


def test_a_result_of_the_wrong_shape_or_number_is_told():
    def f(x, W, b):
        h = people.probabilities(x, W, b)
        return (h, h) if W.shape == (3, 2) else h[..., :2] if W.shape[1] == 10 else h

    report = check_function(f)
    assert titles(report, "miscounted") == {"K = 2"}
    assert titles(report, "misshapen") == {"random"}


def test_an_interrupt_is_none_of_the_function_s_failures():
    def f(x, W, b):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_function(f)


def test_inputs_that_are_changed_in_place_are_noted_and_do_not_reach_the_comparison():
    def f(x, W, b):
        x *= 2
        return people.softmax(x / 2 @ W + b)

    report = check_function(f)
    assert report
    assert report.notes[-1] == "f changes x in place, which its caller may not expect"


def test_ranks_that_a_function_does_not_take_are_noted():
    (note,) = check_function(people.softmax_backward).notes
    assert note == "softmax_backward takes one input at a time: no batch x (N, J) was tried"
    assert (
        "mean_gradient takes a batch x (N, J): no single input x (J,) was tried"
        in check_function(people.mean_gradient).notes
    )


def test_rtol_is_what_an_entry_may_be_off_by():
    def f(x, W, b):
        return people.probabilities(x, W, b) * 1.001

    assert not check_function(f)
    assert check_function(f, rtol=0.01)
    assert check_function(f, atol=0.01)


def test_a_notebook_shows_the_report_as_a_markdown_table():
    text = check_function(people.mean_gradient)._repr_markdown_()
    assert text.startswith(
        "mean_gradient: agrees on 14 problems, called as mean_gradient(x, W, b, y)\n\n"
        "| problem | x | W | dE/dW |\n| :-- | :-- | :-- | :-- |\n| J < K | 4 × 3 | 3 × 5 | agrees |\n"
    )


def test_the_markdown_of_a_failure_holds_what_the_text_says():
    report = check_function(lambda x, W, b, y: -people.mean_gradient(x, W, b, y))
    assert "```\nx = [[0.875], [-0.875], [0.125], [-0.75]]\n" in report._repr_markdown_()
    assert str(report.failures[0].smallest.report) in report._repr_markdown_()


def test_a_function_that_returns_on_square_layers_alone_is_told_both():
    def f(x, W, b, y):
        dz = people.everything(x, W, b, y)[-1]
        return {"dx": dz @ W}  # W where its transpose is due: it raises unless W is square

    report = check_function(f)
    assert titles(report, "differs") == {"J = K", "N = J = K"}
    assert titles(report, "raised") >= {"J < K", "J > K", "random"}
    assert {finding.problem.rank for finding in report.findings} == {"many"}


# --- batches and single inputs -----------------------------------------------------------------


def for_batches(x, W, b):
    return people.softmax(x @ W + b) * (x.shape[0] if x.ndim == 1 else 1)


def for_one_input(x, W, b):
    e = np.exp(x @ W + b - (x @ W + b).max())
    return e / e.sum()


def test_what_is_right_for_batches_is_not_held_to_one_input():
    report = check_function(for_batches)
    assert report
    assert {finding.problem.rank for finding in report.findings} == {"many"}
    assert report.notes == (
        "for_batches is right for a batch x (N, J), and was not held to one input x (J,), for which it is not",
    )
    assert not check_function(for_batches, batch=False)


def test_one_softmax_over_the_whole_batch_is_found_unless_a_single_input_is_meant():
    report = check_function(for_one_input)
    assert {finding.problem.rank for finding in report.findings if not finding.agrees} == {"many"}
    assert report.notes == (
        "for_one_input is right for one input x (J,), to which batch=False, or an INPUT of one input, would hold it",
    )
    alone = check_function(for_one_input, batch=False)
    assert alone
    assert {finding.problem.rank for finding in alone.findings} == {"one"}


def test_a_batch_that_is_asked_for_is_all_that_is_tried():
    assert {finding.problem.rank for finding in check_function(people.probabilities, batch=True).findings} == {"many"}
