import json

import numpy as np
import pytest
from command import LAYER, SAMPLES, refused, result, run


class TestCheck:
    @pytest.mark.parametrize("name", ["article", "saturated", "iris", "digits"])
    def test_the_tool_agrees_with_itself_on_every_sample(self, name):
        assert result("check", str(SAMPLES / f"{name}.json"))["agrees"] is True

    def test_it_says_that_results_in_the_input_are_not_what_is_compared(self):
        done = run("check", "-", stdin='{"x": [1], "W": [[1, 2]], "dL_dW": [[1, 2], [3, 4]]}')
        assert done.stderr.splitlines() == [
            "softmax-jac: the tool is compared with itself: --against FILE compares a result with what is right"
        ]
        assert "NO" not in done.stdout

    @pytest.mark.parametrize("lines", [[], ["--jsonl"]])
    def test_a_key_that_would_change_the_error_is_not_passed_over(self, tmp_path, lines):
        (tmp_path / "in.json").write_text('{"x":[1],"W":[[1,2]],"target":0,"lambda":3,"dE_dW":[[-0.7,0.7]]}')
        said = refused("check", "in.json", "--of", "loss-grad", "--against", "in.json", *lines, cwd=tmp_path)
        where = "in.json line 1" if lines else "in.json"
        assert said == [
            f"softmax-jac: error: {where} holds 'lambda', where 'l2' is the key that is read",
            "name it l2, or give it with --l2",
        ]

    def test_a_wrong_gradient_is_told_what_is_wrong_with_it(self, tmp_path):
        np.save(tmp_path / "wrong.npy", -np.array(result("layer-grad", *LAYER)["dL_dW"]))
        report = json.loads(run("check", *LAYER, "--against", str(tmp_path / "wrong.npy"), "--json", status=1).stdout)
        assert report["diagnosis"] == "sign-flipped"

    def test_a_right_one_saved_by_the_tool_passes(self, tmp_path):
        for name in ("out.npy", "out.npz", "out.csv", "out.json"):
            run("layer-grad", *LAYER, "-o", name, cwd=tmp_path)
            assert "agrees" in run("check", *LAYER, "--against", name, cwd=tmp_path).stdout

    @pytest.mark.parametrize(
        ("command", "layer"),
        [
            ("linear-grad", ["-x", "1,2,3", "-W", "1;2;3"]),
            ("layer-grad", ["-x", "1,2,3", "-W", "1;2;3"]),
            ("softmax-grad", ["-x", "1", "-W", "2"]),
            ("loss-grad", ["-x", "1", "-W", "1,2,3"]),
            ("forward", ["-x", "1,2", "-W", "1,2,3;4,5,6"]),
        ],
    )
    def test_a_csv_of_one_row_or_one_column_passes(self, command, layer, tmp_path):
        target = ["--target", "0"] if command == "loss-grad" else []
        wrt = ["--wrt", "W"] if command == "loss-grad" else []
        run(command, *layer, *target, *wrt, "-o", "out.csv", cwd=tmp_path)
        assert "agrees" in run("check", *layer, *target, "--of", command, "--against", "out.csv", cwd=tmp_path).stdout

    def test_an_overflow_saved_as_json_is_named(self, tmp_path):
        (tmp_path / "h.json").write_text("[NaN, NaN]")
        done = run(
            "check", "-x", "1", "-W", "800,790", "--of", "forward", "--against", "h.json", cwd=tmp_path, status=1
        )
        assert "diagnosis: logits-not-shifted" in done.stdout

    def test_what_no_known_mistake_explains_is_said_to_be_so(self, tmp_path):
        np.save(tmp_path / "m.npy", np.random.default_rng(0).normal(size=(5, 15)))
        done = run("check", *LAYER, "--against", "m.npy", cwd=tmp_path, status=1)
        assert done.stdout.endswith("diagnosis: none: no known mistake explains the whole matrix\n")

    def test_a_target_where_no_error_is_meant_is_refused(self, tmp_path):
        np.save(tmp_path / "m.npy", np.zeros((5, 15)))
        assert refused("check", *LAYER, "--target", "1", "--against", "m.npy", cwd=tmp_path) == [
            "softmax-jac: error: --target goes with --of loss-grad, or another result of the error"
        ]

    def test_single_precision_is_compared_as_such(self, tmp_path):
        layer = ["-x", "20", "-W", "1,0"]
        h = np.float32([1.0, 2.0611537e-09])
        np.save(tmp_path / "f.npy", np.diag(h) - np.outer(h, h))
        report = json.loads(
            run(
                "check", *layer, "--of", "softmax-grad", "--against", "f.npy", "--rtol", "1e-4", "--json", cwd=tmp_path
            ).stdout
        )
        assert (report["agrees"], report["lost_to_cancellation"]) == (True, 1)
