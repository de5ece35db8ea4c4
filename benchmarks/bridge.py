"""What the native bridge saves: splicing and region reads against OpenImageIO, side by side.

    python benchmarks/bridge.py
    python benchmarks/bridge.py --frames 4 --compressions zip piz dwaa --tile 64

Every frame is a 4096x2160 plate of half R, G, B, A and Z, with a hole of 400x300 in the middle.
Plates, results and timings live in a temporary folder (--folder to choose the disk); it needs about
3 GB for 24 frames. The ways take turns frame by frame, files warm in the cache; medians are shown.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import OpenImageIO as oiio

from infusion_core.box import Box
from infusion_core.cores import usable_cores
from infusion_core.io import native

WIDTH, HEIGHT = 4096, 2160
CHANNELS = ("R", "G", "B", "A", "Z")
HOLE = Box(1848, 930, 2248, 1230)
LOSSY = ("dwa", "b44")
Way = Callable[[Path, Path, np.ndarray, np.ndarray], None]  # source, target, fill, mask


def write_plate(path: Path, compression: str, tile: int) -> None:
    """A plate of smooth light with film grain; alpha 1 and smooth depth."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    light = 0.4 + 0.3 * np.sin(x / 310) * np.cos(y / 170)
    pixels = np.empty((HEIGHT, WIDTH, 5), np.float16)
    for c in range(3):
        pixels[..., c] = light * (0.6 + 0.2 * c) + rng.normal(0, 0.01, light.shape)
    pixels[..., 3] = 1
    pixels[..., 4] = 10 + x / 100 + y / 50
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 5, "half")
    spec.channelnames = CHANNELS
    spec.attribute("compression", compression)
    buffer = oiio.ImageBuf(spec)
    if tile:
        buffer.set_write_tiles(tile, tile)
    buffer.set_pixels(oiio.ROI(0, WIDTH, 0, HEIGHT, 0, 1, 0, 5), pixels)
    if not buffer.write(str(path)):
        raise OSError(buffer.geterror())


def splice_natively(exact: bool) -> Way:
    def way(source: Path, target: Path, fill: np.ndarray, mask: np.ndarray) -> None:
        pixels = {name: fill[..., c] for c, name in enumerate("RGB")}
        native.splice(source, target, box=HOLE, pixels=pixels, mask=mask, exact=exact)

    return way


def rewrite_by_oiio(source: Path, target: Path, fill: np.ndarray, mask: np.ndarray) -> None:
    """Read, modify, write: the whole frame through OpenImageIO, zip where the plate is lossy."""
    buffer = oiio.ImageBuf(str(source))
    buffer.read(0, 0, True, "half")
    region = oiio.ROI(HOLE.x0, HOLE.x1, HOLE.y0, HOLE.y1, 0, 1, 0, 3)
    pixels = np.array(buffer.get_pixels("half", region))
    pixels[mask] = fill[mask]
    buffer.set_pixels(region, pixels)
    if buffer.spec().get_string_attribute("compression").startswith(LOSSY):
        buffer.specmod().attribute("compression", "zip")
    if not buffer.write(str(target)):
        raise OSError(buffer.geterror())


def open_exr(path: Path) -> oiio.ImageInput:
    file = oiio.ImageInput.open(str(path))
    if file is None:
        raise OSError(oiio.geterror())
    return file


def same_pixels(a: Path, b: Path) -> bool:
    return not oiio.ImageBufAlgo.compare(oiio.ImageBuf(str(a)), oiio.ImageBuf(str(b)), 0.0, 0.0).nfail


def region_natively(paths: list[Path], threads: int) -> np.ndarray:
    out = np.empty((len(paths), HOLE.height, HOLE.width, 3), np.float32)
    native.read_region(paths, box=HOLE, channels=["R", "G", "B"], out=out, threads=threads)
    return out


def region_by_oiio(paths: list[Path]) -> np.ndarray:
    """Frame by frame, only the scan lines or tiles that hold the hole."""
    out = np.empty((len(paths), HOLE.height, HOLE.width, 3), np.float32)
    for frame, path in zip(out, paths, strict=True):
        file = open_exr(path)
        tile = file.spec().tile_width
        if tile:
            x0, y0 = HOLE.x0 // tile * tile, HOLE.y0 // tile * tile
            x1, y1 = -(-HOLE.x1 // tile) * tile, -(-HOLE.y1 // tile) * tile
            y1 = min(y1, HEIGHT)
            pixels = file.read_tiles(0, 0, x0, x1, y0, y1, 0, 1, 0, 3, "float")
        else:
            x0, y0 = 0, HOLE.y0
            pixels = file.read_scanlines(0, 0, HOLE.y0, HOLE.y1, 0, 0, 3, "float")
        frame[:] = np.array(pixels)[HOLE.y0 - y0 : HOLE.y1 - y0, HOLE.x0 - x0 : HOLE.x1 - x0]
        file.close()
    return out


def whole_by_oiio(paths: list[Path]) -> np.ndarray:
    """Frame by frame, the whole picture, then the hole cut out."""
    out = np.empty((len(paths), HOLE.height, HOLE.width, 3), np.float32)
    for frame, path in zip(out, paths, strict=True):
        file = open_exr(path)
        frame[:] = np.array(file.read_image(0, 0, 0, 3, "float"))[HOLE.y0 : HOLE.y1, HOLE.x0 : HOLE.x1]
        file.close()
    return out


@dataclass(frozen=True)
class Spent:
    """What one frame took, in milliseconds."""

    wall: float
    cpu: float

    def against(self, slow: Spent) -> str:
        return (
            f"{self.wall:8.1f} ms {self.cpu:8.1f} ms CPU  "
            f"{slow.wall / self.wall:6.1f}x {slow.cpu / self.cpu:6.1f}x CPU"
        )


def spend(work: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent((time.perf_counter() - wall) * 1e3, (time.process_time() - cpu) * 1e3)


def in_turns(frames: int, ways: dict[str, Callable[[int], object]]) -> dict[str, Spent]:
    """The median over all frames of each way, which take turns: a busy machine is busy for all of them."""
    samples: dict[str, list[Spent]] = {name: [] for name in ways}
    for frame in range(frames):
        for name, way in ways.items():
            samples[name].append(spend(lambda way=way, frame=frame: way(frame)))  # type: ignore[misc]
    return {
        name: Spent(median(one.wall for one in spent), median(one.cpu for one in spent))
        for name, spent in samples.items()
    }


def show(title: str, times: dict[str, Spent]) -> None:
    print(f"{title}: milliseconds for one frame, and how many times faster than the first way")
    first = next(iter(times.values()))
    for name, spent in times.items():
        print(f"  {name:22s} {spent.against(first)}")


def measure(compression: str, tile: int, frames: int, folder: Path) -> None:
    plates = [folder / f"plate.{n:04d}.exr" for n in range(frames)]
    write_plate(plates[0], compression, tile)
    for path in plates[1:]:
        shutil.copyfile(plates[0], path)
    rng = np.random.default_rng(3)
    fill = rng.uniform(0, 1, (HOLE.height, HOLE.width, 3)).astype(np.float16)
    y, x = np.mgrid[-1 : 1 : HOLE.height * 1j, -1 : 1 : HOLE.width * 1j]
    mask = x**2 + y**2 < 1

    def writing(way: Way, name: str) -> Callable[[int], None]:
        return lambda i: way(plates[i], folder / f"{name}.{i:04d}.exr", fill, mask)

    size = plates[0].stat().st_size
    kind = f"tiles of {tile}" if tile else "scan lines"
    print(f"\n{compression}, {kind}: {frames} frames of {size / 1e6:.1f} MB")
    writers: dict[str, Callable[[int], object]] = {
        "OpenImageIO": writing(rewrite_by_oiio, "oiio"),
        "bridge, exact": writing(splice_natively(True), "exact"),
    }
    if compression.startswith(LOSSY):
        writers["bridge, inexact"] = writing(splice_natively(False), "inexact")
    show("writing the hole", in_turns(frames, writers))
    report = native.splice(
        plates[0], folder / "again.exr", box=HOLE, pixels={"R": fill[..., 0]}, mask=mask, exact=True
    )
    same = "same" if same_pixels(folder / "exact.0000.exr", folder / "oiio.0000.exr") else "DIFFERENT"
    print(f"  exact: {report.bytes_copied / size:.1%} of the bytes copied, {same} pixels")
    readers: dict[str, Callable[[int], object]] = {
        "OpenImageIO, whole": lambda i: whole_by_oiio([plates[i]]),
        "OpenImageIO, region": lambda i: region_by_oiio([plates[i]]),
        "bridge, 1 thread": lambda i: region_natively([plates[i]], 1),
    }
    times = in_turns(frames, readers)
    together = spend(lambda: region_natively(plates, 0))
    times["bridge, all at once"] = Spent(together.wall / frames, together.cpu / frames)
    show("reading the hole", times)
    if not np.array_equal(region_natively(plates[:1], 1), whole_by_oiio(plates[:1])):
        raise AssertionError("the bridge and OpenImageIO read different pixels")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--compressions", nargs="+", default=["zip"])
    parser.add_argument("--tile", type=int, default=0, help="side of a tile; 0: scan lines")
    parser.add_argument("--folder", type=Path, help="where to work; default: the system's temporary folder")
    given = parser.parse_args()
    if not native.is_available():
        raise SystemExit(f"native bridge: {native.describe()}")
    print(f"{usable_cores()} cores, OpenImageIO {oiio.VERSION_STRING}, native bridge: {native.describe()}")
    for compression in given.compressions:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            measure(compression, given.tile, given.frames, Path(folder))


if __name__ == "__main__":
    main()
