"""Whatever a CSV or TSV file holds, the reader says what is wrong in a line, or reads it."""

import os

import pytest
from bad_input import SAVE_AS_TEXT, cases, refusal

from softmax_cli.reading.option_arrays import read_array

COMMAS = "save it with commas between cells and points in numbers"
TABS = "save it with tabs between cells and points in numbers"
NO_INDEX = "save it without an index column (pandas: index=False)"
HEADER = "if the first row names the columns, add --header"
NO_NUMBERS = "a header row may not hold numbers"
POINT = "write numbers with a decimal point"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


CSV = [
    ("empty", b"", "W.csv is empty", ""),
    ("blank", b"\r\n\r\n", "W.csv is empty", ""),
    ("binary", b"\x80\x81", "W.csv is not UTF-8 text: byte 0x80 on line 1", SAVE_AS_TEXT),
    ("Latin-1", b"gr\xfcn\n1", "W.csv is not UTF-8 text: byte 0xfc on line 1", SAVE_AS_TEXT),
    ("NUL", b"1,2\n3,\0", "W.csv is neither text nor a .npy, .npz or .safetensors file: it holds a NUL byte", ""),
    ("late NUL", b"1\n" * 40_000 + b"\0", "W.csv holds a NUL byte on line 40001", ""),
    ("UTF-16", "1,2\n".encode("utf-16"), "W.csv is UTF-16 text, where UTF-8 is expected", "save it as UTF-8"),
    ("only a header", b"a,b\n", "W.csv holds no numbers below its header row", ""),
    ("ragged", b"1,2,3\n4,5\n", "W.csv row 2 has 2 cells, where 3 are expected", ""),
    ("ragged under a header", b"a\n1\n2\n3,4\n", "W.csv row 4 has 2 cells, where 1 is expected", ""),
    ("blank row", b"1,2\n\n3,4\n", "W.csv row 2 has 0 cells, where 2 are expected", ""),
    ("blank first row", b"\n1,2\n", "W.csv row 1 has 0 cells, where some are expected", ""),
    ("not a number", b"1,2\n3,four\n", "W.csv row 2, column 2 is 'four', where a number is expected", ""),
    ("typed O", b"0.1,0.2O\n1,2\n", "W.csv row 1, column 2 is '0.2O', where a number is expected", NO_NUMBERS),
    ("labelled rows", b"a,b\nx,1\n", "W.csv row 2, column 1 is 'x', where a number is expected", ""),
    ("nan", b"1,2\n3,nan\n", "W.csv row 2, column 2 is 'nan', where a finite number is expected", ""),
    ("nan first", b"nan,NaN\n3,4\n", "W.csv row 1, column 1 is 'nan', where a finite number is expected", ""),
    ("inf", b"1,-Infinity\n", "W.csv row 1, column 2 is '-Infinity', where a finite number is expected", ""),
    ("1e999", b"1\n1e999\n", "W.csv row 2, column 1 is '1e999', where a finite number is expected", ""),
    ("true", b"1,2\ntrue,false\n", "W.csv row 2, column 1 is 'true', where a number is expected", ""),
    ("hexadecimal", b"0x1F,0x2\n", "W.csv row 1, column 1 is '0x1F', where a number is expected", HEADER),
    ("underscore", b"1_000,2\n", "W.csv row 1, column 1 is '1_000', where a number is expected", ""),
    ("complex", b"1,2\n1+2j,3\n", "W.csv row 2, column 1 is '1+2j', where a number is expected", ""),
    ("percent", b"10%,20%\n", "W.csv row 1, column 1 is '10%', where a number is expected", HEADER),
    ("empty cell", b"1,2,3\n4,,6\n", "W.csv row 2, column 2 is empty, where a number is expected", ""),
    ("trailing separator", b"1,2,3\n4,5,6,\n", "W.csv row 2, column 4 is empty, where a number is expected", ""),
    ("trailing separators", b"1,2,\n4,5,\n", "W.csv row 1, column 3 is empty, where a number is expected", ""),
    ("only separators", b",,\n1,2,3\n", "W.csv row 1, column 1 is empty, where a number is expected", ""),
    ("index column", b",a,b\n0,1,2\n2,1,2\n", "W.csv row 1, column 1 is empty, where a name is expected", NO_INDEX),
    ("unnamed column", b"a,,b\n0,1,2\n", "W.csv row 1, column 2 is empty, where a name is expected", ""),
    ("semicolons", b"1;2\n3;4\n", "W.csv has semicolons between its cells, where commas are expected", COMMAS),
    ("decimal commas", b"a;b\n1,5;2,5\n", "W.csv has semicolons between its cells, where commas are expected", COMMAS),
    ("tabs", b"1\t2\n3\t4\n", "W.csv has tabs between its cells, where commas are expected", COMMAS),
    ("spaces", b"1 2\n3 4\n", "W.csv has spaces between its cells, where commas are expected", COMMAS),
    ("quoted decimal comma", b'"0,5","0,6"\n', "W.csv row 1, column 1 is '0,5', where a number is expected", POINT),
    ("quotes left open", b'1,2\n"3,4\n', "W.csv row 2 is not valid CSV: unexpected end of data", ""),
    ("text after quotes", b'1,"2"3\n', "W.csv row 1 is not valid CSV: ',' expected after '\"'", ""),
    (
        "endless cell",
        b"1,2\n" + b"1" * 200_000,
        "W.csv row 2 is not valid CSV: field larger than field limit (131072)",
        "",
    ),
    ("long word", b"1\n" + b"a" * 100, f"W.csv row 2, column 1 is '{'a' * 40}…', where a number is expected", ""),
    ("escape codes", b"1\n\x1b[31m\n", "W.csv row 2, column 1 is '\\x1b[31m', where a number is expected", ""),
    ("row of a quoted line", b'a\n"1\n"\nx\n', "W.csv row 4, column 1 is 'x', where a number is expected", ""),
]

TSV = [
    ("commas", b"1,2\n3,4\n", "W.tsv has commas between its cells, where tabs are expected", TABS),
    ("decimal commas", b"0,5\t0,6\n", "W.tsv row 1, column 1 is '0,5', where a number is expected", POINT),
    ("trailing tab", b"1\t2\t\n", "W.tsv row 1, column 3 is empty, where a number is expected", ""),
]


@pytest.mark.parametrize(("name", "data", "message", "advice"), cases("W.csv", *CSV) + cases("W.tsv", *TSV))
def test_a_bad_file_is_refused(folder, name, data, message, advice):
    (folder / name).write_bytes(data)
    assert refusal(lambda: read_array(name, "-W", 2)) == (message, advice)
    assert os.listdir(folder) == [name]
