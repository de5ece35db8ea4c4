"""Quality against compute as an SVG: a line for each method, a dashed level for what has no budget."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 190, 24, 50
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666", "#000000")
"""Okabe and Ito's palette, told apart by most eyes."""


def _axis(value: float, low: float, high: float, start: float, end: float) -> float:
    return start + (value - low) / (high - low) * (end - start)


def _text(x: float, y: float, text: str, anchor: str = "middle", colour: str = "#333") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'


def _frame(low: int, high: int) -> list[str]:
    """Axes: decades of TFLOP across, score 0 to 100 up."""
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [_text((LEFT + right) / 2, HEIGHT - 12, "TFLOP counted, training and sampling")]
    parts.append(_text(LEFT - 40, TOP - 8, "score", "start"))
    for decade in range(low, high + 1):
        x = _axis(decade, low, high, LEFT, right)
        parts.append(f'<path d="M{x:.1f} {TOP}V{bottom}" stroke="#ddd"/>')
        parts.append(_text(x, bottom + 18, f"{10.0**decade:g}"))
    for score in range(0, 101, 20):
        y = _axis(score, 0, 100, bottom, TOP)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{score}", "end"))
    return parts


def quality_curve(means: Sequence[dict[str, Any]]) -> str | None:
    """Draw the score of each method's budgets over their counted operations.

    Args:
        means: From ``report.averages``.

    Returns:
        An SVG file's text, or None where no run counted operations.
    """
    counted = [mean for mean in means if mean["flops"] and mean["metrics"].get("score") is not None]
    if not counted:
        return None
    low = math.floor(min(math.log10(mean["flops"] / 1e12) for mean in counted))
    high = max(low + 1, math.ceil(max(math.log10(mean["flops"] / 1e12) for mean in counted)))
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = _frame(low, high)
    for number, method in enumerate(dict.fromkeys(mean["method"] for mean in means)):
        colour = COLOURS[number % len(COLOURS)]
        group = [mean for mean in means if mean["method"] == method and mean["metrics"]["score"] is not None]
        runs = sorted((mean["flops"], mean["metrics"]["score"]) for mean in group if mean["flops"])
        points = [
            (
                _axis(math.log10(flops / 1e12), low, high, LEFT, right),
                _axis(score, 0, 100, bottom, TOP),
            )
            for flops, score in runs
        ]
        if points:
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]
        elif group:
            y = _axis(group[0]["metrics"]["score"], 0, 100, bottom, TOP)
            parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="{colour}" stroke-dasharray="5 4"/>')
        parts.append(_text(right + 14, TOP + 18 * (number + 1), method, "start", colour))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
    return f'{head} font-size="13"><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
