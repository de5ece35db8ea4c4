from collections.abc import Sequence
from os import PathLike

import numpy as np
from numpy.typing import NDArray

class BridgeError(Exception): ...

class SpliceReport:
    @property
    def compression(self) -> int: ...
    @property
    def chunks_copied(self) -> int: ...
    @property
    def chunks_encoded(self) -> int: ...
    @property
    def bytes_copied(self) -> int: ...

def splice(
    source: str | PathLike[str],
    target: str | PathLike[str],
    part: int,
    rectangle: tuple[int, int, int, int],
    pixels: Sequence[tuple[str, NDArray[np.generic]]],
    mask: NDArray[np.bool_],
    exact: bool,
    threads: int,
) -> SpliceReport: ...
def read_region(
    paths: Sequence[str | PathLike[str]],
    part: int,
    channels: Sequence[str],
    rectangle: tuple[int, int, int, int],
    out: NDArray[np.floating],
    threads: int,
) -> None: ...
