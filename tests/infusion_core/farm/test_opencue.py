"""OpenCue jobs: what their XML says, and a launch at a stand-in for the Cuebot."""

import os
import shlex
import xml.etree.ElementTree as ElementTree

import pytest
from cue_farm import StandInCuebot, frames_of
from farm_shots import INTERVALS

STEPS = ["prepare", *(f"train_{k:02d}" for k in range(INTERVALS)), "export", "assemble"]


@pytest.fixture(autouse=True)
def _plain_settings(monkeypatch) -> None:
    """Nothing of the artist's or the studio's own."""
    for name in ("SHOW", "SHOT", "FACILITY", "RENDER_TO", "OL_TAG_OVERRIDE", "OL_OS"):
        monkeypatch.delenv(name, raising=False)


def submitted(listed, infusion_here, *more: str) -> ElementTree.Element:
    """The job that the command writes for a list."""
    xml = listed.path.parent / "job.xml"
    words = ("submit", str(listed.path), "--farm", "opencue", "--output", str(xml))
    done = infusion_here(*words, *more)
    assert done.returncode == 0, done.stderr
    assert str(xml) in done.stdout
    return ElementTree.fromstring(xml.read_text())


def test_every_task_is_a_layer_that_waits_for_the_one_before(make_list, infusion_here, monkeypatch) -> None:
    monkeypatch.setenv("SHOW", "fireworks")
    monkeypatch.setenv("SHOT", "sq010")
    listed = make_list(2)
    spec = submitted(listed, infusion_here)
    assert (spec.findtext("show"), spec.findtext("shot")) == ("fireworks", "sq010")
    assert [job.attrib["name"] for job in spec.iter("job")] == ["infusion_shots"]
    names = [layer.attrib["name"] for layer in spec.iter("layer")]
    assert names == [f"{shot.name}_{step}" for shot in listed.shots for step in STEPS]
    waits = [
        (one.attrib["type"], one.findtext("deplayer"), one.findtext("onlayer"))
        for one in spec.findall("depends/depend")
    ]
    last = f"train_{INTERVALS - 1:02d}"
    chain = list(zip(STEPS[1:-2], STEPS, strict=False))
    assert waits == [
        ("LAYER_ON_LAYER", f"{shot.name}_{later}", f"{shot.name}_{earlier}")
        for shot in listed.shots
        for later, earlier in [*chain, ("export", last), ("assemble", last)]
    ]
    assert all((shot.job / "job.json").exists() for shot in listed.shots)


def test_in_parallel_mode_intervals_wait_for_the_trunk_alone(make_list, infusion_here) -> None:
    spec = submitted(make_list(1, mode="parallel"), infusion_here)
    waits = {(one.findtext("deplayer"), one.findtext("onlayer")) for one in spec.findall("depends/depend")}
    experts = [f"sh000_train_{k:02d}" for k in range(INTERVALS)]
    assert waits == {
        ("sh000_trunk", "sh000_prepare"),
        *((expert, "sh000_trunk") for expert in experts),
        *(("sh000_sample", expert) for expert in experts),
        ("sh000_export", "sh000_sample"),
        ("sh000_assemble", "sh000_sample"),
    }
    commands = [shlex.split(frame.command) for frame in frames_of(ElementTree.tostring(spec, "unicode"))]
    assert {command[3] for command in commands} >= {"trunk", "train", "sample"}


def test_frames_are_chunks_and_commands_are_ours_without_wrappers(make_list, infusion_here) -> None:
    listed = make_list(1)
    spec = submitted(listed, infusion_here, "--chunk", "3")
    layers = {layer.attrib["name"]: layer for layer in spec.iter("layer")}
    assert [(layer.findtext("range"), layer.findtext("chunk")) for layer in layers.values()] == [
        *[("1", "1")] * (INTERVALS + 2),
        ("1001-1004", "3"),
    ]
    commands = [shlex.split(frame.command) for frame in frames_of(ElementTree.tostring(spec, "unicode"))]
    job = str(listed.shots[0].job)
    assert all(command[1:3] == ["-m", "infusion_core.cli"] and command[4] == job for command in commands)
    assert [command[3] for command in commands] == [
        "prepare", *["train"] * INTERVALS, "export", "assemble", "assemble"
    ]  # fmt: skip
    assert [command[-1] for command in commands if command[3] == "train"] == ["0", "1", "2"]
    assert [command[-2:] for command in commands[-2:]] == [
        ["--frames", "1001,1002,1003"],
        ["--frames", "1004"],
    ]


def test_training_reserves_a_gpu_and_memory_where_the_shot_says_so(make_list, infusion_here) -> None:
    listed = make_list(1)
    spec = submitted(listed, infusion_here)
    assert not list(spec.iter("gpus")), "its device is the CPU"
    listed.path.write_text(
        listed.path.read_text().replace("[[shots]]", 'device = "cuda"\nmemory = 6.5\n[[shots]]')
    )
    for shot in listed.shots:
        (shot.job / "job.json").unlink()
    spec = submitted(listed, infusion_here)
    gpus = {layer.attrib["name"]: layer.findtext("gpus") for layer in spec.iter("layer")}
    assert {name for name, count in gpus.items() if count == "1"} == {
        f"sh000_train_{k:02d}" for k in range(INTERVALS)
    }
    assert {layer.findtext("memory") for layer in spec.iter("layer")} == {"7g"}


@pytest.mark.parametrize(
    ("given", "part"),
    [
        (('name = "sh001"', 'name = "SH000"'), "'sh000' is that of another shot"),
        (("[[shots]]", 'device = "cuda:1"\n[[shots]]'), "'cuda:1' of 'sh000' is one machine's"),
    ],
)
def test_what_opencue_cannot_hold_is_refused(make_list, infusion_here, given, part: str) -> None:
    listed = make_list(2)
    listed.path.write_text(listed.path.read_text().replace(*given, 1))
    never = listed.path.parent / "never.xml"
    done = infusion_here("submit", str(listed.path), "--farm", "opencue", "--output", str(never))
    assert done.returncode == 2
    assert part in done.stderr
    assert not never.exists()
    assert not any(shot.job.exists() for shot in listed.shots)


def test_a_job_is_launched_where_a_cuebot_answers(make_list, infusion) -> None:
    listed = make_list(1)
    words = ("submit", str(listed.shots[0].job), "--farm", "opencue")
    written = str(listed.path.with_name("job.xml"))
    assert infusion("submit", str(listed.path), "--farm", "opencue", "--output", written).returncode == 0
    with StandInCuebot() as cuebot:
        done = infusion(*words, CUEBOT_HOSTS=f"localhost:{cuebot.port}")
        assert done.returncode == 0, done.stderr
        assert "show-shot-me_infusion_clean" in done.stdout
        (spec,) = cuebot.jobs
        assert [frame.layer for frame in frames_of(spec)] == [f"clean_{step}" for step in STEPS]
        cuebot.refuses = "The show testing does not exist."
        refused = infusion(*words, CUEBOT_HOSTS=f"localhost:{cuebot.port}")
        assert refused.returncode == 1
        assert "testing does not exist" in refused.stderr.strip().splitlines()[-1]
        port = cuebot.port
    silent = infusion(*words, CUEBOT_HOSTS=f"localhost:{port}")
    assert silent.returncode == 1
    assert "No Cuebot answers" in silent.stderr.strip().splitlines()[-1]
    assert "--output" in silent.stderr


def test_cuda_sees_the_gpus_that_rqd_has_reserved(make_list, infusion_here, monkeypatch) -> None:
    listed = make_list(1)
    submitted(listed, infusion_here)
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.setenv(name, "as it was")
    assert infusion_here("prepare", str(listed.shots[0].job)).returncode == 0
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "as it was"
    monkeypatch.setenv("CUE_GPU_CORES", "2,5")
    assert infusion_here("prepare", str(listed.shots[0].job)).returncode == 0
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "2,5"
    assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"
