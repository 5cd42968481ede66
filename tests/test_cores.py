import pytest

from softmax_cli import cores


def refuse():
    raise RuntimeError("can't start new thread")


@pytest.mark.parametrize("threads", [True, False])
def test_every_part_is_worked_on_once_and_not_before_it_is_ready(monkeypatch, threads):
    if not threads:
        monkeypatch.setattr(cores, "_helpers", refuse)
    ready, done = [], []

    def then(part):
        assert part in ready
        done.append(part)

    cores.shared(range(50), ready.append, then)
    assert ready == list(range(50))
    assert sorted(done) == ready


def test_an_error_on_any_core_reaches_the_caller():
    def fail_at_3(part):
        if part == 3:
            raise ValueError(part)

    with pytest.raises(ValueError, match=r"^3$"):
        cores.shared(range(50), lambda part: None, fail_at_3)


def test_an_interrupt_leaves_no_thread_waiting():
    def interrupted(part):
        if part == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cores.shared(range(50), interrupted, lambda part: None)
    assert cores._helpers().submit(lambda: "free").result(timeout=60) == "free"
