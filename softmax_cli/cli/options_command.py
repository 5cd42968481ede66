"""options: what the options mean that several commands take."""

from .commands import command


@command("options", "what the options mean that commands share")
def options() -> None:
    """The options that commands share. Numbers are given inline, rows split by ; as in -W '1,2;3,4', as a print of
    NumPy, torch or MATLAB, or as a file. An option replaces what INPUT says. Those of the error: softmax-jac loss-grad
    --help."""
