"""The data that experiments train on."""

from lrn.data._images import Images, digits, image_folder, load_images, mnist
from lrn.data._points import Data, absolute_value

__all__ = ["Data", "Images", "absolute_value", "digits", "image_folder", "load_images", "mnist"]
