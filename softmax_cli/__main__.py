"""The way in, for the command and for python -m softmax_cli."""


def main() -> None:
    """Run the command line and exit."""
    try:
        import signal

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # until there is somebody to answer it, a quiet end
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    from .cli.app import main as run

    run()


if __name__ == "__main__":
    main()
