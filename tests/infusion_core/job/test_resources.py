import sys
from pathlib import Path

import pytest

from infusion_core.errors import ResourceError
from infusion_core.job.resources import GIB, check_disk, check_memory, free_memory, memory_budget


def test_the_memory_limit_is_the_users_where_there_is_one() -> None:
    assert memory_budget(2.5) == int(2.5 * GIB)
    check_memory(2 * GIB, 2.5)
    with pytest.raises(ResourceError, match=r"needs about 3\.0 GiB.*2\.5 GiB are allowed by --memory"):
        check_memory(3 * GIB, 2.5)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_free_memory_is_known_and_plausible() -> None:
    free = free_memory()
    assert free is not None
    assert 2**20 < free < 2**50
    with pytest.raises(ResourceError, match="are free"):
        check_memory(2**50, 0.0)


def test_too_full_a_disk_is_found_out_before_the_folder_exists(tmp_path: Path) -> None:
    check_disk(1, tmp_path / "not" / "yet")
    with pytest.raises(ResourceError, match=r"its disk has .* GiB free"):
        check_disk(2**60, tmp_path / "not" / "yet")
    assert list(tmp_path.iterdir()) == []
