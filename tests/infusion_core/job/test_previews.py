from pathlib import Path

import numpy as np
import OpenImageIO as oiio

from infusion_core.box import Box
from infusion_core.colour import ColourTransform
from infusion_core.job.previews import HOLE_GREY, MAX_WIDTH, preview_picture, write_preview
from infusion_core.shot import Shot


def make_shot(width: int = 16) -> Shot:
    hole = np.zeros((3, 8, width), bool)
    hole[0, 1:7, 1:9] = True  # the largest, but on a handle
    hole[2, 2:6, 2:6] = True
    plate = np.where(hole[..., None], 0, 0.5).astype(np.float32).repeat(3, axis=-1)
    return Shot(
        frames=(1, 2, 3),
        box=Box(0, 0, width, 8),
        plate=plate,
        hole=hole,
        known=~hole,
        blend=hole.astype(np.float32),
        colour=ColourTransform("display"),
        handles=(1,),
    )


def test_plate_and_fill_stand_side_by_side_whatever_the_resolution_of_the_fill() -> None:
    shot = make_shot()
    picture = preview_picture(shot, np.full((3, 4, 8, 3), -1.0, np.float32))
    assert picture.shape == (8, 32, 3)
    hole = shot.hole[2]
    np.testing.assert_allclose(picture[:, :16][hole], HOLE_GREY)
    np.testing.assert_allclose(picture[:, 16:][hole], 0.0, atol=1e-6)
    np.testing.assert_allclose(picture[:, :16][~hole], 0.75)
    np.testing.assert_allclose(picture[:, 16:][~hole], 0.75)


def test_the_file_is_a_picture_of_bounded_size(tmp_path: Path) -> None:
    path = tmp_path / "previews" / "interval_00.png"
    write_preview(path, make_shot(width=800), np.zeros((3, 8, 800, 3), np.float32))
    spec = oiio.ImageBuf(str(path)).spec()
    assert spec.nchannels == 3
    assert 0 < spec.width <= MAX_WIDTH
    assert list(path.parent.iterdir()) == [path]
