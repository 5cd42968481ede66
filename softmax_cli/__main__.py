"""The way in, for the command and for python -m softmax_cli."""

import signal


def main() -> None:
    """Run the command line and exit."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is somebody to answer it, a quiet end
    from .cli.app import main as run

    run()


if __name__ == "__main__":
    main()
