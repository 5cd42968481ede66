"""How many threads numpy's BLAS may start: where it gets fewer than it wants, it sends its own process SIGINT."""

import os
from _thread import allocate_lock, start_new_thread  # of threading, a start waits for the thread to run


def limit_blas_threads() -> None:
    """Before numpy is loaded: keep its BLAS to one thread if one for every other core is not to be had."""
    lock = allocate_lock()

    def wait() -> None:
        with lock:
            pass

    with lock:  # so that all of them are there at once
        try:
            for _ in range((os.cpu_count() or 1) - 1):
                start_new_thread(wait, ())
        except RuntimeError:
            os.environ["OPENBLAS_NUM_THREADS"] = "1"
