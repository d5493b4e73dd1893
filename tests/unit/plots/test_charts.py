import numpy as np
import pytest
from made_results import make_result

from au_detect.errors import InputError
from au_detect.features.face_parts import Change
from au_detect.features.furrows import WINDOW_NAMES
from au_detect.landmarks.pose import read_mean_face
from au_detect.plots import charts as plots
from au_detect.results.reasons import AUExplanation, Reason

pytest.importorskip("matplotlib")

FACE = read_mean_face()[:, :2] * 60 + 100


def texts(ax):
    return [text.get_text() for text in ax.texts]


def tick_labels(ax, axis="y"):
    return [label.get_text() for label in getattr(ax, f"get_{axis}ticklabels")()]


@pytest.fixture
def smile():
    points = np.tile(FACE, (6, 1, 1))
    points[3:, [48, 54], 1] -= 12  # lip corners up by 0.2 IOD
    return make_result(points=points)


def test_bars_are_the_probabilities_and_lines_the_thresholds(smile):
    ax = plots.plot_aus(smile, 4)
    widths = [bar.get_width() for bar in ax.patches[2:]]
    np.testing.assert_allclose(widths, [0.05, 0.9], atol=1e-6)
    (lines,) = ax.collections
    np.testing.assert_allclose([s[0, 0] for s in lines.get_segments()], [0.5, 0.4])
    assert tick_labels(ax) == ["AU01 Inner Brow Raiser", "AU12 Lip Corner Puller"]
    assert texts(ax) == ["0.05", "0.90"]


def test_a_bar_says_which_half_moves(smile):
    halves = {"left": [[0.05, 0.0]] * 6, "right": [[0.05, 0.9]] * 6}
    assert texts(plots.plot_aus(make_result(**halves), 4)) == ["0.05", "0.90 right"]


def test_a_frame_without_the_face_is_refused(smile):
    with pytest.raises(InputError, match="frame must show face 0, got 2, which does not"):
        plots.plot_aus(make_result(lost=[2]), 2)
    with pytest.raises(InputError, match="frame must show face 0, got 99"):
        plots.plot_aus(smile, 99)


def test_plots_draw_into_the_given_axes_and_return_them(smile):
    from matplotlib.figure import Figure

    image = np.zeros((200, 200), np.uint8)
    draw = [
        lambda ax: plots.plot_aus(smile, 4, ax=ax),
        lambda ax: plots.plot_timeline(smile, ax=ax),
        lambda ax: plots.plot_comparison({"a": smile}, ax=ax),
        lambda ax: plots.plot_landmarks(image, FACE, ax=ax),
        lambda ax: plots.plot_displacements(smile, 4, neutral=FACE, ax=ax),
        lambda ax: plots.plot_face({12: 0.9}, ax=ax),
    ]
    for function in draw:
        ax = Figure().add_subplot()
        assert function(ax) is ax


def test_a_timeline_shows_what_is_on_unless_asked_for_more(smile):
    assert tick_labels(plots.plot_timeline(smile)) == ["AU12 Lip Corner Puller"]
    assert len(tick_labels(plots.plot_timeline(smile, aus="all"))) == 2
    assert tick_labels(plots.plot_timeline(smile, aus=[1])) == ["AU01 Inner Brow Raiser"]
    with pytest.raises(InputError, match="each of aus must be one of 1, 12, got 7"):
        plots.plot_timeline(smile, aus=[7])


def test_a_timeline_needs_time_and_a_face():
    with pytest.raises(InputError, match="a timeline must have two frames or more and a face"):
        plots.plot_timeline(make_result(1))
    with pytest.raises(InputError, match="got 3 with face in 0"):
        plots.plot_timeline(make_result(3, lost=[0, 1, 2]))


def test_thumbnails_of_a_timeline_stay_apart(smile):
    from matplotlib.offsetbox import AnnotationBbox

    pictures = {frame: np.zeros((40, 30), np.uint8) for frame in (3, 4, 5)}
    ax = plots.plot_timeline(smile, pictures=pictures)
    places = [a.xybox[0] for a in ax.artists if isinstance(a, AnnotationBbox)]
    assert (np.diff(places) >= 0.2 - 1e-9).all()
    assert max(places) <= 0.9 + 1e-9


def test_a_comparison_shows_shares_and_peaks_of_groups(smile):
    late = make_result(probabilities=np.tile([0.1, 0.1], (6, 1)))
    ax = plots.plot_comparison({"smile": smile, "both": [smile, late]})
    assert tick_labels(ax) == ["smile", "both"]
    assert tick_labels(ax, "x") == ["01", "12"]
    table = ax.collections[0].get_array().reshape(2, 2)
    np.testing.assert_allclose(table, [[0, 0.5], [0, 0.25]])
    peaks = plots.plot_comparison({"smile": smile}, measure="peak").collections[0].get_array()
    np.testing.assert_allclose(np.ravel(peaks), [0.05, 0.9], atol=1e-6)


def test_what_cannot_be_compared_is_named(smile):
    with pytest.raises(InputError, match="results must hold at least one name, got none"):
        plots.plot_comparison({})
    with pytest.raises(InputError, match="results of 'x' must show a face, but none does"):
        plots.plot_comparison({"x": make_result(2, lost=[0, 1])})
    with pytest.raises(InputError, match="measure must be one of 'share', 'peak', got 'mean'"):
        plots.plot_comparison({"x": smile}, measure="mean")


def test_an_explanation_is_drawn_in_ranges_at_rest():
    change = Change("lip_corner_motion", "lip corners higher", 0.1, "IOD", (-0.02, 0.02))
    reason = Reason("lip corners", 2.0, 0.6, change)
    ax = plots.plot_explanation(AUExplanation(12, 3, 0, 0.9, 0.4, (reason,)))
    assert ax.patches[0].get_width() == pytest.approx(5.0)
    assert tick_labels(ax) == ["lip corners higher"]
    assert texts(ax) == ["+0.100 IOD  (60%)"]
    assert "AU12 Lip Corner Puller, frame 3" in ax.get_title("right")
    plots.plot_explanation(AUExplanation(12, 3, 0, 0.9, 0.4, ()))


def test_arrows_follow_the_landmarks_that_moved(smile):
    ax = plots.plot_displacements(smile, 4, neutral=FACE, scale=2.0)
    arrows = next(c for c in ax.collections if hasattr(c, "U"))
    assert len(arrows.U) == 2
    np.testing.assert_allclose(arrows.V, -0.4, atol=0.02)
    still = plots.plot_displacements(smile, 0, neutral=FACE)
    assert len(next(c for c in still.collections if hasattr(c, "U")).U) == 0


def test_movements_need_a_neutral_face(smile):
    with pytest.raises(InputError, match="neutral must be given for a result that was read"):
        plots.plot_displacements(smile, 4)
    with pytest.raises(InputError, match=r"neutral must have shape \(68, 2\), got \(2,\)"):
        plots.plot_displacements(smile, 4, neutral=[0, 1])


def test_landmarks_are_drawn_in_pixels_with_windows_and_numbers():
    image = np.zeros((220, 200, 3), np.uint8)
    ax = plots.plot_landmarks(image, FACE, windows=True, numbers=True)
    drawn = np.vstack([line.get_xydata() for line in ax.lines if line.get_marker() == "o"])
    np.testing.assert_allclose(drawn, FACE)
    assert texts(ax) == [str(i) for i in range(68)]
    assert len(ax.patches) == len(WINDOW_NAMES)


@pytest.mark.parametrize(
    ("image", "points", "message"),
    [
        (np.zeros((9, 9)), FACE, r"image must be a uint8 array .* got float64 \(9, 9\)"),
        (np.zeros((9, 9), np.uint8), FACE[:5], r"points must have shape \(68, 2\)"),
        (np.zeros((9, 9), np.uint8), FACE * np.nan, "points must be finite to be drawn"),
    ],
)
def test_bad_pictures_and_points_are_named(image, points, message):
    with pytest.raises(InputError, match=message):
        plots.plot_landmarks(image, points)


def test_a_face_shows_both_halves_or_the_one_that_moves():
    from matplotlib.patches import Ellipse

    def areas(**options):
        ax = plots.plot_face({12: 0.9}, **options)
        return [p.center[0] for p in ax.patches if type(p) is Ellipse]

    left, right = sorted(areas())
    assert left == -right
    assert areas(side={12: 0.9}) == [right]
    assert areas(side={12: -0.9}) == [left]
    assert len(areas(side={12: 0.1})) == 2


def test_each_half_is_coloured_by_its_intensity():
    from matplotlib.patches import Ellipse

    ax = plots.plot_face({12: 0.9, 1: 0.9}, intensity={12: (4.0, 1.0)}, side={12: 0.4})
    shades = {p.center[0]: p.get_alpha() for p in ax.patches if type(p) is Ellipse}
    left, right = shades[0.38], shades[-0.38]
    assert left > right
    assert shades[0.15] == shades[-0.15] > left  # AU1 has none: by its probability
    assert {"12D Lip Corner Puller", "1 Inner Brow Raiser"} <= set(texts(ax))
    with pytest.raises(
        InputError, match=r"intensity must be two numbers in \[0, 5\] an AU, got 12"
    ):
        plots.plot_face({12: 0.9}, intensity={12: (6.0, 1.0)})


def test_a_timeline_of_intensities_has_bands():
    scale = np.array([[[1.0, 0.5 - level] for level in range(5)]] * 2)
    plain, banded = (
        len(plots.plot_timeline(result).patches)
        for result in (make_result(), make_result(intensity_scale=scale))
    )
    assert banded == plain + 5


def test_every_au_can_be_drawn_and_is_named_once():
    from au_detect.facs import ACTION_UNITS

    ax = plots.plot_face(dict.fromkeys(ACTION_UNITS, 0.5))
    named = [text for text in texts(ax) if text]
    assert len(named) == len(ACTION_UNITS)
    heights = sorted(t.get_position()[1] for t in ax.texts if t.get_text())
    assert min(np.diff(heights)) > 0.08


def test_what_no_face_can_show_is_named():
    with pytest.raises(InputError, match=r"active must map known AUs to numbers in .*, got 3: 1.0"):
        plots.plot_face({3: 1.0})
    with pytest.raises(InputError, match=r"got 12: 1\.5"):
        plots.plot_face({12: 1.5})
