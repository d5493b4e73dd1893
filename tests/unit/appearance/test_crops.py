import numpy as np

from au_detect.appearance.crops import ALIGNED, aligned_crop, part_of_face, portrait_crop


def marked(face_px):
    image = np.zeros((400, 400), dtype=np.uint8)
    for x, y in face_px[[36, 45]]:
        image[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5] = 255
    return image


def test_eyes_come_to_the_same_place(face_px):
    crop = aligned_crop(marked(face_px), face_px)
    assert crop.shape == (96, 96)
    left, right = crop[:, :48], crop[:, 48:]
    x = [np.unravel_index(half.argmax(), half.shape)[1] for half in (left, right)]
    assert abs((x[1] + 48 - x[0]) - ALIGNED.iod_px) < 4


def test_upper_and_lower_face_are_cut_out(face_px):
    crop = aligned_crop(marked(face_px), face_px)
    upper, lower, whole = (part_of_face(crop, half) for half in ("upper", "lower", None))
    assert upper.shape == lower.shape == whole.shape == (48, 48)
    assert upper.max() > 200
    assert lower.max() == 0
    assert whole.dtype == np.uint8


def test_no_points_give_a_black_crop():
    image = np.full((50, 50), 99, dtype=np.uint8)
    assert (aligned_crop(image, np.full((68, 2), np.nan)) == 0).all()


def test_portraits_have_faces_where_fer2013_has_them(face_px):
    eyes = portrait_crop(marked(face_px), face_px)
    rows, columns = np.nonzero(eyes > 100)
    assert abs(rows.mean() - 19) < 1.5
    assert abs(columns.mean() - 23.5) < 1.5
