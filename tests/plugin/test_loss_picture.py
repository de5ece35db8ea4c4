"""The loss curve as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import OpenImageIO as oiio
from infusion_plugin.loss_picture import BACKGROUND, COLOURS, HEIGHT, WIDTH, LossPicture


def add(losses: Path, interval: int, values: list[float]) -> None:
    with losses.open("a") as file:
        for step, loss in enumerate(values):
            file.write(json.dumps({"interval": interval, "step": step, "loss": loss}) + "\n")


def pixels(picture: Path | None) -> np.ndarray:
    assert picture is not None
    return np.asarray(oiio.ImageBuf(str(picture)).get_pixels(oiio.UINT8))[..., :3]


def test_a_falling_loss_falls_in_the_picture_and_intervals_differ(tmp_path: Path) -> None:
    losses = tmp_path / "losses.jsonl"
    drawing = LossPicture(losses, tmp_path / "previews" / "loss.png")
    assert drawing.update() is None
    add(losses, 0, list(np.geomspace(1.0, 1e-2, 300)))
    first = pixels(drawing.update())
    assert first.shape == (HEIGHT, WIDTH, 3)
    rows = [np.argmax(np.any(first[:, x] != BACKGROUND, axis=-1)) for x in range(WIDTH)]
    assert np.all(np.diff(rows) >= 0)
    assert rows[0] < 5
    assert rows[-1] > HEIGHT - 10
    add(losses, 1, [1e-2] * 300)
    both = pixels(drawing.update())
    colours = {tuple(pixel) for pixel in both.reshape(-1, 3)}
    assert colours == {BACKGROUND, *COLOURS}


def test_lines_that_cannot_be_drawn_are_left_out(tmp_path: Path) -> None:
    losses = tmp_path / "losses.jsonl"
    losses.write_text(
        'rubbish\n{"interval": 0, "loss": NaN}\n{"interval": 0, "loss": 0.5}\n{"interval": 0, "lo'
    )
    drawing = LossPicture(losses, tmp_path / "loss.png")
    assert np.any(pixels(drawing.update()) != BACKGROUND)
