"""What a user can mend."""


class InputError(ValueError):
    """Something the caller can mend. `advice` says how, where more than the message is needed, and is
    its note, which tracebacks show.

    >>> from softmax_cli import InputError, forward
    >>> try:
    ...     forward([1.0, float("nan")], [[0.5, 0.0], [0.0, 0.5]])
    ... except InputError as error:
    ...     print(error)
    x[1] is nan, where a finite number is expected
    """

    __module__ = "softmax_cli"  # where users meet it, and what a traceback says

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice
        if advice:
            self.add_note(advice)  # a traceback ends with it
