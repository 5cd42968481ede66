"""Files that are not read, and how to save what is in them. A pickle is never loaded: loading it runs it."""

from __future__ import annotations

import os

from ..errors import InputError

_TORCH = "numpy.savez('model.npz', **{k: v.numpy() for k, v in torch.load(FILE, weights_only=True).items()})"
_FITTED = "numpy.savez('model.npz', coef_=model.coef_, intercept_=model.intercept_)"
_KERAS = "numpy.savez('model.npz', **dict(zip(('kernel', 'bias'), model.layers[-1].get_weights())))"
_ONNX = "numpy.savez('model.npz', **{t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(FILE).graph.initializer})"
_MATLAB = "numpy.savez('model.npz', **{k: v for k, v in scipy.io.loadmat(FILE).items() if k[0] != '_'})"

# by the suffix: what the file is, and a line of Python for it
_FOREIGN = {
    ".pt": ("a checkpoint of PyTorch", _TORCH),
    ".pth": ("a checkpoint of PyTorch", _TORCH),
    ".pkl": ("a pickle", _FITTED),
    ".pickle": ("a pickle", _FITTED),
    ".joblib": ("a pickle of joblib", _FITTED),
    ".h5": ("an HDF5 file", _KERAS),
    ".hdf5": ("an HDF5 file", _KERAS),
    ".keras": ("a model of Keras", _KERAS),
    ".onnx": ("a model of ONNX", _ONNX),
    ".parquet": ("a Parquet table", "pandas.read_parquet(FILE).to_csv('table.csv', index=False)"),
    ".xlsx": ("a workbook of Excel", "pandas.read_excel(FILE).to_csv('table.csv', index=False)"),
    ".mat": ("a file of MATLAB", _MATLAB),
}
# by the first bytes, for a file of another name
_STARTS = {
    b"\x80\x02": ".pkl", b"\x80\x03": ".pkl", b"\x80\x04": ".pkl", b"\x80\x05": ".pkl", b"\x89HDF": ".h5",
    b"PAR1": ".parquet", b"MATLAB 5.0": ".mat",
}  # fmt: skip


def refuse_foreign(path: str, source: str, start: bytes) -> None:
    """InputError for a file that its suffix or its first bytes tell to be one of another program."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix not in _FOREIGN:
        suffix = next((suffix for mark, suffix in _STARTS.items() if start.startswith(mark)), "")
    if suffix:
        what, line = _FOREIGN[suffix]
        how = line.replace("FILE", repr(os.path.basename(path)) if path.isprintable() else "FILE")
        raise InputError(f"{source} is {what}, which is not read", f"save its numbers in Python: {how}")
