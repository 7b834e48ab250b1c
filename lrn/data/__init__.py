"""The data that experiments train on."""

from lrn.data._image_folder import image_folder
from lrn.data._images import Images, digits
from lrn.data._load import load_images
from lrn.data._mnist import mnist, mnist_digits
from lrn.data._points import Data, absolute_value

__all__ = ["Data", "Images", "absolute_value", "digits", "image_folder", "load_images", "mnist", "mnist_digits"]
