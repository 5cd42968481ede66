"""What comes from outside is printed on one line, cut, and without anything that a terminal would obey."""

import pytest

from softmax_cli.wording import counted, escaped, quoted, shown


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("setosa", "setosa"),
        ("é ∂ 猫", "é ∂ 猫"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\u202eevil", "\\u202eevil"),
        ("\u200b", "\\u200b"),
        ("\x85", "\\x85"),
        ("\udcff", "\\udcff"),
        ("\U000e0041", "\\U000e0041"),
        ("abcdefghijk", "abcdefghij…"),
    ],
)
def test_what_does_not_print_is_escaped_and_what_is_long_is_cut(text, printed):
    assert escaped(text, 10 if text.startswith("abc") else 40) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [("a", "'a'"), ("it's", '"it\'s"'), ("", "''"), ("\x1b", "'\\x1b'"), ("a" * 41, f"'{'a' * 40}…'")],
)
def test_a_cell_is_printed_between_quotation_marks(text, printed):
    assert quoted(text) == printed


@pytest.mark.parametrize(
    ("path", "printed"),
    [("W.csv", "W.csv"), ("a b", "a b"), (" ", "' '"), ("a\nb", "'a\\nb'"), ("a" * 201, "a" * 200 + "…")],
)
def test_a_path_is_printed_as_it_is_if_it_prints(path, printed):
    assert shown(path) == printed


def test_counts_agree_with_their_noun():
    assert [counted(1, "row"), counted(2, "row"), counted(2, "entry", "entries")] == ["1 row", "2 rows", "2 entries"]
