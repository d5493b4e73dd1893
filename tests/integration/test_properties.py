"""Arrays of every shape, type and layout give a result of the right shape, or a reason."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from au_detect import AUDetector, sample_sequences
from au_detect.errors import InputError
from au_detect.frames.pictures import read_picture, select_pictures, to_grey

SCALARS = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.unsigned_integer_dtypes(endianness="?"),
    npst.floating_dtypes(sizes=(16, 32, 64), endianness="?"),
    npst.complex_number_dtypes(),
    npst.unicode_string_dtypes(),
)
ARRAYS = npst.arrays(SCALARS, npst.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=5))
QUICK = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # to find the smallest failure would take minutes
    suppress_health_check=[HealthCheck.too_slow],
)
SLOW = settings(QUICK, max_examples=30)


@st.composite
def picture_arrays(draw, max_side=40):
    """Draw pictures that are allowed, laid out in memory in any way."""
    n_channels = draw(st.sampled_from([(), (1,), (3,), (4,)]))
    sides = (draw(st.integers(1, max_side)), draw(st.integers(1, max_side)))
    dtype = draw(
        st.sampled_from([np.uint8, np.uint16, ">u2", np.float16, np.float32, "<f8", ">f8"])
    )
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.random((*sides, *n_channels))
    kind = np.dtype(dtype)
    image = (values * (1 if kind.kind == "f" else np.iinfo(kind).max)).astype(kind)
    return draw(laid_out(image))


@st.composite
def laid_out(draw, array):
    """Draw a view that is equal to `array`: other strides, order, or read-only."""
    layout = draw(st.sampled_from(["plain", "fortran", "strided", "flipped", "broadcast"]))
    if layout == "fortran":
        array = np.asfortranarray(array)
    elif layout == "strided":
        array = np.repeat(np.repeat(array, 2, axis=0), 3, axis=1)[::2, ::3]
    elif layout == "flipped":
        array = np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1]
    elif layout == "broadcast":
        array = np.broadcast_to(array[:1], array.shape)
    if draw(st.booleans()):
        array = array.view()
        array.flags.writeable = False
    return array


@pytest.fixture(scope="module")
def detector():
    return AUDetector()


@pytest.fixture(scope="module")
def face():
    folder = sample_sequences()["happiness"]
    return read_picture(select_pictures(folder.iterdir())[-1])


def unless_refused(call):
    """Return what `call` returns, or None if it refuses the input with a reason, silently."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return call()
        except InputError as error:
            reason = str(error)
    assert " must " in reason
    return None


def assert_result(result, n_frames):
    n, n_aus = len(result), len(result.aus)
    assert n == n_frames
    assert result.frame.tolist() == list(range(n))
    assert result.probabilities.shape == result.side.shape == (n, n_aus)
    assert result.points.shape == (n, 68, 2)
    assert np.isfinite(result.probabilities[result.face_found]).all()
    assert np.isnan(result.probabilities[~result.face_found]).all()
    assert len(result.to_dataframe()) == n


@pytest.mark.slow
@pytest.mark.slow
@QUICK
@given(ARRAYS)
def test_any_array_is_grey_or_refused(array):
    before = array.copy()
    grey = unless_refused(lambda: to_grey(array))
    if grey is None:
        return
    assert grey.dtype == np.uint8
    assert grey.shape == array.shape[:2]
    assert grey.flags.c_contiguous
    assert grey.flags.owndata
    np.testing.assert_array_equal(array, before)


@QUICK
@given(picture_arrays())
def test_layout_in_memory_changes_no_grey_value(image):
    grey = to_grey(image)
    assert grey.shape == image.shape[:2]
    np.testing.assert_array_equal(grey, to_grey(np.array(image, order="C")))


@SLOW
@given(image=picture_arrays())
def test_a_small_picture_of_noise_is_one_row(detector, image):
    assert_result(detector.run(image), 1)


@SLOW
@given(array=ARRAYS)
def test_the_detector_takes_any_array_or_refuses_it(detector, array):
    n_frames = len(array) if array.ndim == 4 else 1
    result = unless_refused(lambda: detector.run(array))
    if result is not None:
        assert_result(result, n_frames)


@pytest.mark.slow
@settings(SLOW, max_examples=15)
@given(data=st.data())
def test_layout_in_memory_changes_no_result(detector, face, data):
    expected = detector.run(face)
    result = detector.run(data.draw(laid_out(np.array(face))))
    if np.array_equal(result.points, expected.points):
        np.testing.assert_array_equal(result.probabilities, expected.probabilities)
    else:  # only the first row of the picture, again and again, is another picture
        assert not result.face_found[0]


LANDMARK_SHAPES = st.one_of(
    st.tuples(st.integers(0, 4), st.just(68), st.just(2)),
    npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=70).filter(
        lambda shape: np.prod(shape) < 4000
    ),
)


@pytest.mark.slow
@QUICK
@given(data=st.data())
def test_any_landmarks_are_scored_or_refused(detector, data):
    shape = data.draw(LANDMARK_SHAPES)
    dtype = data.draw(SCALARS)
    points = data.draw(npst.arrays(dtype, shape))
    before = points.copy()
    result = unless_refused(lambda: detector.run(landmarks=points))
    if result is not None:
        assert_result(result, len(points))
    np.testing.assert_array_equal(points, before)


@pytest.mark.slow
@QUICK
@given(
    seed=st.integers(0, 2**32 - 1),
    log_scale=st.floats(-12, 12),
    shift=st.floats(-1e6, 1e6),
    collapsed=st.sampled_from(["no", "point", "line", "eyes"]),
    missing=st.lists(st.booleans(), min_size=1, max_size=4),
)
def test_random_points_of_any_size_are_scored_or_refused(
    detector, seed, log_scale, shift, collapsed, missing
):
    points = np.random.default_rng(seed).standard_normal((len(missing), 68, 2))
    if collapsed == "point":
        points[:] = 0.0
    elif collapsed == "line":
        points[..., 1] = points[..., 0]
    elif collapsed == "eyes":
        points[:, 36:48] = 0.0
    points = points * 10.0**log_scale + shift
    points[np.array(missing)] = np.nan
    result = unless_refused(lambda: detector.run(landmarks=points))
    if result is None:
        assert collapsed != "no" or abs(shift) > 10.0**log_scale
        return
    assert_result(result, len(missing))
    assert result.face_found.tolist() == [not gone for gone in missing]


@QUICK
@given(data=st.data())
def test_layout_of_landmarks_changes_no_result(detector, face, data):
    points = detector.run(face).points
    result = detector.run(landmarks=data.draw(laid_out(np.repeat(points, 2, axis=0))))
    expected = detector.run(landmarks=np.repeat(points, 2, axis=0))
    np.testing.assert_array_equal(result.probabilities, expected.probabilities)
