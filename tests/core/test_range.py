"""A normal result is never lost because a factor underflowed or overflowed on the way. Held against 60 digits."""

import contextlib

import exact
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softmax_cli import InputError, forward, jvp, layer_jacobian, softmax_jacobian, vjp, weight_gradient

LARGEST = mpmath.mpf(2) ** 1024


def number(v):
    return mpmath.mpf(float(v))


def spread(rng, low, high, shape):
    """Numbers whose logarithms to base 10 are from low to high, some of them 0."""
    values = rng.choice([-1.0, 1.0], shape) * 10.0 ** rng.uniform(low, high, shape)
    return np.where(rng.random(shape) < 0.1, 0.0, values)


def wide(seed, J=3, K=4, largest=300):
    """A layer with logits up to ±700, whose inputs are of all sizes."""
    rng = np.random.default_rng(seed)
    b = rng.uniform(-700, 700, K) if seed % 3 else rng.choice([-700.0, -320.0, 0.0, 700.0], K)
    return spread(rng, -300, largest, J), np.zeros((J, K)), b


def slope(h, u):
    """hᵢ(uᵢ − Σₖ hₖuₖ), and what its error is measured by."""
    d = [hi * mpmath.fsum(hk * (ui - uk) for hk, uk in zip(h, u, strict=True)) for hi, ui in zip(h, u, strict=True)]
    size = [
        hi * mpmath.fsum(hk * abs(ui - uk) for hk, uk in zip(h, u, strict=True)) for hi, ui in zip(h, u, strict=True)
    ]
    return d, size


def error(got, truth, size):
    """The error as a multiple of size, where that is a normal double."""
    return float(abs(number(got) - truth) / size) if size >= exact.TINY else 0.0


@pytest.mark.parametrize("seed", range(60))
def test_every_normal_entry_of_a_jacobian_is_within_1e_15_whatever_x_is(seed):
    x, W, b = wide(seed)
    assert exact.worst(layer_jacobian(x, W, b), exact.jacobian(x, W, b)) <= exact.BAR
    assert exact.worst(softmax_jacobian(x, W, b), exact.jacobian([1.0], [[0.0] * 4], b)) <= exact.BAR


@pytest.mark.parametrize("x", [1e12, 1e150, 1e300, 1.7976931348623157e308])
@pytest.mark.parametrize("z", [365.0, 400.0, 700.0])
def test_a_probability_that_is_subnormal_or_less_keeps_its_digits_beside_a_large_input(x, z):
    layer = [x, 1.0], [[0.0, 0.0, 0.0], [z, -z, 0.0]]
    assert exact.worst(layer_jacobian(*layer), exact.jacobian(*layer)) <= exact.BAR
    assert np.isfinite(layer_jacobian(*layer)).all()


@pytest.mark.parametrize("layout", ["numerator", "denominator", "tensor"])
def test_every_way_to_an_entry_gives_the_same(layout):
    from softmax_cli.core.batch import batch_of
    from softmax_cli.core.jacobian import layer_structure
    from softmax_cli.core.layer import evaluate

    x, _, b = wide(1, largest=308)
    x, W = np.array([x, x[::-1]]), np.zeros((3, 4))
    structure = layer_structure(*evaluate(x, W, b))
    dense = structure.dense(layout)
    blocks = np.concatenate([block.copy() for block in batch_of("dL_dW", *evaluate(x, W, b), W, b).blocks(layout)])
    assert blocks.tobytes() == dense.tobytes()
    for limit in (8, 100, 300):
        assert b"".join(block.tobytes() for block in structure.blocks(layout, limit)) == dense.tobytes()
    numerator = structure.dense()
    assert structure.rows(slice(None)).tobytes() == numerator.tobytes()
    assert structure.entries(1, range(4), range(12)).tolist() == numerator[1].tolist()
    assert [layer_jacobian(row, W, b).tobytes() for row in x] == [part.tobytes() for part in numerator]


doubles = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [1.7976931348623157e308, 5e-324, 1e90, 0.0]
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(1, 4), st.integers(1, 9), st.data())
def test_whatever_is_finite_gives_what_is_finite_or_is_refused(J, K, data):
    x, W, u = (data.draw(st.lists(doubles, min_size=n, max_size=n)) for n in (J, J * K, K))
    W = np.reshape(W, (J, K))
    results = []
    with contextlib.suppress(InputError):  # a logit that overflows
        results += [*forward(x, W), softmax_jacobian(x, W), layer_jacobian(x, W)]
    for products in (lambda: vjp(x, W, u), lambda: jvp(x, W, W), lambda: weight_gradient(x, W, target=0)):
        with contextlib.suppress(InputError):
            results.append(products())
    assert all(np.isfinite(result).all() for result in results)


@pytest.mark.parametrize("seed", range(60))
def test_the_gradient_of_a_target_is_within_1e_15_entry_by_entry(seed):
    x, W, b = wide(seed, largest=308)
    _, h, complement = exact.forward(x, W, b)
    truth = [[(-complement[i] if i == 1 else h[i]) * number(xj) for i in range(4)] for xj in x]
    assert exact.worst(weight_gradient(x, W, b, target=1), truth) <= exact.BAR


@pytest.mark.parametrize("seed", range(200))
def test_a_product_with_an_upstream_is_as_exact_as_its_cancellation_allows(seed):
    rng = np.random.default_rng(seed)
    x, _, b = wide(seed, largest=0)
    x = np.append(x, 10.0 ** rng.uniform(0, 200))
    u = spread(rng, -320, 307, 4) if seed % 2 else spread(rng, -3, 3, 4) * 10.0 ** rng.uniform(-250, 250)
    _, h, _ = exact.forward(x, np.zeros((4, 4)), b)
    with mpmath.workdps(exact.DIGITS):
        d, size = slope(h, [number(v) for v in u])
        if max(map(abs, d)) * number(max(abs(x))) >= LARGEST / 2:
            x = x * 1e-308
        got = vjp(x, np.zeros((4, 4)), u, b)
        for j in range(4):
            for i in range(4):
                assert error(got[j, i], number(x[j]) * d[i], abs(number(x[j])) * size[i]) <= exact.BAR


@pytest.mark.parametrize(
    ("x", "W", "u"),
    [
        ([1e300, 1e-20], [[1e-300, 0.0], [0.0, 0.0]], [1.0, 0.0]),
        ([1e200], [[1e-200, 0.0]], [4e108, -4e108]),
        ([1.0], [[800.0, 0.0]], [0.0, 1e308]),
        ([1e300, 1.0], [[0.0, 0.0], [800.0, -600.0]], [0.0, 1.7e308]),
        ([1.0], [[0.0, 0.0, -1500.0]], [5e-324, 1e-323, 1.7e308]),
        ([1e300], [[0.0, 0.0, -15e-298]], [5e-324, 1e-323, 1.7e308]),
        ([1.0], [[0.0, 0.0]], [1.7e308, -1.7e308]),
    ],
)
def test_upstream_and_input_of_extreme_sizes(x, W, u):
    _, h, _ = exact.forward(x, W)
    got = vjp(x, W, u)
    with mpmath.workdps(exact.DIGITS):
        d, size = slope(h, [number(v) for v in u])
        for j, xj in enumerate(x):
            for i in range(len(u)):
                assert error(got[j, i], number(xj) * d[i], abs(number(xj)) * size[i]) <= exact.BAR


@pytest.mark.parametrize("seed", range(100))
def test_a_jvp_is_within_1e_15_of_the_differences_of_its_logits(seed):
    rng = np.random.default_rng(seed)
    x, W, b = wide(seed, largest=3)
    V = spread(rng, *[(-300, 290), (-2, 2), (0, 308), (-310, -290)][seed % 4], (3, 4))
    if seed % 5 == 0:
        V[:, 1:] = np.nextafter(V[:, :1], 1.0)  # apart by less than a product's rounding
        V[0, 2] = V[0, 0]
    check_jvp(x, W, b, V)


@pytest.mark.parametrize(
    ("x", "V"),
    [
        ([1.0, 0.0], [[1e-300, 3e-300], [1e300, 0.0]]),
        ([1e200, 1.0], [[1e200, 1e200], [1.0, 3.0]]),
        ([0.1, 0.2, -0.3], [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0 + 2.0**-50]]),
        ([1 / 3, 0.1, 0.7], [[0.3, 0.3], [0.9, 0.9], [0.1, 0.1]]),
        ([1e16, 1.0, 1e-16], [[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]]),
    ],
)
def test_a_jvp_of_changes_that_are_large_or_nearly_the_same(x, V):
    check_jvp(x, np.zeros(np.shape(V)), None, V)


def check_jvp(x, W, b, V):
    _, h, _ = exact.forward(x, W, b)
    with mpmath.workdps(700):
        dz = [mpmath.fsum(number(xj) * number(row[i]) for xj, row in zip(x, V, strict=True)) for i in range(len(h))]
        d, size = slope(h, dz)
        if max(map(abs, d)) >= LARGEST:
            with pytest.raises(InputError, match="the change of h is too large"):
                jvp(x, W, V, b)
            return
        got = jvp(x, W, V, b)
        assert max(error(*parts) for parts in zip(got, d, size, strict=True)) <= exact.BAR


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("give", ["target", "upstream"])
def test_the_gradient_of_a_data_set_is_within_1e_15_of_its_terms(seed, give, monkeypatch):
    monkeypatch.setattr("softmax_cli.core.dataset.ROWS_BYTES", 48)  # two inputs a block
    rng = np.random.default_rng(seed)
    x = spread(rng, -300, 300, (5, 3)) if seed % 2 else spread(rng, -3, 3, (5, 3)) * 10.0 ** rng.uniform(-300, 300, 3)
    b = rng.uniform(-700, 700, 4)
    t, u = rng.integers(0, 4, 5), spread(rng, -300, 0, (5, 4))
    _, h, complement = exact.forward([1.0], np.zeros((1, 4)), b)
    with mpmath.workdps(exact.DIGITS):
        if give == "target":
            each = [[-c if i == at else p for i, (p, c) in enumerate(zip(h, complement, strict=True))] for at in t]
            sizes = [[abs(v) for v in row] for row in each]
        else:
            each, sizes = zip(*(slope(h, [number(v) for v in row]) for row in u), strict=True)
        for reduction, count in [("mean", 5), ("sum", 1)]:
            got = weight_gradient(x, np.zeros((3, 4)), b, **{give: t if give == "target" else u}, reduction=reduction)
            for j in range(3):
                for i in range(4):
                    truth = mpmath.fsum(number(x[n, j]) * each[n][i] for n in range(5)) / count
                    size = mpmath.fsum(abs(number(x[n, j])) * sizes[n][i] for n in range(5)) / count
                    assert error(got[j, i], truth, size) <= exact.BAR


def test_the_mean_of_gradients_whose_sum_overflows():
    u = [[1.6e308, -1.6e308]] * 3 + [[-1.6e308 / 3, 1.6e308 / 3]]
    got = weight_gradient([[1.5]] * 4, [[0.0, 0.0]], upstream=u)
    np.testing.assert_allclose(got, [[8e307, -8e307]], rtol=1e-15)
    with pytest.raises(InputError) as caught:
        weight_gradient([[1.5]] * 4, [[0.0, 0.0]], upstream=u, reduction="sum")
    assert str(caught.value) == "dE/dW is too large for double precision (beyond ±1.8e308)"


@pytest.mark.parametrize("copies", [1, 40])
def test_many_terms_that_are_subnormal_add_up_to_a_normal_sum(copies):
    x = [[3e-300]] * (1000 * copies)
    got = weight_gradient(x, [[0.0, 0.0]], [-20.0, 0.0], target=[1] * len(x), reduction="sum")
    h = exact.forward([1.0], [[0.0, 0.0]], [-20.0, 0.0])[1][0]
    assert error(got[0, 0], number(3e-300) * h * len(x), number(3e-300) * h * len(x)) <= exact.BAR
