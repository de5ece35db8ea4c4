import numpy as np
import pytest
from safetensors import SafetensorError
from safetensors.numpy import load_file

from infusion_core.array_files import save_arrays
from infusion_core.errors import OutputError


def test_what_is_saved_can_be_read_whatever_its_shape_and_order(tmp_path):
    path = tmp_path / "job" / "arrays.safetensors"
    arrays = {"a": np.arange(6.0).reshape(2, 3).T, "b": np.zeros((0, 3), bool), "c": np.float32(1.5)}
    save_arrays(path, arrays)
    found = load_file(path)
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)


def test_who_may_read_other_files_may_read_these(tmp_path):
    other, path = tmp_path / "other", tmp_path / "arrays.safetensors"
    other.touch()
    for _ in range(2):
        save_arrays(path, {"a": np.zeros(3)})
        assert path.stat().st_mode == other.stat().st_mode


def test_arrays_that_cannot_be_saved_leave_the_older_ones(tmp_path, monkeypatch):
    path = tmp_path / "arrays.safetensors"
    save_arrays(path, {"a": np.zeros(3)})
    before = path.read_bytes()

    def full(arrays, beside, metadata):
        beside.write_bytes(b"half")
        raise SafetensorError("No space left on device")

    monkeypatch.setattr("infusion_core.array_files.save_file", full)
    with pytest.raises(OutputError, match="No space left") as caught:
        save_arrays(path, {"a": np.ones(3)})
    assert caught.value.path == str(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
