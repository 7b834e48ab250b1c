"""What tests compare of two reports on dead units."""

from __future__ import annotations


def flags(report):
    """Returns whether each unit is dead, layer by layer."""
    return [mask.tolist() for mask in report.masks]
