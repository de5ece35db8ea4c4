from pathlib import Path

from infusion_core.job.losses import LossLog, read_losses


def test_losses_come_back_and_work_done_again_is_not_listed_twice(tmp_path: Path) -> None:
    path = tmp_path / "losses.jsonl"
    with LossLog(path, 0, 0) as log:
        for interval in range(2):
            for step in range(3):
                log.add(interval, step, interval + step / 10)
    with LossLog(path, 1, 1) as log:
        log.add(1, 1, 9.0)
    assert [(i, s) for i, s, _ in read_losses(path)] == [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]
    assert read_losses(path)[-1] == (1, 1, 9.0)


def test_a_line_that_a_kill_tore_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "losses.jsonl"
    path.write_text('{"interval": 0, "step": 0, "loss": 0.5}\n{"interval": 0, "st')
    assert read_losses(path) == [(0, 0, 0.5)]
    with LossLog(path, 0, 1) as log:
        log.add(0, 1, 0.25)
    assert read_losses(path) == [(0, 0, 0.5), (0, 1, 0.25)]
