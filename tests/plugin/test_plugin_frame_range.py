"""Frame ranges as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from infusion_plugin import frame_range
from infusion_plugin.errors import InputError


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        ("1001-1004", [1001, 1002, 1003, 1004]),
        ("1-7x3", [1, 4, 7]),
        ("-3--1", [-3, -2, -1]),
        ("-1-1", [-1, 0, 1]),
        ("5, 1-2", [1, 2, 5]),
        ("9", [9]),
    ],
)
def test_ranges_are_read(text: str, frames: list[int]) -> None:
    assert frame_range.parse(text) == frames


@pytest.mark.parametrize("text", ["", "a", "1-", "5-1", "1-5x0", "1001..1010"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        frame_range.parse(text)


@given(st.sets(st.integers(-2000, 2000), min_size=1, max_size=60))
def test_formatting_is_undone_by_parsing(frames: set[int]) -> None:
    assert frame_range.parse(frame_range.format_frames(frames)) == sorted(frames)


def test_handles_lie_on_both_sides() -> None:
    assert list(frame_range.with_handles(10, 11, 2)) == [8, 9, 10, 11, 12, 13]
