"""The derivation on the command line, and an entry by its indices or its names."""

import json

import pytest
from command import LAYER, refused, run


class TestExplain:
    def test_it_takes_the_reader_to_the_entry_that_was_asked_for(self):
        text = run("explain", *LAYER, "--entry", "1,2,0").stdout
        assert "∂h₂/∂w₁₃" in text
        assert "≈ −0.0155428" in text

    def test_markdown(self):
        assert run("explain", *LAYER, "--format", "markdown").stdout.startswith("---\ntitle: ")

    def test_an_entry_that_is_none(self):
        assert refused("explain", *LAYER, "--entry", "1,2") == [
            "softmax-jac: error: --entry is '1,2', where t,j,i is expected, as in 1,2,0 for ∂h[1]/∂W[2,0]"
        ]

    @pytest.mark.parametrize(
        ("entry", "error", "there"),
        [
            ("Hund,Höhe,Katz", "'Katz' is no output", "the outputs are Hund, Katze"),
            ("Hund,Hoehe,0", "'Hoehe' is no input", "the inputs are Gewicht, Höhe"),
            ("0,Hund,0", "'Hund' is no input", "the inputs are Gewicht, Höhe"),
        ],
    )
    def test_a_name_that_is_none_is_answered_with_those_there_are(self, entry, error, there):
        names = {"outputs_names": ["Hund", "Katze"], "inputs_names": ["Gewicht", "Höhe"]}
        document = json.dumps({"x": [1, 2], "W": [[1, 2], [3, 4]], **names})
        assert refused("explain", "-", "--entry", entry, stdin=document) == [
            f"softmax-jac: error: --entry {entry}: {error}", there,
        ]  # fmt: skip
