"""The examples in the docstrings of the public names, run as they stand."""

import doctest

import numpy as np
import pytest

import softmax_cli
import softmax_cli.testing

PUBLIC = {name: getattr(softmax_cli, name) for name in softmax_cli.__all__ if name != "__version__"}
TESTING = {name: getattr(softmax_cli.testing, name) for name in ("assert_function", "assert_gradient")}


@pytest.mark.parametrize("name", [*PUBLIC, *TESTING])
def test_a_public_name_has_an_example_and_it_is_true(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    finder = doctest.DocTestFinder(recurse=False)
    (test,) = finder.find({**PUBLIC, **TESTING}[name], name, module=False, globs={})
    assert test.examples
    said = []
    with np.printoptions(precision=8, suppress=False, linewidth=75, threshold=1000, floatmode="maxprec", sign="-"):
        assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)
