import exact
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli import InputError, cross_entropy, forward, jvp, layer_jacobian, vjp, weight_gradient

shapes = st.tuples(st.integers(1, 6), st.integers(1, 5))
seeds = st.integers(0, 2**32)
scales = st.floats(-3.0, np.log10(700.0)).map(lambda e: 10.0**e)


def exact_target_gradient(layer, t):
    x, h, complement = layer[0], *exact.forward(*layer)[1:]
    return [[(-complement[i] if i == t else h[i]) * mpmath.mpf(float(xj)) for i in range(len(h))] for xj in x]


def exact_upstream_error(got, layer, u):
    """The worst error of dE/dW as a multiple of hᵢ|xⱼ| Σₖ hₖ|uᵢ − uₖ|."""
    x, h = layer[0], exact.forward(*layer)[1]
    u = [mpmath.mpf(float(v)) for v in u]
    errors = [0.0]
    with mpmath.workdps(exact.DIGITS):
        for j, xj in enumerate(x):
            for i in range(len(h)):
                truth = (
                    h[i] * mpmath.mpf(float(xj)) * mpmath.fsum([hk * (u[i] - uk) for hk, uk in zip(h, u, strict=True)])
                )
                scale = h[i] * abs(float(xj)) * mpmath.fsum([hk * abs(u[i] - uk) for hk, uk in zip(h, u, strict=True)])
                if scale > exact.TINY:
                    errors.append(float(abs(mpmath.mpf(float(got[j][i])) - truth) / scale))
    return max(errors)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shapes, seeds, scales, st.integers(0, 4))
def test_the_gradient_of_a_target_is_within_1e_15_entry_by_entry(shape, seed, scale, t):
    layer = exact.problem(seed, *shape, scale)
    t %= shape[1]
    assert exact.worst(weight_gradient(*layer, target=t), exact_target_gradient(layer, t)) <= exact.BAR


@settings(max_examples=100, deadline=None, derandomize=True)
@given(shapes, seeds, scales, st.floats(-6, 6))
def test_the_gradient_of_an_upstream_is_as_exact_as_its_cancellation_allows(shape, seed, scale, spread):
    layer = exact.problem(seed, *shape, scale)
    u = 1.0 + 10.0**spread * np.random.default_rng(seed).standard_normal(shape[1])
    assert exact_upstream_error(weight_gradient(*layer, upstream=u), layer, u) <= exact.BAR


def test_an_outlying_upstream_on_an_unlikely_output_costs_the_others_no_digits():
    layer = exact.problem(1, 1, 200, 1e-3)
    u = np.linspace(1.0, 1.1, 200)
    u[np.argmax(forward(*layer).h)] = 1e9
    assert exact_upstream_error(weight_gradient(*layer, upstream=u), layer, u) <= exact.BAR


@pytest.mark.parametrize(("x", "u"), [(1e-200, [1e250, 0.0]), (1e-10, [1e10, 0.0])])
def test_a_normal_entry_survives_factors_that_underflow_in_another_order(x, u):
    layer = ([x], [[0.0, 0.0]], [-690.0, 0.0])
    assert exact_upstream_error(weight_gradient(*layer, upstream=u), layer, u) <= exact.BAR


@settings(max_examples=50, deadline=None, derandomize=True)
@given(shapes, seeds, scales, st.integers(0, 4))
def test_the_loss_is_minus_the_log_of_the_targets_probability(shape, seed, scale, t):
    layer = exact.problem(seed, *shape, scale)
    t %= shape[1]
    with mpmath.workdps(exact.DIGITS):
        truth = -mpmath.log(exact.forward(*layer)[1][t])
    assert exact.worst(cross_entropy(*layer, target=t), [truth]) <= exact.BAR


def test_the_loss_of_a_certain_target_is_not_rounded_to_zero():
    assert float(cross_entropy([50.0], [[1.0, 0.0]], target=0)) == pytest.approx(float(mpmath.exp(-50)), rel=1e-15)


def test_vjp_weights_the_rows_of_the_full_jacobian():
    x, W, b = exact.problem(4, 3, 5, 2.0)
    u = np.array([1.0, -2.0, 0.5, 3.0, 0.0])
    weighted = (u @ layer_jacobian(x, W, b)).reshape(5, 3).T
    np.testing.assert_allclose(vjp(x, W, u, b), weighted, rtol=1e-13, atol=1e-15)


def test_jvp_multiplies_the_full_jacobian_by_a_change_of_w():
    x, W, b = exact.problem(4, 3, 5, 2.0)
    V = np.arange(15.0).reshape(3, 5)
    np.testing.assert_allclose(jvp(x, W, V, b), layer_jacobian(x, W, b) @ V.T.ravel(), rtol=1e-13, atol=1e-15)


def test_products_with_a_batch_are_those_of_its_inputs():
    rng = np.random.default_rng(0)
    x, W, u, V = (
        rng.standard_normal((4, 3)),
        *rng.standard_normal((3, 3, 2))[:1],
        rng.standard_normal((4, 2)),
        np.ones((3, 2)),
    )
    assert vjp(x, W, u).tolist() == [vjp(a, W, c).tolist() for a, c in zip(x, u, strict=True)]
    assert jvp(x, W, V).tolist() == [jvp(a, W, V).tolist() for a in x]


@pytest.mark.parametrize("give", ["target", "upstream"])
def test_a_data_set_has_the_mean_or_sum_of_the_gradients_of_its_inputs(give):
    rng = np.random.default_rng(1)
    x, W, b = rng.standard_normal((1000, 4)), rng.standard_normal((4, 3)), rng.standard_normal(3)
    weights = {"target": rng.integers(0, 3, 1000), "upstream": rng.standard_normal((1000, 3))}
    each = weight_gradient(x, W, b, **{give: weights[give]}, reduction="none")
    with mpmath.workdps(40):
        total = [[mpmath.fsum([mpmath.mpf(v) for v in each[:, j, i].tolist()]) for i in range(3)] for j in range(4)]
    scale = np.abs(each).sum(axis=0)
    for reduction, count in [("sum", 1), ("mean", 1000)]:
        got = weight_gradient(x, W, b, **{give: weights[give]}, reduction=reduction)
        assert np.abs((got * count - np.array(total, dtype=float)) / scale).max() < 1e-15


def test_neither_the_order_nor_the_size_of_blocks_shows(tmp_path, monkeypatch):
    rng = np.random.default_rng(1)
    x, W, t = rng.standard_normal((5000, 4)), rng.standard_normal((4, 3)), rng.integers(0, 3, 5000)
    whole = weight_gradient(x, W, target=t)
    order = rng.permutation(5000)
    np.testing.assert_array_max_ulp(weight_gradient(x[order], W, target=t[order]), whole, maxulp=0)
    np.save(tmp_path / "x.npy", x)
    monkeypatch.setattr("softmax_cli.core.dataset.ROWS_BYTES", 1000)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    np.testing.assert_array_max_ulp(weight_gradient(mapped, W, target=t), whole, maxulp=0)


def test_a_number_that_is_not_finite_in_a_later_block_is_named_by_its_place(monkeypatch):
    monkeypatch.setattr("softmax_cli.core.dataset.ROWS_BYTES", 160)
    x = np.ones((50, 2))
    x[33, 1] = np.nan
    with pytest.raises(InputError) as caught:
        weight_gradient(x, np.ones((2, 3)), target=[0] * 50)
    assert str(caught.value) == "x[33,1] is nan, where a finite number is expected"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {},
            "every column of dL/dW sums to zero, because the outputs sum to one: the gradient of an error needs the "
            "upstream gradient dE/dh, or a target class for the cross-entropy",
        ),
        ({"target": 0, "upstream": [1, 2]}, "give upstream or target, not both"),
        ({"target": 2}, "target 2 does not exist: there are 2 outputs, 0 to 1"),
        ({"target": -1}, "target -1 does not exist: there are 2 outputs, 0 to 1"),
        ({"target": 0.5}, "target holds something else than whole numbers: it is a class index, from 0"),
        (
            {"target": [0, 1, 0]},
            "target has shape (3,), where probabilities of shape (2,), or class indices, are expected",
        ),
        ({"upstream": [1, 2, 3]}, "upstream has shape (3,), where that of h, (2,), is expected"),
        ({"target": 0, "reduction": "max"}, "reduction is 'max', where one of mean, sum, none is expected"),
        ({"target": np.inf}, "target holds something else than whole numbers: it is a class index, from 0"),
        ({"target": 12345678}, "target 12345678 does not exist: there are 2 outputs, 0 to 1"),
        ({"target": 1e300}, "target 1e+300 does not exist: there are 2 outputs, 0 to 1"),
        ({"target": [[0], [0, 1]]}, "target is ragged: its rows differ in length"),
    ],
)
def test_what_makes_no_gradient_is_refused_with_its_reason(arguments, message):
    with pytest.raises(InputError) as caught:
        weight_gradient([1e10], [[1.0, 2.0]], **arguments)
    assert str(caught.value) == message


def test_a_gradient_that_overflows_is_refused():
    with pytest.raises(InputError) as caught:
        weight_gradient([1e10], [[0.0, 0.0]], upstream=[1e308, -1e308])
    assert str(caught.value) == "dE/dW is too large for double precision (beyond ±1.8e308)"


@pytest.mark.parametrize("upstream", [[2.0**1000, 0.0], [1e308, -1e308]])
@pytest.mark.parametrize("x", [1.0, 1e-300])
def test_a_huge_upstream_gives_what_doubles_can_hold(upstream, x):
    layer = ([x], [[0.0, 0.0]], None)
    assert exact_upstream_error(weight_gradient(*layer, upstream=upstream), layer, upstream) <= exact.BAR
    assert weight_gradient([[x]], layer[1], upstream=[upstream]).tolist() == (
        weight_gradient(*layer, upstream=upstream).tolist()
    )


def test_an_entry_of_a_data_set_survives_a_product_that_underflows():
    layer = ([1e300], [[0.0, 0.0, 0.0]], [0.0, -400.0, -400.0])
    got = weight_gradient([layer[0]], layer[1], layer[2], upstream=[[0.0, 1.0, 0.0]])
    assert exact_upstream_error(got, layer, [0.0, 1.0, 0.0]) <= exact.BAR


# Found by climbing: the errors of several exponentials, once larger, add up in one entry.
ADVERSE_UPSTREAM = (
    ([1.0132009978763743], [[0.0] * 5]),
    [-0.6690630931506781, -0.6674847802684213, -0.6440824941919515, -0.6792759383302173, 0.7],
    [0.0, 1.0, 0.0, 0.0, 0.0],
)


def test_the_worst_upstream_known_is_within_the_bar():
    (x, W), b, u = ADVERSE_UPSTREAM
    assert exact_upstream_error(weight_gradient(x, W, b, upstream=u), (x, W, b), u) <= exact.BAR


def test_a_jvp_of_huge_changes_is_finite_or_refused():
    assert jvp([1.0], [[0.0, 0.0]], [[2.0**1000, 0.0]]).tolist() == [2.0**998, -(2.0**998)]
    with pytest.raises(InputError) as caught:
        jvp([1e10], [[0.0, 0.0]], [[1e308, 0.0]])
    assert str(caught.value) == "the change of h is too large for double precision (beyond ±1.8e308)"


@pytest.mark.parametrize(("x", "target", "reduction"), [([1.0], 1, "mean"), ([[1.0], [1.0]], [1, 1], "sum")])
def test_a_loss_that_overflows_is_refused(x, target, reduction):
    W = [[1e308, -1e308]] if reduction == "mean" else [[1.5e308, 0.0]]
    with pytest.raises(InputError) as caught:
        cross_entropy(x, W, target=target, reduction=reduction)
    assert str(caught.value) == "the loss is too large for double precision (beyond ±1.8e308)"


def test_an_unknown_reduction_of_the_loss_is_refused():
    with pytest.raises(InputError) as caught:
        cross_entropy([1.0], [[1.0, 2.0]], target=0, reduction="max")
    assert str(caught.value) == "reduction is 'max', where one of mean, sum, none is expected"


@pytest.mark.parametrize(
    ("x", "message"),
    [(np.empty((3, 0)), "x is empty (shape (3, 0))"), ([[1.0], [1.0, 2.0]], "x is ragged: its rows differ in length")],
)
def test_a_data_set_that_is_none_is_refused(x, message):
    with pytest.raises(InputError) as caught:
        weight_gradient(x, np.ones((1, 2)), target=[0, 0, 0])
    assert str(caught.value) == message


VIEWS = {
    "a tail": lambda m: m[2:],
    "every other row": lambda m: m[::2],
    "rows backwards": lambda m: m[::-1],
    "some columns": lambda m: m[:, 1:],
    "transposed": lambda m: m.T,
    "a copy": lambda m: m.copy(),
}


@pytest.mark.parametrize("mode", ["r", "c"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_of_a_memory_map_is_what_it_shows(tmp_path, monkeypatch, view, mode):
    monkeypatch.setattr("softmax_cli.core.dataset.ROWS_BYTES", 16)
    rng = np.random.default_rng(3)
    np.save(tmp_path / "x.npy", rng.standard_normal((6, 3)))
    mapped = np.load(tmp_path / "x.npy", mmap_mode=mode)
    if mode == "c":
        mapped *= 100.0  # in memory alone
    x = VIEWS[view](mapped)
    W, t = rng.standard_normal((x.shape[1], 4)), rng.integers(0, 4, len(x))
    assert weight_gradient(x, W, target=t).tolist() == weight_gradient(np.array(x), W, target=t).tolist()


def test_one_row_is_the_gradient_of_that_input():
    rng = np.random.default_rng(4)
    for seed in range(50):
        x, W, b = exact.problem(seed, 3, 4, 5.0)
        u = rng.standard_normal(4)
        assert weight_gradient([x], W, b, upstream=[u]).tolist() == weight_gradient(x, W, b, upstream=u).tolist()
