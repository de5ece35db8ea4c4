# SPDX-License-Identifier: GPL-3.0-or-later
"""The Infusion Inpaint node in Blender's compositor: a thin adapter of the plugin layer."""
