"""Options as they are given: once each."""

import pytest
from command import refused


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["forward", "-x", "1", "-x", "2", "-W", "1,2"], "-x is given twice"),
        (["check", "--against", "A", "--against", "B"], "--against is given twice"),
        (["layer-grad", "-o", "a.npy", "--output", "b.npy"], "-o/--output is given twice"),
        (["forward", "--json", "--json"], "--json is given twice"),
        (["explain", "--entry=0,0,0", "--entry", "0,1,0"], "--entry is given twice"),
    ],
)
def test_an_option_given_twice_is_refused(arguments, message):
    assert refused(*arguments) == [f"softmax-jac: error: {message}"]


def test_a_name_of_an_option_that_a_terminal_would_obey_is_printed_escaped():
    assert refused("forward", "--\x1b[31m")[0].startswith("softmax-jac: error: no such option: --\\x1b[31m")
