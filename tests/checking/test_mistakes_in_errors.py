"""The mistakes people make in the gradient of an error, each made here in plain NumPy, are named."""

import numpy as np
import pytest

from softmax_cli import compare

N, J, K = 9, 6, 4


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


class Step:
    """A training step: x, W, b, targets t and one-hot y, and its forward pass."""

    def __init__(self, seed=0, J=J, K=K):
        rng = np.random.default_rng(seed)
        self.x, self.W, self.b = rng.normal(size=(N, J)), rng.normal(size=(J, K)), rng.normal(size=K)
        self.t = rng.integers(0, K, N)
        self.t[:K] = np.arange(K)[::-1]  # every class is there, and not in order
        self.K = K
        self.y = np.eye(K)[self.t]
        self.z = self.x @ self.W + self.b
        self.h = softmax(self.z)

    def gradients(self, d):
        """All that follows from dE/dz, the mean over the inputs."""
        return {"dE_dW": self.x.T @ d / N, "dE_db": d.sum(0) / N, "dE_dx": d @ self.W.T / N, "dE_dz": d / N}

    def check(self, theirs, key="dE_dW", **options):
        return compare(theirs, self.x, self.W, self.b, of=key, target=self.t, **options)


LOGIT_GRADIENTS = {
    "targets-off-by-one": [lambda s: s.h - np.eye(s.K)[(s.t + 1) % s.K], lambda s: s.h - np.eye(s.K)[s.t - 1]],
    "targets-out-of-order": [
        lambda s: s.h - s.y[::-1], lambda s: s.h - np.roll(s.y, 1, axis=0), lambda s: s.h - np.eye(s.K)[np.sort(s.t)]],
    "squared-error": [
        lambda s: s.h * ((s.h - s.y) - ((s.h - s.y) * s.h).sum(1, keepdims=True)),
        lambda s: 2 * s.h * ((s.h - s.y) - ((s.h - s.y) * s.h).sum(1, keepdims=True)),
        lambda s: 2 / s.K * s.h * ((s.h - s.y) - ((s.h - s.y) * s.h).sum(1, keepdims=True))],
    "sigmoid": [lambda s: 1 / (1 + np.exp(-s.z)) - s.y],
    "softmax-twice": [
        lambda s: softmax(s.h) - s.y,
        lambda s: s.h * ((softmax(s.h) - s.y) - ((softmax(s.h) - s.y) * s.h).sum(1, keepdims=True))],
    "missing-bias": [lambda s: softmax(s.x @ s.W) - s.y],
    "wrong-axis": [lambda s: softmax(s.z, axis=0) - s.y],
    "missing-diagonal": [lambda s: s.h],
    "sign-flipped": [lambda s: s.y - s.h],
    "scaled": [lambda s: (s.h - s.y) / s.K, lambda s: (s.h - s.y) * N / (N - 1)],
}  # fmt: skip


@pytest.mark.parametrize("key", ["dE_dW", "dE_db", "dE_dx", "dE_dz"])
@pytest.mark.parametrize("name", LOGIT_GRADIENTS)
@pytest.mark.parametrize("seed", range(3))
def test_a_mistake_in_the_logit_gradient_is_named_in_all_that_follows(name, key, seed):
    step = Step(seed)
    if key == "dE_db" and name == "targets-out-of-order":
        return  # a sum over the inputs does not see their order
    for make in LOGIT_GRADIENTS[name]:
        assert step.check(step.gradients(make(step))[key], key).diagnosis == name


@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize("name", [n for n in LOGIT_GRADIENTS if n != "scaled"])
def test_a_mistake_with_a_flipped_sign_is_named_by_both(name, precision):
    if name == "sign-flipped":
        return
    step = Step(4)
    for make in LOGIT_GRADIENTS[name]:
        found = step.check(-step.gradients(make(step))["dE_dW"].astype(precision)).diagnosis
        assert set(found.split(" + ")) == {name, "sign-flipped"}


class TestTheWeights:
    def test_a_reshape_where_a_transposition_was_due(self):
        step = Step()
        theirs = ((step.h - step.y).T @ step.x / N).reshape(J, K)
        report = step.check(theirs)
        assert (report.diagnosis, report.advice) == (
            "reshaped", "it was made outputs × inputs and reshaped to (J, K): transpose it instead")  # fmt: skip

    @pytest.mark.parametrize("strength", [1e-3, 0.01, 0.5])
    def test_an_l2_term_that_is_there_and_not_wanted_is_measured(self, strength):
        step = Step()
        report = step.check(step.gradients(step.h - step.y)["dE_dW"] + strength * step.W)
        assert (report.diagnosis, report.advice) == (
            "l2-term", f"λW with λ = {strength:g} is in it, where no L2 term is expected")  # fmt: skip

    def test_an_l2_term_that_is_left_out(self):
        step = Step()
        assert step.check(step.gradients(step.h - step.y)["dE_dW"], l2=0.1).diagnosis == "missing-l2"

    def test_an_l2_term_that_is_doubled(self):
        step = Step()
        report = step.check(step.gradients(step.h - step.y)["dE_dW"] + 0.2 * step.W, l2=0.1)
        assert (report.diagnosis, report.advice) == (
            "l2-term",
            "λW with λ = 0.2 is in it, where 0.1 is expected: E has λ/2·‖W‖², whose derivative is λW",
        )

    @pytest.mark.parametrize(("top", "said"), [(0.05, "0.05"), (0.1, "0.1")])
    def test_a_gradient_that_is_clipped_by_value(self, top, said):
        step = Step()
        report = step.check(np.clip(step.gradients(step.h - step.y)["dE_dW"], -top, top))
        assert (report.diagnosis, report.advice) == (
            "clipped", f"the entries are clipped at ±{said}: check the gradient before it is clipped")  # fmt: skip

    @pytest.mark.parametrize("norm", [0.1, 0.25])
    def test_a_gradient_that_is_clipped_by_norm(self, norm):
        step = Step()
        G = step.gradients(step.h - step.y)["dE_dW"]
        report = step.check(G * norm / np.linalg.norm(G))
        assert (report.diagnosis, report.advice) == (
            "clipped", f"the gradient is clipped to norm {norm:g}: check it before it is clipped")  # fmt: skip


class TestTheInputs:
    @pytest.mark.parametrize("n", [0, 4, N - 1])
    def test_an_input_that_is_left_out_is_found(self, n):
        step = Step()
        rest = np.delete(np.arange(N), n)
        d = (step.h - step.y)[rest]
        report = step.check(step.x[rest].T @ d / N)
        assert (report.diagnosis, report.advice) == ("one-sample", f"input {n} is left out")
        report = step.check(step.x[rest].T @ d / (N - 1))
        assert report.advice == f"input {n} is left out, and the mean divided by {N - 1}"
        assert step.check(d.sum(0) / N, "dE_db").advice == f"input {n} is left out"

    def test_an_input_that_is_counted_twice(self):
        step = Step()
        d = np.append(step.h - step.y, (step.h - step.y)[[2]], axis=0)
        report = step.check(np.append(step.x, step.x[[2]], axis=0).T @ d / N)
        assert report.advice == "input 2 is counted 2 times"

    def test_the_last_input_alone(self):
        step = Step()
        d = (step.h - step.y)[-1]
        assert step.check(np.outer(step.x[-1], d)).diagnosis == "one-input-alone"
        assert step.check(np.outer(step.x[-1], d) / N).diagnosis == "one-input-alone"

    def test_an_ignored_input_that_counts_in_the_mean(self):
        step = Step()
        t = step.t.copy()
        t[3] = -100
        d = step.h - step.y
        d[3] = 0.0
        report = compare(step.x.T @ d / N, step.x, step.W, step.b, of="dE_dW", target=t, ignore=-100)
        assert report.diagnosis == "ignored-counted"

    def test_an_ignored_target_of_minus_one_that_is_the_last_class(self):
        step = Step()
        t = step.t.copy()
        t[5] = -1
        d = step.h - np.eye(K)[t]
        report = compare(step.x.T @ d / N, step.x, step.W, step.b, of="dE_dW", target=t, ignore=-1)
        assert report.diagnosis == "ignored-counted"

    @pytest.mark.filterwarnings("error")
    @pytest.mark.parametrize("size", [np.inf, np.nan, 1e200])
    def test_a_sum_that_is_not_finite_leaves_no_input_out(self, size):
        step = Step()
        theirs = np.full(step.K, size)
        theirs[0] = -1.0
        assert step.check(theirs, "dE_db").diagnosis is None


class TestTheTerms:
    @pytest.mark.parametrize("key", ["dE_dW", "dE_db", "dE_dx", "dE_dz"])
    @pytest.mark.parametrize("epsilon", [0.1, 0.3])
    def test_smoothing_that_is_not_wanted_is_measured(self, key, epsilon):
        step = Step()
        smooth = (1 - epsilon) * step.y + epsilon / K
        report = step.check(step.gradients(step.h - smooth)[key], key)
        assert (report.diagnosis, report.advice) == (
            "label-smoothing", f"the targets are smoothed with ε = {epsilon:g}, where 0 is expected")  # fmt: skip

    def test_smoothing_that_is_left_out(self):
        step = Step()
        found = step.check(step.gradients(step.h - step.y)["dE_dW"], label_smoothing=0.1).diagnosis
        assert found == "missing-label-smoothing"

    def test_class_weights_that_are_left_out(self):
        step = Step()
        found = step.check(step.gradients(step.h - step.y)["dE_dW"], class_weights=[1.0, 2.0, 3.0, 0.5]).diagnosis
        assert found == "missing-class-weights"

    def test_class_weights_that_are_not_wanted(self):
        step = Step()
        c = np.array([1.0, 2.0, 3.0, 0.5])
        report = step.check(step.gradients(c[step.t][:, None] * (step.h - step.y))["dE_dW"])
        assert (report.diagnosis, report.advice) == (
            "class-weights",
            "the rows are weighted by their classes, where no class weights are expected: 1, 2, 3, 0.5",
        )

    def test_a_weighted_mean_that_is_divided_by_the_number_of_inputs(self):
        step = Step()
        c = np.array([1.0, 2.0, 3.0, 0.5])
        theirs = step.gradients(c[step.t][:, None] * (step.h - step.y))["dE_dW"]
        assert step.check(theirs, class_weights=c).diagnosis == "weights-not-in-mean"


@pytest.mark.parametrize("T", [0.5, 3.0])
def test_mistakes_with_the_temperature(T):
    step = Step()
    cold = softmax(step.z / T) - step.y
    wrong = {
        "missing-temperature": step.h - step.y,
        "temperature-factor": cold,
        "temperature-multiplied": T * (softmax(step.z * T) - step.y),
    }
    found = {name: step.check(step.gradients(d)["dE_dW"], temperature=T).diagnosis for name, d in wrong.items()}
    assert found == {name: name for name in wrong}
    assert step.check(step.gradients(cold / T**2)["dE_dW"], temperature=T).diagnosis == "temperature-factor"


def test_mistakes_on_the_way_back_to_the_inputs():
    step = Step(J=4, K=4)
    d = (step.h - step.y) / N
    assert step.check(d @ step.W, "dE_dx").diagnosis == "transposed-backward"
    assert step.check(d, "dE_dx").diagnosis == "missing-weights"


@pytest.mark.parametrize("key", ["dE_dW", "dE_db", "dE_dx", "dE_dz"])
@pytest.mark.parametrize(("value", "name"), [(0.0, "all-zero"), (np.nan, "all-nan")])
def test_a_result_of_nothing_is_told_so(key, value, name):
    step = Step()
    theirs = np.full_like(step.gradients(step.h - step.y)[key], value)
    assert step.check(theirs, key).diagnosis == name


def test_the_plain_column_sum_of_the_jacobian_is_zero():
    step = Step()
    D = step.h[:, :, None] * (np.eye(K) - step.h[:, None, :])
    theirs = (step.x[:, :, None] * D.sum(axis=1)[:, None, :]).sum(axis=0)
    assert 0 < np.abs(theirs).max() < 1e-15
    assert step.check(theirs).diagnosis == "all-zero"
