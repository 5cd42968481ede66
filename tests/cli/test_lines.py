"""JSON Lines: what one line holds is no other line's trouble."""

import json

import pytest
from command import run

DEEP = "[" * 254 + "]" * 254


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (f'{{"x": [1], "id": {DEEP}}}', "id is nested too deep"),
        (f'{{"x": [1], "upstream": {DEEP}}}', "upstream is nested too deep"),
        (f'{{"x": [1], "W": [[1]], "weights_layout": {"[" * 990 + "]" * 990}}}',
         "weights_layout is a list, where 'in-out' or 'out-in' is expected"),
    ],
    ids=["id", "upstream", "weights_layout"],
)  # fmt: skip
def test_a_line_with_something_nested_deep_is_reported_and_the_next_is_answered(bad, message):
    lines = f'{{"x": [1]}}\n{bad}\n{{"x": [2]}}\n'
    done = run("forward", "-", "--jsonl", "--keep-going", "-W", "1,2", stdin=lines, status=2)
    assert [json.loads(line)["x"] for line in done.stdout.splitlines()] == [[1], [2]]
    assert done.stderr.splitlines() == [f"softmax-jac: error: standard input line 2: {message}"]
