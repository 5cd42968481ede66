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
