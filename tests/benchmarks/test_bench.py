"""The bench on small clips of its own making: matrix, baselines, rows, resuming, report."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import OpenImageIO
import pytest

from benchmarks.baselines import BASELINES, temporal_median
from benchmarks.clips import load_clip
from benchmarks.curve import quality_curve
from benchmarks.matrix import read_matrix
from benchmarks.report import averages, markdown
from benchmarks.row import measure_again, run_row
from benchmarks.run import run_bench
from infusion_core.errors import InputError, SettingsError

cv2 = pytest.importorskip("cv2")

MATRIX = """
[bench]
clips = ["ramp"]
holes = ["static", "moving"]
width = 48
frames = 6

[[method]]
baseline = "telea"

[[method]]
baseline = "temporal-median"

[[method]]
name = "recipe"
preset = "paper"
budgets = [0.01, 1.0]
set = ["training.window=4"]
"""


def _write(path, picture):
    path.parent.mkdir(parents=True, exist_ok=True)
    OpenImageIO.ImageBuf(np.ascontiguousarray(picture, np.float32)).write(str(path), "uint8")


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """A still ramp with a flickering corner; the moving hole reveals everything, the static one nothing."""
    folder = tmp_path_factory.mktemp("clips")
    home = folder / "ramp"
    across = np.linspace(0.1, 0.9, 64)[None, :, None]
    down = np.linspace(0.2, 1.0, 40)[:, None, None]
    rng = np.random.default_rng(0)
    for frame in range(8):
        picture = across * down * np.array([1.0, 0.7, 0.4])
        picture[:10, :10] = rng.random((10, 10, 3))
        _write(home / "frames" / f"{frame:05d}.png", picture)
        moving = np.zeros((40, 64, 1))
        moving[12:26, 8 + 6 * frame : 20 + 6 * frame] = 1
        _write(home / "mask_moving" / f"{frame:05d}.png", moving)
    static = np.zeros((40, 64, 1))
    static[12:28, 24:44] = 1
    _write(home / "mask_static.png", static)
    (home / "clip.json").write_text(json.dumps({"width": 64, "height": 40, "fps": 25}))
    return folder


@pytest.fixture
def matrix(tmp_path):
    path = tmp_path / "matrix.toml"
    path.write_text(MATRIX)
    return path


def test_clips_are_read_at_the_scale_asked_for(clips):
    clip = load_clip(clips, "ramp", "static", 32, 5)
    assert clip.truth.shape == (5, 20, 32, 3)
    assert clip.hole.shape == (5, 20, 32)
    assert clip.hole[0].mean() == pytest.approx(16 * 20 / (40 * 64), abs=0.03)
    assert (clip.plate[clip.hole] == 0).all()
    assert np.array_equal(clip.plate[~clip.hole], clip.truth[~clip.hole])


def test_missing_clips_frames_and_holes_are_named(clips):
    with pytest.raises(InputError, match="nothere"):
        load_clip(clips, "nothere", "static", 32, 5)
    with pytest.raises(InputError, match="8 frames"):
        load_clip(clips, "ramp", "static", 32, 9)
    with pytest.raises(InputError, match="sideways"):
        load_clip(clips, "ramp", "sideways", 32, 5)


def test_made_clips_have_the_size_asked_for_and_the_wall_is_revealed(clips):
    for name in ("made-demo", "made-revealed"):
        clip = load_clip(clips, name, "moving", 48, 6)
        assert clip.truth.shape[0] == 6
        assert clip.truth.shape[2] == 48
        assert clip.hole.shape == clip.truth.shape[:3]
        assert clip.hole.any(axis=(1, 2)).all()
    assert not clip.hole.all(axis=0).any()
    fill = temporal_median(clip.plate, clip.hole)
    assert np.abs(fill - clip.truth)[clip.hole].mean() < 0.01


def test_the_matrix_is_interleaved_and_budgets_scale_training(matrix):
    rows = read_matrix(matrix)
    assert [row.label for row in rows[:4]] == ["telea", "temporal-median", "recipe x0.01", "recipe"]
    assert [row.shot.hole for row in rows] == ["static"] * 4 + ["moving"] * 4
    assert rows[2].settings().stages[0].training_steps == 20
    assert rows[3].settings().stages[0].training_steps == 2000
    assert rows[3].settings().training.window == 4
    assert len({row.key for row in rows}) == len(rows)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[bench]\nclip = []", "clip"),
        ('[bench]\nclips = ["a"]\n[[method]]\nname = "x"', "preset"),
        ('[bench]\nclips = ["a"]\n[[method]]\nbaseline = "magic"', "magic"),
        ('[bench]\nclips = ["a"]\n[[method]]\npreset = "paper"\nset = ["training.windw=4"]', "windw"),
        ('[bench]\nclips = ["a"]', "no rows"),
        ("[bench", "Cannot read"),
    ],
)
def test_a_wrong_matrix_is_refused_before_any_run(tmp_path, text, reason):
    path = tmp_path / "matrix.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=reason):
        read_matrix(path)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("hole", ["static", "moving"])
def test_baselines_fill_the_hole_and_touch_nothing_else(clips, name, hole):
    clip = load_clip(clips, "ramp", hole, 0, 8)
    result = BASELINES[name](clip.plate, clip.hole)
    assert result.dtype == np.float32
    assert np.array_equal(result[~clip.hole], clip.plate[~clip.hole])
    assert np.isfinite(result).all()
    assert np.abs(result - clip.truth)[clip.hole].mean() < 0.2


def test_the_temporal_median_brings_back_a_still_background(clips):
    clip = load_clip(clips, "ramp", "moving", 0, 8)
    result = temporal_median(clip.plate, clip.hole)
    assert np.abs(result - clip.truth)[clip.hole].max() < 1e-6


@pytest.mark.slow
def test_rows_are_run_once_and_reported(clips, tmp_path, matrix, monkeypatch):
    monkeypatch.syspath_prepend(str(matrix.parent))
    rows = [row for row in read_matrix(matrix) if row.baseline and row.shot.hole == "static"]
    out = tmp_path / "out"
    assert run_bench(rows[:1], clips, out, "bench") == 0
    first = (out / "rows" / f"{rows[0].key}.json").read_text()
    assert run_bench(rows, clips, out, "bench") == 0
    assert (out / "rows" / f"{rows[0].key}.json").read_text() == first
    report = json.loads((out / "report.json").read_text())
    assert [row["label"] for row in report["rows"]] == ["telea", "temporal-median"]
    for row in report["rows"]:
        assert row["seconds"] > 0
        assert row["memory_bytes"] > 2**20
        assert row["machine"]["versions"]["numpy"] == np.__version__
        assert row["metrics"]["score"] is not None
        assert (out / "sheets" / f"{row['key']}.png").stat().st_size > 1000
        assert (out / "videos" / f"{row['key']}.webp").stat().st_size > 1000
    row = report["rows"][0]
    measure_again(rows[0], clips, out)
    again = json.loads((out / "rows" / f"{row['key']}.json").read_text())
    assert again["seconds"] == row["seconds"]
    assert again["metrics"]["psnr_db"] == pytest.approx(row["metrics"]["psnr_db"], abs=0.05)
    text = (out / "report.md").read_text()
    assert "| telea |" in text
    assert text.count("| ramp |") == 2


TINY = """
[bench]
clips = ["ramp"]
holes = ["static"]
width = 48
frames = 6

[[method]]
preset = "paper"
set = [
    "stages.intervals=2", "stages.training_steps=2", "diffusion.num_steps=10", "network.channels=4",
    "training.window=4", "run.threads=1",
]
"""


def test_a_row_that_was_stopped_goes_on_where_it_stood(clips, tmp_path):
    pytest.importorskip("torch")
    matrix = tmp_path / "tiny.toml"
    matrix.write_text(TINY)
    (row,) = read_matrix(matrix)
    once, twice = tmp_path / "once", tmp_path / "twice"
    whole = run_row(row, clips, once)
    assert whole["starts"] == 1

    def stop(progress):
        if list(twice.glob("unfinished/*.json")):
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run_row(row, clips, twice, stop)
    assert not (twice / "rows").exists()
    before = json.loads(next(twice.glob("unfinished/*.json")).read_text())
    seen = []
    facts = run_row(row, clips, twice, lambda progress: seen.append(progress.fraction))
    assert min(seen) > 0.4
    assert facts["starts"] == 2
    assert facts["cpu_seconds"] > before["cpu_seconds"] > 0
    assert not list((twice / "unfinished").iterdir())
    fills = [np.load(out / "results" / f"{row.key}.npz")["result"] for out in (once, twice)]
    assert fills[0].tobytes() == fills[1].tobytes()


def test_a_row_that_fails_is_counted_and_does_not_stop_the_others(clips, tmp_path, matrix):
    rows = [row for row in read_matrix(matrix) if row.baseline and row.shot.hole == "static"]
    (tmp_path / "empty").mkdir()
    assert run_bench(rows, tmp_path / "empty", tmp_path / "out", "bench") == len(rows)
    assert not (tmp_path / "out" / "rows").exists()


def test_averages_are_means_over_rows_and_leave_out_what_is_missing():
    machine = {"device": "d", "system": "s", "python": "3", "versions": {}, "commit": "abc"}
    common = {
        "label": "m",
        "method": "m",
        "clip": "c",
        "hole": "static",
        "seed": 0,
        "size": [4, 2, 3],
        "cpu_seconds": 4.0,
        "flops": 2e12,
        "memory_bytes": 2**20,
        "machine": machine,
    }
    rows = [
        common | {"seconds": 1.0, "metrics": {"score": 10.0, "flip": None}},
        common | {"seconds": 3.0, "metrics": {"score": 30.0, "flip": 0.5}},
    ]
    (mean,) = averages(rows)
    assert mean["seconds"] == 2.0
    assert mean["metrics"] == {"score": 20.0, "flip": 0.5}
    text = markdown(rows, "the command")
    assert "3x2, 4 frames" in text
    assert "commit abc" in text
    assert "| m | 2 | 2.0 | 4.0 | 2.00 | 1 | 20.0 |" in text


def test_the_curve_shows_budgets_as_a_line_and_baselines_as_a_level():
    def mean(method, flops, score):
        return {"method": method, "flops": flops, "metrics": {"score": score}}

    drawn = quality_curve([mean("ours", 1e12, 30.0), mean("ours", 1e14, 60.0), mean("telea", None, 15.0)])
    root = ElementTree.fromstring(drawn)
    (line,) = root.findall(".//{*}polyline")
    (x0, y0), (x1, y1) = (map(float, point.split(",")) for point in line.get("points").split())
    assert x0 < x1
    assert y0 > y1
    assert any(path.get("stroke-dasharray") for path in root.findall(".//{*}path"))
    assert quality_curve([mean("telea", None, 15.0)]) is None


_ENDLESS = """
import multiprocessing, time
from benchmarks.run import stop_with_parent

def work():
    stop_with_parent()
    print("at work", flush=True)
    time.sleep(600)

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=work)
    child.start()
    child.join()
"""


def test_a_row_stops_when_the_bench_is_killed(tmp_path):
    script = tmp_path / "endless.py"
    script.write_text(_ENDLESS)
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": root}
    ) as bench:
        assert bench.stdout.readline() == b"at work\n"
        bench.kill()
        bench.communicate(timeout=20)  # ends when the row, too, has let go of its output
