"""A Dask cluster of two processes: the same bits as on one machine, and one line where it fails."""

import json
import re
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress

import numpy as np
import psutil
import pytest
from cluster import DASK, PATIENCE, two_workers, wait_for
from command import refused, run
from large import result, start, workers_of, write_shards

from softmax_cli import InputError
from softmax_cli.running.worker_pools import engine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are ended by signals"),
]


@pytest.fixture
def folder(tmp_path):
    write_shards(tmp_path, count=120)
    return tmp_path


@contextmanager
def halted(workers):
    """The workers stand still, in the middle of their work however fast they are."""
    for worker in workers:
        worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            with suppress(psutil.NoSuchProcess):
                worker.resume()


@contextmanager
def ended(process):
    """Whatever happens, the process does not outlive this."""
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def worked_before_the_call(folder, nanny):
    """The workers, with the seconds that each has worked when the command reaches the scheduler: their start goes on
    for some time on a busy machine."""
    wait_for(lambda: "Receive client connection" in (folder / "dask.log").read_text())
    return workers_of(nanny.pid)


def here(folder):
    with start(folder) as process:
        process.communicate(timeout=PATIENCE)
    return result(folder)


def test_a_worker_that_is_killed_in_the_middle_changes_nothing(folder):
    with two_workers(folder) as (address, nanny), ended(start(folder, "--workers", address)) as process:
        before = worked_before_the_call(folder, nanny)
        busy = wait_for(lambda: [w for w, time in workers_of(nanny.pid).items() if time > before[w] + 0.4])
        with halted(before):
            assert process.poll() is None
            busy[0].kill()
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert result(folder) == here(folder)


def test_a_scheduler_that_is_lost_ends_the_run_in_one_line(folder):
    with two_workers(folder) as (address, nanny):
        scheduler = next(child for child in psutil.Process().children() if "scheduler" in child.cmdline())
        with ended(start(folder, "--workers", address)) as process:
            before = sum(worked_before_the_call(folder, nanny).values())
            wait_for(lambda: sum(workers_of(nanny.pid).values()) > before + 0.4)
            with halted(workers_of(nanny.pid)):
                assert process.poll() is None
                scheduler.kill()
                out, said = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (2, b"")
    assert re.fullmatch(
        rf"softmax-jac: error: the scheduler of the cluster was lost, and \d+ of \d+ tasks are not done, "
        rf"first {folder}/x-\d+.npy\n",
        said.decode(),
    )
    assert not (folder / "g.npz").exists()


def test_a_row_that_is_wrong_is_named_with_its_shard(tmp_path):
    write_shards(tmp_path, count=3, rows=50)
    (tmp_path / "t-002.npy").unlink()
    np.save(tmp_path / "t-002.npy", np.full(50, 10))
    with two_workers(tmp_path) as (address, _):
        found = refused(
            "loss-grad", "-W", "W.npy", "-x", "x-*.npy", "--target", "t-*.npy", "--workers", address, cwd=tmp_path
        )
    assert found == [
        f"softmax-jac: error: {tmp_path}/x-002.npy: target 10 of input 0 does not exist: there are 10 outputs, 0 to 9"
    ]


def test_tls_takes_the_certificates_of_dasks_configuration(tmp_path):
    write_shards(tmp_path, count=3, rows=50)
    expected = here(tmp_path)
    made = ["-keyout", "key.pem", "-out", "cert.pem", "-days", "1", "-subj", "/CN=localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    configuration = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": str(tmp_path / "cert.pem")}
    for side in ("SCHEDULER", "WORKER", "CLIENT"):
        for what in ("cert", "key"):
            configuration[f"DASK_DISTRIBUTED__COMM__TLS__{side}__{what.upper()}"] = str(tmp_path / f"{what}.pem")
    shards = ["loss-grad", "-W", "W.npy", "-x", "x-*.npy", "--target", "t-*.npy", "-o", "g.npz"]
    with two_workers(tmp_path, protocol="tls", env=configuration) as (address, _):
        run(*shards, "--workers", address, cwd=tmp_path, env=configuration)
        without = refused(*shards, "--workers", address, cwd=tmp_path)
    assert result(tmp_path) == expected
    assert without == [
        f"softmax-jac: error: --workers {address} needs the certificates of this side",
        "they are distributed.comm.tls in Dask's configuration: ca-file, client.cert, client.key",
    ]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    made = tmp_path_factory.mktemp("small")
    write_shards(made, count=1, rows=5)
    return ["loss-grad", "-W", made / "W.npy", "-x", made / "x-000.npy", "--target", made / "t-000.npy", "--workers"]


@pytest.mark.parametrize("address", ["tcp://127.0.0.1", "ftp://localhost:8786", "tcp://"])
def test_what_is_no_address_is_refused(small, address):
    assert refused(*small, address) == [
        f"softmax-jac: error: --workers is {address}, where tcp://host:8786 or tls://host:8786 is expected"
    ]


@pytest.mark.parametrize("protocol", ["tcp", "tls"])
def test_a_scheduler_that_is_dead_is_one_line(monkeypatch, protocol):
    monkeypatch.setattr("softmax_cli.running.cluster.PATIENCE", 1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"{protocol}://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError) as caught, engine(address):
            pass
    assert str(caught.value) == f"no cluster answers at {address}: connection refused"


def test_a_server_that_says_nothing_is_not_waited_for_without_end(monkeypatch):
    monkeypatch.setattr("softmax_cli.running.cluster.PATIENCE", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(InputError) as caught, engine(address):
            pass
    assert str(caught.value) == f"no cluster answers at {address} within 1 seconds"
    assert caught.value.advice == "a scheduler that expects certificates is named by tls://"


@contextmanager
def scheduler_alone(folder):
    """Its address."""
    file = folder / "scheduler.json"
    made = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    with ended(subprocess.Popen([*DASK, "scheduler", *made], cwd=folder, stderr=subprocess.DEVNULL)):
        wait_for(lambda: file.exists() and file.read_text().strip())
        yield json.loads(file.read_text())["address"]


def test_a_cluster_without_workers_is_waited_for_and_that_is_said_once(tmp_path):
    write_shards(tmp_path, count=2, rows=50)
    with scheduler_alone(tmp_path) as address, ended(start(tmp_path, "--workers", address)) as process:
        line = process.stderr.readline()
        assert line.decode() == f"softmax-jac: the cluster at {address} has no workers: waiting for one\n"
        assert process.poll() is None
        worker = subprocess.Popen([*DASK, "worker", address, "--no-dashboard"], cwd=tmp_path, stderr=subprocess.DEVNULL)
        with ended(worker):
            assert process.communicate(timeout=PATIENCE) == (b"", b"")
            worker.terminate()
            worker.wait(30)
    assert result(tmp_path) == here(tmp_path)


def test_waiting_for_workers_is_ended_by_ctrl_c(tmp_path):
    write_shards(tmp_path, count=2, rows=50)
    answered = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with scheduler_alone(tmp_path) as address, ended(start(tmp_path, "--workers", address, **answered)) as process:
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=PATIENCE) == (b"", b"")
    assert process.returncode == 130
    assert not (tmp_path / "g.npz").exists()
