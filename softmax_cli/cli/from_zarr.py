"""A Jacobian that stands in a zarr store: shown, drawn, or written again."""

from ..core.batch import Quantity
from ..reading.index_ranges import chosen_indices
from ..reading.zarrstore import open_store
from ..writing.result import Result
from ..writing.stored_result import key_of, stored_asked, stored_result
from ..writing.write_result import chosen_format
from .inputs import fail
from .matrix_options import Arrangement, DrawnOutput
from .options import Inputs, Lines

READ_BY = {"S": "softmax-grad", "Z": "linear-grad", "L": "layer-grad"}  # the letter above of a key


def read_stored(
    inputs: Inputs,
    lines: Lines,
    shape: Arrangement,
    output: DrawnOutput,
    quantity: Quantity,
    log: bool,
    method: str | None,
) -> tuple[Result, str]:
    """The Jacobian that INPUT, a store, holds, and the format in which it is wanted."""
    path = str(inputs.input)
    _refuse_beside(inputs, lines, method)
    array = open_store(path)
    key = key_of(array, path)
    command = READ_BY.get(key.removeprefix("dlog").removeprefix("d")[:1], "")
    if READ_BY[quantity[1]] != command or (log and not key.startswith("dlog")):
        fail(f"{path} holds {key}", f"softmax-jac {command} reads it" if command else "check --against reads it")
    asked, labels, J = stored_asked(array, path)
    if shape.layout not in ("numerator", asked.layout):
        fail(f"{path} is stored in {asked.layout} layout, where --layout is {shape.layout}")
    if asked.layout == "tensor" and (output.plot is not None or output.format == "heatmap"):
        fail(f"{path} is stored in tensor layout, and a picture shows two dimensions")
    K = array.about.attributes["softmax-jac"]["sizes"][1]
    outputs = None if shape.outputs is None else chosen_indices(shape.outputs, K, "--outputs", "output", labels.names)
    format = chosen_format(output.format, output.json, output.output)
    if format == "csv":
        from ..writing.formats.csv import refuse_dimensions

        refuse_dimensions(array.ndim, f"{key} has")
    return stored_result(array, asked, labels, J, K, outputs), format


def _refuse_beside(inputs: Inputs, lines: Lines, method: str | None) -> None:
    given = {
        "-x": inputs.x, "-W": inputs.w, "-b": inputs.b, "-z": inputs.z, "--temperature": inputs.temperature,
        "--mask": inputs.mask, "--weights-layout": inputs.weights_layout, "--x-rows": inputs.x_rows or None,
        "--header": inputs.header, "--binary": inputs.binary or None, "--jsonl": lines.jsonl or None,
        "--keep-going": lines.keep_going or None, "--method chain": None if method != "chain" else method,
    }  # fmt: skip
    for option, value in given.items():
        if value is not None:
            fail(f"{option} does not go with a store, which holds the result itself")
