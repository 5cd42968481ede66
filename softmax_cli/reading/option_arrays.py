"""Numbers wherever an option finds them → arrays of doubles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import InputError
from ..wording import quoted
from .archives import Archive, listed
from .entries import Entry, fitted, held_as
from .framework_names import layer_in
from .inline import read_inline
from .names import NO_NAMES, Names, index_of, listing
from .sources import STDIN, named

if TYPE_CHECKING:
    from .option_files import Opened


def read_array(
    value: str,
    name: str,
    *dims: int,
    key: str = "",
    finite: bool = True,
    header: bool | None = None,
    names: Names = None,
) -> Entry:
    """Inline numbers, a file, or - for standard input → an array with one of `dims` dimensions.

    One row or one column of text is a vector where dims has 1; one number is a scalar where it has 0.
    `name` is the option, as in `--upstream`; `key` (by default the same word) is where to look in a
    JSON object or a .npz archive. Unless `finite`, NaN and infinity are let pass, and null in JSON as NaN.
    `header` says whether the first row of a table names its columns; None leaves it to what stands there. Where there
    are `names`, of outputs, they stand for indices.
    InputError says where it went wrong, and over what.
    """
    entry = read_entry(value, name, key or name.lstrip("-"), finite=finite, header=header, names=names)
    return entry._replace(array=fitted(entry, *dims))


def read_entry(
    value: str,
    option: str,
    key: str,
    finite: bool = True,
    header: bool | None = None,
    names: Names = None,
    left_out: tuple[str, ...] = (),
) -> Entry:
    """As `read_array`, but as it was written; of a table without the columns that are `left_out`."""
    found = opened(value, option, key, finite, header, names, left_out)
    return found if isinstance(found, Entry) else held(*found, key, finite, names)


def opened(
    value: str,
    option: str,
    key: str,
    finite: bool = True,
    header: bool | None = None,
    names: Names = None,
    left_out: tuple[str, ...] = (),
) -> Entry | Opened:
    """As `read_entry`, but what holds several values as it is."""
    if (index := index_of(value, names, option)) is not None:
        return Entry(np.array([[float(index)]]), option, loose=True, of_names=True)
    what = named(value)
    if what.kind == "numbers":
        return _inline(what.value, option, finite, names, NO_NAMES if key == "target" else "")
    from .option_files import opened_file

    return opened_file(what, option, key, finite, header, names, left_out)


def _inline(text: str, option: str, finite: bool, names: Names, unnamed: str) -> Entry:
    """`unnamed` is what to do about words where there are no names."""
    if names is None:
        return Entry(read_inline(text, option, finite, unnamed), option, loose=True)
    from .output_indices import inline_indices

    array = inline_indices(text, names, option)
    of_names = array is not None
    if array is None:
        array = read_inline(text, option, finite, f"the outputs are {listing(names)}")
    return Entry(array, option, loose=True, of_names=of_names)


def held(archive: Archive, chosen: str, key: str, finite: bool = True, names: Names = None) -> Entry:
    """The value of the `chosen` key, or else of the one that is asked for, under that or a usual name."""
    name = chosen or key
    if name not in archive.keys and not chosen:
        pair = layer_in(archive) if key in ("W", "b") else None
        name = "arr_0" if archive.keys == ["arr_0"] else (pair and (pair.weights if key == "W" else pair.biases)) or key
    if name not in archive.keys:
        is_file = archive.keys and archive.source != STDIN and not archive.source.startswith("-")
        how = f": choose one with {archive.source}:KEY" if is_file else ""
        raise InputError(f"{archive.source} has no key {quoted(name)}", listed(archive) + how)
    return held_as(archive, name, key, finite, not chosen and name not in (key, "arr_0"), names)
