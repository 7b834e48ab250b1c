"""The data that experiments train on."""

from lrn.data._points import Data, absolute_value

__all__ = ["Data", "absolute_value"]
