"""Folders of images: they are read in one order, brought to one size, and cached."""

from __future__ import annotations

import os

import numpy as np
import pytest

from lrn.data import digits, image_folder, load_images, mnist
from tests.test_images import Image, broken, hide, write_folder, write_mnist

# ---- Folders ----


def test_a_folder_for_each_class_is_read_in_order_of_names(tmp_path):
    pixels = write_folder(tmp_path / "leaves")
    images = image_folder(tmp_path / "leaves")
    expected = np.stack(list(map(pixels.get, sorted(pixels)))).transpose(0, 3, 1, 2)
    assert np.array_equal(images.x, expected.astype(np.float32) / np.float32(255))
    assert images.y.tolist() == [0, 0, 1, 1, 2, 2]
    assert images.classes == ("healthy", "rust", "scab")
    assert (images.name, images.channels) == ("leaves", 3)


def test_images_are_brought_to_one_size_and_to_grey(tmp_path):
    write_folder(tmp_path, classes=("a", "b"))
    Image.fromarray(np.full((9, 3, 3), 51, np.uint8)).save(tmp_path / "b" / "z.png")
    images = image_folder(tmp_path, (4, 7), grey=True)
    assert images.x.shape == (5, 1, 4, 7)
    assert np.all(images.x[-1] == np.float32(51) / np.float32(255))


@pytest.mark.parametrize("suffix", [".png", ".PNG", ".bmp", ".jpg", ".tiff"])
def test_images_of_all_usual_kinds_are_found(tmp_path, suffix):
    write_folder(tmp_path, suffix=suffix)
    assert len(image_folder(tmp_path)) == 6


def test_what_is_no_image_is_left_out(tmp_path):
    write_folder(tmp_path)
    for name in ("Thumbs.db", "svn-r6Yb5c", ".hidden.png"):
        (tmp_path / "rust" / name).write_bytes(b"no image")
    (tmp_path / "readme.txt").write_text("leaves")
    (tmp_path / ".git").mkdir()
    assert len(image_folder(tmp_path)) == 6


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b"no image", lambda b: b""])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_broken_image_is_named(tmp_path, damage, suffix):
    write_folder(tmp_path, size=(40, 40), suffix=suffix)
    broken(tmp_path / "rust", f"leaf 1{suffix}", damage)
    with pytest.raises(ValueError, match=rf"rust.leaf 1\{suffix} cannot be read as an image"):
        image_folder(tmp_path)


def test_a_pipe_among_images_is_named(tmp_path):
    write_folder(tmp_path)
    os.mkfifo(tmp_path / "rust" / "pipe.png")
    with pytest.raises(
        ValueError, match=r"rust.pipe\.png cannot be read as an image: it is not a file but a named pipe"
    ):
        image_folder(tmp_path)


def test_an_image_of_another_size_is_named(tmp_path):
    write_folder(tmp_path)
    Image.fromarray(np.zeros((7, 5, 3), np.uint8)).save(tmp_path / "scab" / "leaf 1.png")
    with pytest.raises(ValueError, match=r"scab.leaf 1\.png has 7x5 pixels, but .*leaf 0\.png has 6x5: give a size"):
        image_folder(tmp_path)


def test_folders_that_hold_no_classes_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere, which is not there"):
        image_folder(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="at least two classes; got none"):
        image_folder(tmp_path)
    write_folder(tmp_path, classes=("rust",))
    with pytest.raises(ValueError, match="at least two classes; got rust"):
        image_folder(tmp_path)
    (tmp_path / "scab").mkdir()
    with pytest.raises(ValueError, match="scab holds no image: each class needs at least one"):
        image_folder(tmp_path)


@pytest.mark.parametrize("size", [(0, 4), (4,), (4.0, 4), (4, 4, 3)])
def test_a_size_that_is_none_is_refused(tmp_path, size):
    write_folder(tmp_path)
    with pytest.raises(ValueError, match=r"size must be \(height, width\), at least 1 each; got"):
        image_folder(tmp_path, size)


def test_without_pillow_a_folder_says_what_to_install(tmp_path, monkeypatch):
    write_folder(tmp_path)
    hide(monkeypatch, "PIL")
    with pytest.raises(ImportError, match=r"pip install 'lrn-claims\[images\]'"):
        image_folder(tmp_path)


# ---- Whichever there is ----


def test_one_loader_takes_digits_mnist_and_folders(tmp_path):
    write_folder(tmp_path / "leaves")
    assert load_images().digest == load_images("digits").digest == digits().digest
    assert load_images(tmp_path / "leaves", (4, 4)).x.shape == (6, 3, 4, 4)
    for dot, packed in (("-", True), (".", False)):
        write_mnist(tmp_path / f"mnist{packed}", dot=dot, packed=packed)
        assert load_images(tmp_path / f"mnist{packed}").digest == mnist(tmp_path / f"mnist{packed}").digest
    with pytest.raises(FileNotFoundError, match="nowhere, which is not there"):
        load_images(tmp_path / "nowhere")


# ---- The cache ----


@pytest.fixture
def decoded(monkeypatch):
    """The files decoded so far."""
    import lrn.data._image_folder as module

    decoded, real = [], module._decoded
    monkeypatch.setattr(module, "_decoded", lambda path, *args: decoded.append(path) or real(path, *args))
    return decoded


def test_a_cached_folder_is_decoded_once(tmp_path, decoded):
    write_folder(tmp_path / "leaves")
    first = image_folder(tmp_path / "leaves", cache=tmp_path / "cache")
    again = image_folder(tmp_path / "leaves", cache=tmp_path / "cache")
    assert len(decoded) == 6
    assert first.digest == again.digest == image_folder(tmp_path / "leaves").digest
    (cached,) = (tmp_path / "cache").iterdir()
    assert cached.suffix == ".npz"


def test_a_cached_folder_is_decoded_again_when_it_or_the_question_changes(tmp_path, decoded):
    leaves, cache = tmp_path / "leaves", tmp_path / "cache"
    pixels = write_folder(leaves)

    def decodes(**options):
        decoded.clear()
        image_folder(leaves, cache=cache, **options)
        return bool(decoded)

    assert decodes()
    assert decodes(grey=True)
    assert decodes(size=(3, 3))
    path = next(iter(pixels))
    Image.fromarray(255 - pixels[path]).save(path)
    os.utime(path, ns=(1, 1))
    assert decodes()
    path.rename(path.with_name("z.png"))
    assert decodes()
    path.with_name("z.png").unlink()
    assert decodes()
    assert not decodes()


def test_a_torn_cache_is_decoded_again(tmp_path, decoded):
    write_folder(tmp_path / "leaves")
    whole = image_folder(tmp_path / "leaves", cache=tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    for torn in (path.read_bytes()[:-1], b"", b"no array"):
        path.write_bytes(torn)
        decoded.clear()
        assert image_folder(tmp_path / "leaves", cache=tmp_path / "cache").digest == whole.digest
        assert decoded


def test_a_pipe_in_the_place_of_the_cache_is_replaced(tmp_path):
    write_folder(tmp_path / "leaves")
    whole = image_folder(tmp_path / "leaves", cache=tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    path.unlink()
    os.mkfifo(path)
    assert image_folder(tmp_path / "leaves", cache=tmp_path / "cache").digest == whole.digest
    assert path.is_file()


def test_a_flipped_bit_in_the_cache_is_found_or_harmless(tmp_path, decoded):
    write_folder(tmp_path / "leaves")
    whole = image_folder(tmp_path / "leaves", cache=tmp_path / "cache")
    (path,) = (tmp_path / "cache").iterdir()
    sound = path.read_bytes()
    decoded.clear()
    for at in range(0, len(sound), 17):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1 << at % 8]) + sound[at + 1 :])
        assert image_folder(tmp_path / "leaves", cache=tmp_path / "cache").digest == whole.digest
    assert len(decoded) > 6 * len(sound) / 17 / 2


def test_an_error_leaves_no_cache(tmp_path):
    write_folder(tmp_path / "leaves")
    broken(tmp_path / "leaves" / "rust", "leaf 1.png", lambda b: b"")
    with pytest.raises(ValueError, match="cannot be read as an image"):
        image_folder(tmp_path / "leaves", cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
