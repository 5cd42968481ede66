"""What a user can mend."""


class InputError(ValueError):
    """Something the caller can mend. `advice` says how, where more than the message is needed."""

    __module__ = "softmax_cli"  # where users meet it, and what a traceback says

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice
