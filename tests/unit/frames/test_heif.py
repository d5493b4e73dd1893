import builtins

import numpy as np
import pytest
from video_files import moving_square

from au_detect.errors import InputError
from au_detect.frames import open_frames
from au_detect.frames.pictures import read_picture, select_pictures

GREY = moving_square(1, shape=(96, 128))[0]


def write(path, orientation=None):
    image_module = pytest.importorskip("PIL.Image")
    if path.suffix == ".heic":
        pytest.importorskip("pillow_heif").register_heif_opener()
    image = image_module.fromarray(np.repeat(GREY[..., None], 3, axis=2))
    exif = image.getexif()
    if orientation:
        exif[0x0112] = orientation
    image.save(path, quality=95, exif=exif.tobytes())
    return path


@pytest.mark.parametrize("name", ["x.heic", "x.avif"])
def test_heif_and_avif_are_read(tmp_path, name):
    path = write(tmp_path / name)
    assert np.abs(read_picture(path).astype(int) - GREY).mean() < 3
    assert open_frames(path).kind == "picture"
    assert select_pictures([path]) == [path]


@pytest.mark.parametrize("name", ["x.heic", "x.avif"])
def test_they_are_upright(tmp_path, name):
    picture = read_picture(write(tmp_path / name, orientation=6))
    assert np.abs(picture.astype(int) - np.rot90(GREY, -1)).mean() < 3


@pytest.mark.parametrize("brand", [b"heic", b"avif", b"mif1"])
def test_without_the_extra_the_message_names_it(tmp_path, monkeypatch, brand):
    real_import = builtins.__import__

    def without(name, *arguments):
        if name.partition(".")[0] in ("PIL", "pillow_heif"):
            raise ImportError(name)
        return real_import(name, *arguments)

    (tmp_path / "x").write_bytes(b"\0\0\0\x18ftyp" + brand + bytes(40))
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match=r"pip install 'au-detect\[heif\]'"):
        read_picture(tmp_path / "x")


@pytest.mark.parametrize("name", ["x.heic", "x.avif"])
def test_damaged_ones_are_refused(tmp_path, name):
    path = write(tmp_path / name)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="cannot be decoded, got HEIF or AVIF"):
        read_picture(path)


@pytest.mark.parametrize("name", ["x.heic", "x.avif"])
def test_large_ones_are_refused(tmp_path, monkeypatch, name):
    path = write(tmp_path / name)
    monkeypatch.setattr("au_detect.frames.heif.MAX_PICTURE_PIXELS", 96 * 128 - 1)
    with pytest.raises(InputError, match="at most 12287 pixels, got 128 x 96"):
        read_picture(path)
