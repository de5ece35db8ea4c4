"""The adapter for DaVinci Resolve's Fusion page, its Edit and Color pages, and Fusion Studio.

Standard library and the plugin layer only; nothing here imports ``infusion_core``.
"""
