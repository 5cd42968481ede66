"""Tables, against Rich's own layout of the same cells."""

import io
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from softmax_cli.writing.console import console_for
from softmax_cli.writing.table_source import Sheet, Sheets, matrix_sheet
from softmax_cli.writing.tables import show, show_all

NAMES = ["a", "日本語", "[red]b[/red]", "a longer name", "é", "W[0,1]"]


def console(width=80, **options):
    return Console(file=io.StringIO(), width=width, highlight=False, markup=False, soft_wrap=True, **options)


def shown(sheet, width=80, precision=6, full=False, **options):
    out = console(width, **options)
    show(out, sheet, precision, full)
    return out.file.getvalue()


def by_rich(labels, titles, cells):
    """A table of Rich's, as wide as it needs to be."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 0, 0, 1))
    table.add_column(no_wrap=True)
    for title in titles:
        table.add_column(Text(title), justify="right", no_wrap=True)
    for label, row in zip(labels, cells, strict=True):
        table.add_row(Text(label), *map(Text, row))
    out = console(10_000)
    out.print(table)
    return out.file.getvalue()


def labelled(matrix, rows, columns):
    return matrix_sheet("a title", matrix, rows.__getitem__, columns.__getitem__)


names = st.lists(st.sampled_from(NAMES), min_size=9, max_size=9)
numbers = st.sampled_from([0.0, -0.0, 1.0, -2.5, 1e-300, -1.7976931348623157e308, 123456.789, 1 / 3])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data(), st.integers(1, 9), st.integers(1, 9), names, names, st.integers(1, 17), st.integers(1, 90))
def test_a_table_is_that_of_rich_in_as_many_bands_as_the_width_asks_for(data, R, C, rows, columns, precision, width):
    matrix = np.array(data.draw(st.lists(numbers, min_size=R * C, max_size=R * C))).reshape(R, C)
    text = shown(labelled(matrix, rows, columns), width, precision)
    cells = [[f"{v + 0.0:.{precision}g}" for v in row] for row in matrix]
    whole = by_rich(rows[:R], columns[:C], cells).splitlines()
    bands = text.removeprefix("a title\n").removesuffix("\n\n").split("\n\n")
    first = 0
    for band in bands:
        count = next(
            n for n in range(1, C - first + 1)
            if by_rich(rows[:R], columns[first : first + n], [row[first : first + n] for row in cells]) == band + "\n"
        )  # fmt: skip
        fits = all(Text(line).cell_len <= width for line in band.splitlines())
        assert fits or count == 1
        first += count
    assert first == C
    if all(Text(line).cell_len <= width for line in whole):
        assert len(bands) == 1


def test_what_is_left_out_in_the_middle_is_said_and_marked():
    sheet = matrix_sheet("title", np.arange(900.0).reshape(30, 30), "r{}".format, "c{}".format)
    lines = shown(sheet, width=300).splitlines()
    assert [line.split()[0] for line in lines[3:16]] == [*(f"r{n}" for n in range(12)), "…"]
    assert lines[1].split()[11:14] == ["c11", "…", "c18"]
    assert set(lines[15].split()) == {"…"}
    assert lines[-2] == "left out: 6 of 30 rows and 6 of 30 columns; all of it with --full, --json or -o FILE"
    assert "left out" not in shown(sheet, full=True)


def test_of_many_matrices_those_in_the_middle_are_left_out():
    sheets = Sheets(9, lambda n: matrix_sheet(f"matrix {n}", np.ones((1, 1)), str, str))
    out = console()
    show_all(out, sheets, 6, full=False)
    said = [line for line in out.file.getvalue().splitlines() if line.startswith(("matrix", "…"))]
    assert said == [
        *("matrix 0", "matrix 1", "matrix 2"),
        "… left out: 3 of 9; all of it with --full, --json or -o FILE",
        *("matrix 6", "matrix 7", "matrix 8"),
    ]


def test_labels_and_titles_are_bold_where_there_is_colour_and_plain_elsewhere():
    sheet = labelled(np.array([[1.0, 22.0]]), ["row"], ["a", "b"])
    plain = "a title\n     a   b\n──────────\nrow  1  22\n\n"
    bold, legacy = (
        shown(sheet, color_system="standard", force_terminal=True, legacy_windows=old) for old in (False, True)
    )
    assert "\x1b" not in shown(sheet)
    assert bold.replace("\x1b[1m", "").replace("\x1b[0m", "") == shown(sheet) == plain
    assert bold.splitlines()[3] == "\x1b[1mrow\x1b[0m  1  22"
    assert legacy.splitlines()[3] == "row  1  22"  # a console of old, which would show the codes


def test_a_pipe_of_windows_is_as_wide_as_any_and_has_the_colours_that_are_forced(monkeypatch):
    monkeypatch.setattr("rich.console.detect_legacy_windows", lambda: True)  # as Rich says where there is no console
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert Console(file=sys.stdout, width=80, height=25).width == 79
    assert console_for(sys.stdout).width == 80
    assert console_for(sys.stdout).color_system == "256"


def test_every_entry_of_a_long_table_is_asked_for_once_and_few_at_a_time():
    asked = []

    def entries(rows, columns):
        asked.append((list(rows), list(columns)))
        return np.ones((len(rows), len(columns)))

    shown(Sheet("t", (7, 1000), str, str, entries), full=True)
    assert [c for _, columns in asked for c in columns] == list(range(1000))
    assert all(rows == list(range(7)) for rows, _ in asked)
    assert max(len(columns) for _, columns in asked) <= 80 // 3


@pytest.mark.parametrize("value", [0.0039211874, -0.0])
def test_a_number_that_goes_with_the_matrix_stands_above_it(value):
    sheet = matrix_sheet("t", np.ones((1, 1)), str, str, ("E", value))
    assert shown(sheet, precision=3).splitlines()[1] == f"E = {value + 0.0:.3g}"
