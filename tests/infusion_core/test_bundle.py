import json

import numpy as np
import pytest

from infusion_core.bundle import MANIFEST, export_bundle, open_bundle
from infusion_core.engine.run import run
from infusion_core.errors import InfusionError, InputError, OutputError
from infusion_core.intervals import resolve_intervals
from infusion_core.settings import override


@pytest.fixture(scope="module")
def made(waves, tiny_settings):
    """A shot, settings and each interval's weights."""
    weights = []
    run(waves, tiny_settings(), on_interval=lambda result: weights.append(result.weights))
    return waves, tiny_settings(), weights


@pytest.fixture
def folder(made, tmp_path):
    shot, settings, weights = made
    export_bundle(tmp_path / "bundle", settings, weights, shot)
    return tmp_path / "bundle"


def change(folder, **entries):
    path = folder / MANIFEST
    manifest = json.loads(path.read_text())
    manifest.update(entries)
    path.write_text(json.dumps({k: v for k, v in manifest.items() if v is not None}))


def test_a_bundle_tells_all_that_rendering_needs(made, folder):
    shot, settings, _ = made
    bundle = open_bundle(folder)
    assert bundle.settings == override(settings, {"sampling": {"hold_coarser": "off"}}), "the shot has set it"
    assert bundle.intervals == resolve_intervals(settings)
    assert bundle.colour == shot.colour
    assert bundle.box == shot.box
    assert bundle.frames == shot.frames
    assert [model.name for model in bundle.models] == [f"interval_0{k}.onnx" for k in range(3)]
    np.testing.assert_allclose(bundle.basis.decode(bundle.basis.encode(shot.plate)), shot.plate, atol=1e-5)
    assert sorted(path.name for path in folder.parent.iterdir()) == ["bundle"]
    versions = json.loads((folder / MANIFEST).read_text())["versions"]
    assert versions["torch"] != "not installed"


def test_a_bundle_tells_the_take_of_its_run(made, tmp_path, tiny_settings):
    shot, _, weights = made
    settings = tiny_settings(run={"seed": 4}, sampling={"layouts": 3})
    export_bundle(tmp_path / "several", settings, weights, shot, layout=2)
    bundle = open_bundle(tmp_path / "several")
    assert (bundle.seed, bundle.layout) == (4, 2)
    change(tmp_path / "several", layout=3)
    with pytest.raises(InputError, match="no layout 3"):
        open_bundle(tmp_path / "several")


def test_bundles_from_before_layouts_have_one(folder):
    change(folder, layout=None)
    assert open_bundle(folder).layout == 0


def test_a_new_bundle_takes_the_place_of_the_old_one(made, folder):
    shot, settings, weights = made
    (folder / "stray.txt").write_text("old")
    export_bundle(folder, settings, weights, shot)
    assert not (folder / "stray.txt").exists()
    open_bundle(folder)


def test_a_folder_that_cannot_be_written_is_an_output_error_and_leaves_nothing(made, tmp_path):
    shot, settings, weights = made
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="Cannot write the bundle"):
        export_bundle(tmp_path / "file" / "bundle", settings, weights, shot)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_no_bundle_is_named_with_a_remedy(tmp_path):
    with pytest.raises(InputError, match=r"manifest.*Name a job folder"):
        open_bundle(tmp_path / "nothing")


@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_a_model_that_is_missing_or_damaged_is_named(folder, damage):
    model = folder / "interval_01.onnx"
    content = model.read_bytes()
    model.unlink()
    if damage != "missing":
        middle = len(content) // 2
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        model.write_bytes(content[:-1] if damage == "cut" else changed)
    with pytest.raises(InputError, match=r"interval_01\.onnx.*model") as caught:
        open_bundle(folder)
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "null", '{"schema_version": 99}'])
def test_a_damaged_manifest_is_an_input_error(folder, text):
    (folder / MANIFEST).write_text(text)
    with pytest.raises(InputError, match=r"manifest\.json"):
        open_bundle(folder)


@pytest.mark.parametrize(
    "name", ["settings", "intervals", "models", "colour", "basis", "box", "frames", "multiple"]
)
@pytest.mark.parametrize("value", [None, [], {}, "wrong", 7.5])
def test_a_manifest_with_an_entry_gone_or_wrong_is_refused(folder, name, value):
    if name == "frames" and value in ([], {}):
        pytest.skip("rendering reads its frames from the plate")
    change(folder, **{name: value})
    with pytest.raises(InfusionError):
        open_bundle(folder)


def test_models_and_intervals_must_match(folder):
    models = json.loads((folder / MANIFEST).read_text())["models"]
    change(folder, models=models[:2])
    with pytest.raises(InputError, match=r"manifest"):
        open_bundle(folder)


def test_a_manifest_reaches_no_file_outside_its_folder(folder):
    (folder.parent / "outside.onnx").write_bytes(b"x")
    models = json.loads((folder / MANIFEST).read_text())["models"]
    models[0]["file"] = "../outside.onnx"
    change(folder, models=models)
    with pytest.raises(InputError, match="lacks a model"):
        open_bundle(folder)
