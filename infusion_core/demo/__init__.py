"""A short procedural shot with a known truth: fire over rippling water, a marker to remove."""

from infusion_core.demo.shot import DemoPaths, render_demo, write_demo

__all__ = ["DemoPaths", "render_demo", "write_demo"]
