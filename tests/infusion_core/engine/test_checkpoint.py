import numpy as np
import pytest
from safetensors.numpy import save_file

from infusion_core.engine.checkpoint import State
from infusion_core.errors import JobError


def state(value=0.5):
    tensors = {
        "weight/a": np.full((2, 3), value, np.float32),
        "optimiser/step/a": np.array(7.0, np.float32),
        "strided": np.arange(12, dtype=np.float32).reshape(3, 4).T,
        "empty": np.zeros((0, 3), np.float32),
    }
    return State(interval=2, phase="denoise", step=5, tensors=tensors)


def test_a_state_survives_the_disk(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    state().save(path)
    loaded = State.load(path)
    assert (loaded.interval, loaded.phase, loaded.step) == (2, "denoise", 5)
    assert loaded.tensors.keys() == state().tensors.keys()
    for name, tensor in state().tensors.items():
        assert loaded.tensors[name].dtype == tensor.dtype
        assert loaded.tensors[name].shape == tensor.shape
        np.testing.assert_array_equal(loaded.tensors[name], tensor)
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_while_writing_leaves_the_older_state(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.safetensors"
    state().save(path)

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", crash)
    with pytest.raises(KeyboardInterrupt):
        state(0.9).save(path)
    np.testing.assert_array_equal(State.load(path).tensors["weight/a"], state().tensors["weight/a"])


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "not safetensors", "folder"])
def test_a_file_that_is_no_checkpoint_is_a_job_error_that_names_it(tmp_path, damage):
    path = tmp_path / "checkpoint.safetensors"
    state().save(path)
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage != "missing":
        path.write_bytes({"empty": b"", "cut": content[:-9], "not safetensors": b"x" * 99}[damage])
    with pytest.raises(JobError, match=r"checkpoint\.safetensors.*Start the job anew"):
        State.load(path)


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"schema_version": "999"},
        {"schema_version": "1"},
        {"schema_version": "1", "where": "{"},
        {"schema_version": "1", "where": '{"interval": 0}'},
    ],
)
def test_a_checkpoint_without_its_place_in_the_run_is_a_job_error(tmp_path, metadata):
    path = tmp_path / "checkpoint.safetensors"
    save_file({"a": np.zeros(1, np.float32)}, path, metadata)
    with pytest.raises(JobError, match=r"checkpoint\.safetensors"):
        State.load(path)
