"""The examples in the docstrings of the public names, run."""

import doctest

import pytest

import softmax_cli

NAMES = [name for name in softmax_cli.__all__ if ">>>" in (getattr(softmax_cli, name).__doc__ or "")]


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_a_public_name_is_true(name):
    (test,) = doctest.DocTestFinder(recurse=False).find(getattr(softmax_cli, name), name, module=False, globs={})
    said = []
    assert doctest.DocTestRunner().run(test, out=said.append).failed == 0, "".join(said)
