"""The logits alone, biases and inputs, temperature, masks and ln h on the command line, against the library and plain
NumPy."""

import json

import numpy as np
import pytest
from command import LAYER, SAMPLES, refused, result, run

import softmax_cli

ARTICLE = str(SAMPLES / "article.json")
X = np.array([[0.5, -1.0], [2.0, 0.25], [-0.75, 1.5]])
W = np.array([[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]])
B = np.array([0.05, -0.1, 0.2])
BATCH = ["-x", "0.5,-1;2,0.25;-0.75,1.5", "-W", "0.1,-0.2,0.3;0.4,0.5,-0.6", "-b", "0.05,-0.1,0.2"]
Z = "-z=1,-2,0.5"
z = np.array([1.0, -2.0, 0.5])


def numpy_layer(x, weights, b, y):
    """dW, db and dx of the mean cross-entropy, as a NumPy layer has them."""
    logits = x @ weights + b
    d = np.exp(logits - logits.max(axis=1, keepdims=True))
    d /= d.sum(axis=1, keepdims=True)
    d[np.arange(len(y)), y] -= 1.0
    d /= len(y)
    return x.T @ d, d.sum(axis=0), d @ weights.T


class TestLogits:
    """-z and "z"."""

    def test_forward_takes_them(self):
        found = result("forward", Z)
        assert list(found) == ["z", "h"]
        np.testing.assert_allclose(found["h"], np.exp(z) / np.exp(z).sum(), rtol=1e-15)

    def test_softmax_grad_takes_them(self):
        assert result("softmax-grad", Z)["dS_dZ"] == softmax_cli.softmax_jacobian(z=z).tolist()

    def test_loss_grad_gives_dE_dz_of_them(self):
        found = result("loss-grad", Z, "--target", "1")
        h = np.exp(z) / np.exp(z).sum()
        assert [key for key in found if key.startswith("dE")] == ["dE_dz"]
        np.testing.assert_allclose(found["dE_dz"], h - [0, 1, 0], rtol=1e-15)
        np.testing.assert_allclose(found["loss"], -np.log(h[1]), rtol=1e-15)

    @pytest.mark.parametrize("of", ["dS_dZ", "softmax-grad", "h", "log_h", "dlogS_dZ"])
    def test_check_takes_them(self, tmp_path, of):
        h = np.exp(z) / np.exp(z).sum()
        right = {
            "dS_dZ": np.diag(h) - np.outer(h, h), "softmax-grad": np.diag(h) - np.outer(h, h), "h": h,
            "log_h": np.log(h), "dlogS_dZ": np.eye(3) - h,
        }  # fmt: skip
        np.save(tmp_path / "mine.npy", right[of])
        assert "agrees" in run("check", Z, "--of", of, "--against", "mine.npy", cwd=tmp_path).stdout
        np.save(tmp_path / "mine.npy", right[of] + 0.1)
        assert "differs" in run("check", Z, "--of", of, "--against", "mine.npy", cwd=tmp_path, status=1).stdout

    def test_many_rows_are_a_batch_and_one_row_is_with_x_rows(self):
        assert np.shape(result("forward", "-z", "1,2;3,4;5,6")["h"]) == (3, 2)
        assert np.shape(result("forward", "-z", "1,2")["h"]) == (2,)
        assert np.shape(result("forward", "-z", "1,2", "--x-rows")["h"]) == (1, 2)

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["linear-grad"], "linear-grad needs x and W, and only the logits z are given"),
            (["layer-grad"], "layer-grad needs x and W, and only the logits z are given"),
            (["layer-grad", "--wrt", "b"], "layer-grad needs x and W, and only the logits z are given"),
            (["hessian"], "hessian needs x and W, and only the logits z are given"),
            (["loss-grad", "--target", "0", "--wrt", "W"], "--wrt W needs x and W, and only the logits z are given"),
            (["loss-grad", "--target", "0", "--wrt", "z,x"], "--wrt x needs x and W, and only the logits z are given"),
            (["loss-grad", "--target", "0", "--l2", "1"], "--l2 needs W, and only the logits z are given"),
            (
                ["loss-grad", "--target", "0", "--learning-rate", "1"],
                "--learning-rate moves W and b, and only the logits z are given",
            ),
            (["forward", "-x", "1"], "-z and -x are both given, and the logits z need no x, W or b"),
            (["forward", "-W", "1"], "-z and -W are both given, and the logits z need no x, W or b"),
            (["softmax-grad", "-b", "1"], "-z and -b are both given, and the logits z need no x, W or b"),
            (["forward", "--binary"], "-z and --binary are both given, and the logits z need no x, W or b"),
        ],
    )
    def test_what_needs_more_than_logits_is_refused(self, arguments, message):
        assert refused(*arguments, Z) == [f"softmax-jac: error: {message}"]

    def test_z_beside_x_and_W_in_a_document_is_a_result_and_is_not_read(self):
        document = json.dumps({"x": [1, 2], "W": [[1, 2], [3, 4]], "z": [0, 0]})
        assert result("forward", "-", stdin=document)["z"] == [7.0, 10.0]
        assert result("softmax-grad", "-", stdin=run("forward", "--json").stdout) == result("softmax-grad")

    def test_z_without_both_of_x_and_W_in_a_document_are_the_logits(self):
        found = result("forward", "-", stdin='{"x": [1, 2], "z": [0, 0]}')
        assert (found["z"], found["h"]) == ([0.0, 0.0], [0.5, 0.5])

    def test_a_document_whose_x_and_W_are_dropped_for_z_is_told_of_it(self):
        done = run("forward", ARTICLE, "-z", "0,0", "--json")
        assert done.stderr == f"softmax-jac: -z is given, so x and W of {ARTICLE} are not used\n"
        assert json.loads(done.stdout) == {"z": [0.0, 0.0], "h": [0.5, 0.5]}

    def test_with_jsonl_every_line_brings_its_own(self):
        message = "softmax-jac: error: -z is given, where with --jsonl every line brings its own"
        assert refused("forward", "-", "--jsonl", Z, stdin="{}\n") == [message]


class TestBiasesAndInputs:
    @pytest.mark.parametrize("wrt", ["W", "b", "x"])
    @pytest.mark.parametrize("log", [False, True])
    def test_layer_grad_is_that_of_the_library(self, wrt, log):
        found = result("layer-grad", *BATCH, "--wrt", wrt, *(["--log"] if log else []))
        value = found[f"{'dlogL' if log else 'dL'}_d{wrt}"]
        assert value == softmax_cli.layer_jacobian(X, W, B, wrt=wrt, log=log).tolist()

    def test_dL_dx_is_dS_dZ_times_the_transposed_weights(self):
        dS = np.array(result("softmax-grad", *BATCH)["dS_dZ"])
        np.testing.assert_allclose(result("layer-grad", *BATCH, "--wrt", "x")["dL_dx"], dS @ W.T, rtol=0, atol=1e-15)

    def test_ln_h_is_finite_where_h_underflows(self):
        found = result("forward", "-z=0,-800", "--log")
        assert (found["h"], found["log_h"]) == ([1.0, 0.0], [-0.0, -800.0])

    def test_a_numpy_layer_is_reproduced_in_one_line(self):
        found = result("loss-grad", *BATCH, "--target", "0,2,1", "--wrt", "W,b,x")
        for key, value in zip(("dE_dW", "dE_db", "dE_dx"), numpy_layer(X, W, B, [0, 2, 1]), strict=True):
            np.testing.assert_allclose(found[key], value, rtol=1e-13, atol=1e-16)

    def test_steps_of_learning_train_the_whole_layer(self, tmp_path):
        weights, b = W, B
        document = json.dumps({"x": X.tolist(), "W": W.tolist(), "b": B.tolist(), "target": [0, 2, 1]})
        for _ in range(3):
            found = result("loss-grad", "-", "--learning-rate", "0.5", stdin=document)
            document = json.dumps({**json.loads(document), "W": found["W_new"], "b": found["b_new"]})
            dW, db, _ = numpy_layer(X, weights, b, [0, 2, 1])
            weights, b = weights - 0.5 * dW, b - 0.5 * db
        np.testing.assert_allclose(found["W_new"], weights, rtol=1e-13)
        np.testing.assert_allclose(found["b_new"], b, rtol=1e-13)

    def test_the_hessian_is_that_of_the_library(self):
        found = result("hessian", *BATCH, "--l2", "0.5", "--reduction", "sum")
        assert found["d2E_dW2"] == softmax_cli.hessian(X, W, B, l2=0.5, reduction="sum").tolist()


class TestTemperatureAndMask:
    def test_the_logits_are_divided_by_the_temperature_and_z_is_before_it(self):
        found = result("forward", Z, "--temperature", "2")
        assert found["z"] == z.tolist()
        np.testing.assert_allclose(found["h"], np.exp(z / 2) / np.exp(z / 2).sum(), rtol=1e-15)

    def test_a_masked_output_has_no_probability_and_the_others_share_it(self):
        found = result("forward", Z, "--mask", "1")
        np.testing.assert_allclose(found["h"], [1 / (1 + np.exp(-0.5)), 0, 1 / (1 + np.exp(0.5))], rtol=1e-15)
        assert result("softmax-grad", Z, "--mask", "0,2")["dS_dZ"] == np.zeros((3, 3)).tolist()

    @pytest.mark.parametrize("command", [["forward"], ["softmax-grad"], ["layer-grad"], ["layer-grad", "--wrt", "x"],
                                         ["loss-grad", "--target", "2"], ["hessian"]])  # fmt: skip
    @pytest.mark.parametrize(
        ("options", "keys"),
        [(["--temperature", "2.5"], {"temperature": 2.5}), (["--mask", "0,3-4"], {"mask": [0, 3, 4]}),
         (["--temperature", "0.5", "--mask", "1"], {"temperature": 0.5, "mask": [1]})],
    )  # fmt: skip
    def test_an_option_is_a_key_and_the_output_of_one_run_is_the_input_of_the_next(self, command, options, keys):
        by_option = result(*command, *LAYER, *options)
        assert {key: by_option[key] for key in keys} == keys
        document = json.loads((SAMPLES / "article.json").read_text()) | keys
        assert result(*command, "-", stdin=json.dumps(document)) == by_option
        piped = run("forward", *LAYER, *options, "--json").stdout
        assert result(*command, "-", stdin=piped) == by_option
        assert result(*command, "-", stdin=json.dumps(by_option)) == by_option

    def test_an_option_replaces_the_key_of_a_document(self):
        document = json.dumps({"z": [1, 2, 3], "temperature": 3, "mask": [0]})
        found = result("forward", "-", "--temperature", "2", "--mask", "2", stdin=document)
        assert (found["temperature"], found["mask"]) == (2.0, [2])
        assert found == result("forward", "-z", "1,2,3", "--temperature", "2", "--mask", "2")

    def test_a_name_of_an_output_masks_it_and_chooses_its_row(self, tmp_path):
        (tmp_path / "W.csv").write_text("cat,dog,cow\n1,2,3\n4,5,6\n")
        arguments = ["softmax-grad", "-x", "1,2", "-W", "W.csv"]
        assert result(*arguments, "--mask", "cow,0", cwd=tmp_path)["mask"] == [0, 2]
        assert result(*arguments, "--outputs", "dog", cwd=tmp_path)["outputs"] == [1]

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--temperature", "0"], "--temperature is 0, where a number above 0 is expected"),
            (["--temperature=-1"], "--temperature is -1, where a number above 0 is expected"),
            (["--temperature", "inf"], "--temperature is inf, where a number above 0 is expected"),
            (["--temperature", "nan"], "--temperature is nan, where a number above 0 is expected"),
            (["--mask", "3"], "--mask 3: 3 is not within the 3 outputs, 0 to 2"),
            (["--mask", "0-2"], "every output is masked, and nothing is left to share the probability"),
            (["--mask", "1", "--target", "1"], "target 1 is masked: its probability is 0"),
            (
                ["--mask", "1", "--target", "0.5,0.25,0.25"],
                "target[1] is 0.25, and output 1 is masked: its probability is 0",
            ),
        ],
    )
    def test_what_cannot_be_is_refused(self, options, message):
        target = [] if "--target" in options else ["--target", "0"]
        assert refused("loss-grad", Z, *target, *options) == [f"softmax-jac: error: {message}"]

    @pytest.mark.parametrize(
        ("keys", "message"),
        [
            ('"mask": [3]', "mask holds 3, where an index of 3 outputs, 0 to 2, is expected"),
            ('"mask": [true]', "mask holds true, where an index of 3 outputs, 0 to 2, is expected"),
            ('"mask": [[0], [1]]', "mask has 2 lists, where one for each of 1 input is expected"),
            ('"mask": 1', "mask is 1, where a list of indices is expected"),
            ('"temperature": 0', "temperature is 0, where a number above 0 is expected"),
            ('"temperature": "2"', "temperature is the string '2', where numbers are expected"),
        ],
    )
    def test_a_key_that_cannot_be_is_refused(self, keys, message):
        done = refused("forward", "-", stdin=f'{{"z": [1, 2, 3], {keys}}}')
        assert done == [f"softmax-jac: error: standard input: {message}"]


class TestMinusInfinity:
    """−∞ in b or z masks."""

    MASKED = ("forward", "-x", "1,2", "-W", "1,2,3;4,5,6", "-b", "0.5,0.25,0", "--mask", "1")

    @pytest.fixture(params=["inline", "npy", "csv", "json", "document"])
    def biases(self, request, tmp_path):
        """Arguments of a layer with the bias −∞ at output 1."""
        b = [0.5, -np.inf, 0.0]
        np.save(tmp_path / "b.npy", b)
        (tmp_path / "b.csv").write_text("0.5,-inf,0\n")
        (tmp_path / "b.json").write_text("[0.5, -Infinity, 0]")
        (tmp_path / "layer.json").write_text('{"x": [1, 2], "W": [[1, 2, 3], [4, 5, 6]], "b": [0.5, -Infinity, 0]}')
        if request.param == "document":
            return [str(tmp_path / "layer.json")]
        value = "0.5,-inf,0" if request.param == "inline" else str(tmp_path / f"b.{request.param}")
        return ["-x", "1,2", "-W", "1,2,3;4,5,6", "-b", value]

    def test_wherever_a_bias_comes_from_it_is_a_mask(self, biases):
        found = result("forward", *biases)
        assert (found["mask"], found["b"], found["z"]) == ([1], [0.5, None, 0.0], [9.5, None, 15.0])
        assert found["h"] == result(*self.MASKED)["h"]
        assert result("forward", "-", stdin=json.dumps(found)) == found

    def test_a_logit_masks_in_its_own_row(self):
        found = result("forward", "-z", "0,-inf,0;1,2,-inf")
        assert (found["mask"], found["z"]) == ([[1], [2]], [[0.0, None, 0.0], [1.0, 2.0, None]])
        assert found["h"][0] == [0.5, 0.0, 0.5]
        assert result("forward", "-", stdin=json.dumps(found)) == found

    def test_null_is_read_where_the_mask_of_its_document_is_whatever_the_option_masks(self):
        document = '{"z": [0, null, 3], "mask": [1]}'
        assert result("forward", "-", "--mask", "0", stdin=document)["h"] == [0.0, 0.0, 1.0]

    def test_null_in_b_is_read_where_every_row_masks_it(self):
        batch = ["-x", "1;2", "-W", "1,2,3", "-b", "0,-inf,1"]
        document = result("forward", *batch) | {"mask": [[0, 1], [1]]}
        assert result("forward", "-", stdin=json.dumps(document))["mask"] == [[0, 1], [1]]

    @pytest.mark.parametrize(
        ("document", "message"),
        [
            ('{"z": [0, null, 3]}', "z[1] is null or NaN, where a finite number, or -inf for a mask, is expected"),
            ('{"z": [null, 0], "mask": [1]}',
             "z[0] is null or NaN, where a finite number, or -inf for a mask, is expected"),
            ('{"z": [[0, null], [0, 1]], "mask": [[], [1]]}',
             "z[0,1] is null or NaN, where a finite number, or -inf for a mask, is expected"),
            ('{"x": [0, -Infinity], "W": [[1], [2]]}', "x[1] is -Infinity, which b and z alone may hold"),
            ('{"z": [0, 1], "id": [{"a": -Infinity}]}', "id[0].a is -Infinity, which b and z alone may hold"),
            ('{"z": [0, 1], "ignore": -Infinity}', "ignore is -Infinity, which b and z alone may hold"),
            ('{"z": [0, Infinity]}', "z[1] is Infinity, where a finite number is expected"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("lines", [[], ["--jsonl"]])
    def test_elsewhere_it_is_refused(self, document, message, lines):
        place = "standard input line 1" if lines else "standard input"
        assert refused("forward", "-", *lines, stdin=document) == [f"softmax-jac: error: {place}: {message}"]
