"""Measures of a filled hole, on arrays (F H W 3, display-like, 0 to 1); numpy only, no torch."""

from infusion_core.metrics.display import to_display, tone_curve
from infusion_core.metrics.measure import measure
from infusion_core.metrics.perceptual import perceptual
from infusion_core.metrics.summary import summary_score

__all__ = ["measure", "perceptual", "summary_score", "to_display", "tone_curve"]
