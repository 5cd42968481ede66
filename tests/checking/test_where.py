"""Where a matrix is wrong that no one mistake explains, in a few words; and nothing of noise."""

import numpy as np
import pytest

from softmax_cli import compare

J, K, N = 3, 5, 20


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def layer(seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=J), rng.normal(size=(J, K)), rng.normal(size=K)


def jacobian(x, W, b):
    h = softmax(x @ W + b)
    return np.kron(np.diag(h) - np.outer(h, h), x)


def where(change, layout="numerator", precision=np.float64):
    """What is said of the Jacobian after `change` has spoiled it."""
    x, W, b = layer()
    M = jacobian(x, W, b)
    spoiled = change(M.copy())
    M = M if spoiled is None else spoiled
    report = compare((M.T if layout == "denominator" else M).astype(precision), x, W, b)
    assert report.diagnosis is None
    return report.where


def changed(at, to):
    def change(M):
        M[at] = to(M[at])
        return M

    return change


def diagonal_blocks(M):
    for i in range(K):
        M[i, J * i : J * i + J] *= 3
    return M


def exchanged(M):
    return M[[0, 3, 2, 1, 4]]


class TestAJacobian:
    @pytest.mark.parametrize("precision", [np.float64, np.float32])
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (changed(4, lambda a: a * 0.125), "all but row 4 are right; row 4 is 0.125 of what it should be"),
            (changed(0, lambda a: a * 40), "all but row 0 are right; row 0 is 40 times what it should be"),
            (changed(0, lambda a: a * 2.5), "all but row 0 are right; row 0 is 2.5 times what it should be"),
            (changed([1, 3], lambda a: -a), "all but rows 1 and 3 are right; rows 1 and 3 have the opposite sign"),
            (changed(2, np.zeros_like), "all but row 2 are right; row 2 is zero"),
            (changed(2, lambda a: a + 0.5), "all but row 2 are right; row 2 is 0.5 more than it should be"),
            (exchanged, "all but rows 1 and 3 are right; rows 1 and 3 are exchanged"),
            (
                diagonal_blocks,
                "all but the diagonal blocks are right; the diagonal blocks are 3 times what they should be",
            ),
            (
                changed((slice(None), slice(0, 3)), lambda a: a * np.nan),
                "all but the weights of output 0 are right; the weights of output 0 are nan",
            ),
            (
                changed((slice(None), slice(1, None, 3)), np.zeros_like),
                "all but the weights of input 1 are right; the weights of input 1 are zero",
            ),
            (
                changed((3, slice(6, 9)), lambda a: 2 * a),
                "all but row 3 in the weights of output 2 are right; row 3 in the weights of output 2 is 2 times what "
                "it should be",
            ),
            (
                lambda M: M * np.array([[1], [2], [3], [4], [5]]),
                "all but rows 1 to 4 are right; rows 1 to 4 are 2, 3, 4 and 5 times what they should be",
            ),
            (
                lambda M: M * np.array([[6], [2], [3], [4], [5]]),
                "rows 0 to 4 are 6, 2, 3, 4 and 5 times what they should be",
            ),
        ],
    )
    def test_the_part_that_is_wrong_and_what_stands_there(self, change, said, precision):
        assert where(change, precision=precision) == said

    def test_the_part_has_the_name_that_it_has_in_the_layout_of_the_matrix(self):
        said = where(changed(4, lambda a: a * 0.125), "denominator")
        assert said == "all but column 4 are right; column 4 is 0.125 of what it should be"

    def test_the_part_alone_where_what_stands_there_is_noise(self):
        noise = np.random.default_rng(1).normal(size=J * K)
        assert where(changed(4, lambda a: noise)) == "all but row 4 are right"

    def test_the_part_that_is_right(self):
        noise = np.random.default_rng(1).normal(size=(4, J * K))
        assert where(changed([0, 1, 3, 4], lambda a: noise)) == "only row 2 is right"

    def test_a_known_mistake_in_a_part(self):
        x, W, b = layer()
        h = softmax(x @ W + b)
        bare = np.kron(np.diag(h) - np.outer(h, h), np.ones(J))
        assert where(changed(4, lambda a: bare[4])) == (
            "all but row 4 are right; row 4 is missing-input: the factor x is missing: a logit changes by x[j] for "
            "each unit of W[j,i]"
        )

    def test_a_known_mistake_in_all_but_a_part(self):
        noise = np.random.default_rng(1).normal(size=J * K)
        said = "are sign-flipped: every entry has the opposite sign: look for a minus too many or too few"
        assert where(lambda M: changed(4, lambda a: noise)(-M)) == f"all but row 4 {said}"


class TestABatch:
    def setup_method(self):
        rng = np.random.default_rng(5)
        self.x, (_, self.W, self.b) = rng.normal(size=(N, J)), layer()
        self.t = rng.integers(0, K, N)
        self.h = softmax(self.x @ self.W + self.b)
        self.d = (self.h - np.eye(K)[self.t]) / N

    def where(self, theirs, of):
        return compare(theirs, self.x, self.W, self.b, of=of, target=self.t).where

    def test_one_input(self):
        self.d[7] *= -2
        said = "all but input 7 of the batch are right; input 7 of the batch is -2 times what it should be"
        assert self.where(self.d, "dE_dz") == said

    def test_a_run_of_inputs(self):
        self.d[16:] = 0
        said = "all but inputs 16 to 19 of the batch are right; inputs 16 to 19 of the batch are zero"
        assert self.where(self.d, "dE_dz") == said

    def test_the_entries_of_large_outputs(self):
        self.d[self.h > 0.5] = np.random.default_rng(0).normal(size=(self.h > 0.5).sum())
        assert self.where(self.d, "dE_dz") == "all but the entries where h > ½ are right"

    def test_the_entries_of_the_targets(self):
        self.d[np.arange(N), self.t] = np.random.default_rng(0).normal(size=N)
        assert self.where(self.d, "dE_dz") == "all but the entries of the targets are right"

    def test_the_entries_of_negative_inputs(self):
        G = self.d @ self.W.T
        G[self.x < 0] = 0
        said = "all but the entries where x < 0 are right; the entries where x < 0 are zero"
        assert self.where(G, "dE_dx") == said

    def test_the_weights_of_an_output_of_a_sum(self):
        G = self.x.T @ self.d
        G[:, 0] *= -1
        said = "all but the weights of output 0 are right; the weights of output 0 have the opposite sign"
        assert self.where(G, "dE_dW") == said

    def test_one_bias(self):
        g = self.d.sum(0)
        g[1] = 0
        assert self.where(g, "dE_db") == "all but output 1 are right; output 1 is zero"


@pytest.mark.parametrize(
    ("value", "said"), [(7.3, ""), (np.nan, "; it is nan"), (0.0, "; it is zero"), (-np.inf, "; it is not finite")]
)
def test_one_entry_is_called_by_its_name(value, said):
    M = jacobian(*layer())
    M[2, J + 1] = value
    assert compare(M, *layer()).where == f"only ∂h[2]/∂W[1,1] is wrong{said}"


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("seed", range(20))
def test_noise_is_met_with_silence(seed, share):
    rng = np.random.default_rng(seed)
    theirs, wrong = jacobian(*layer()), rng.random((K, J * K)) < share
    theirs[wrong] += rng.normal(size=wrong.sum())
    where = compare(theirs, *layer()).where
    assert where is None if wrong.sum() > 1 else where.startswith("only ∂h[")


def test_the_report_and_its_json_say_where():
    x, W, b = layer()
    M = jacobian(x, W, b)
    M[4] *= 0.125
    report = compare(M, x, W, b)
    said = "all but row 4 are right; row 4 is 0.125 of what it should be"
    assert str(report).endswith(f"\ndiagnosis: none: no known mistake explains the whole matrix\nwhere: {said}")
    assert report._repr_markdown_().endswith(f"\n\nwhere: {said}")
    assert report.to_dict()["where"] == said


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "theirs", [np.full((K, J * K), 1e300), np.full((K, J * K), np.inf), np.full((K, J * K), 1e-320)]
)
def test_what_overflows_on_the_way_warns_of_nothing(theirs):
    assert not compare(theirs, *layer())
    assert not compare(theirs[0, :K], *layer(), of="dE_dz", target=1)


def test_a_part_of_which_something_is_wrong_is_not_said_to_be_right():
    """Each of two outputs has one right entry and one wrong, and the third is all wrong."""
    rng = np.random.default_rng(0)
    x, W = rng.normal(size=(4, 2)), rng.normal(size=(2, 3))
    h = np.exp(x @ W) / np.exp(x @ W).sum(axis=1, keepdims=True)
    right = x.T @ (h - np.eye(3)[[1, 0, 2, 1]]) / 4
    report = compare(right + np.array([[0.3, 0, 0.7], [0, 0.2, 0.9]]), x, W, of="dE_dW", target=[1, 0, 2, 1])
    assert (report.differing, report.diagnosis, report.where) == (4, None, None)
