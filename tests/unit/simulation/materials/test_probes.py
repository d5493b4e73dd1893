import cv2
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.errors import InputError
from au_detect.simulation.materials.probes import (
    LightProbe,
    harmonic_terms,
    irradiance_harmonics,
    read_probes,
    sphere_grid,
)

SIZE = (64, 128)


def received(harmonics, *normal):
    """Return what white paper with this normal sends back."""
    direction = np.array(normal, dtype=float)
    return float(harmonic_terms(direction / np.linalg.norm(direction)) @ harmonics)


def test_an_even_sky_lights_every_surface_alike():
    harmonics = irradiance_harmonics(np.ones(SIZE))
    np.testing.assert_allclose(harmonics, [1, *[0] * 8], atol=2e-3)


def test_light_that_grows_ahead_gives_two_thirds_of_its_slope():
    """Radiance 1 + z is received as 1 + 2/3 z (Ramamoorthi & Hanrahan 2001)."""
    directions, _ = sphere_grid(SIZE)
    harmonics = irradiance_harmonics(1 + directions[..., 2])
    np.testing.assert_allclose(harmonics, [1, 0, 0, 2 / 3, *[0] * 5], atol=2e-3)


def test_a_quadratic_sky_gives_a_quarter():
    directions, _ = sphere_grid(SIZE)
    x, y, _ = np.moveaxis(directions, -1, 0)
    harmonics = irradiance_harmonics(1 + 0.5 * x * y + 0.5 * (x * x - y * y))
    np.testing.assert_allclose(harmonics[[4, 8]], [0.125, 0.125], atol=2e-3)


def test_half_a_sky_lights_what_faces_it_twice_as_much_as_walls():
    directions, _ = sphere_grid(SIZE)
    harmonics = irradiance_harmonics((directions[..., 1] < 0).astype(float))
    assert received(harmonics, 0, -1, 0) == pytest.approx(1.0, abs=0.02)
    assert received(harmonics, 1, 0, 0) == pytest.approx(0.5, abs=0.02)
    assert received(harmonics, 0, 1, 0) == pytest.approx(0.0, abs=0.02)


def lamp_at(column, row=26, brightness=300.0):
    panorama = np.full(SIZE, 0.2, dtype=np.float32)
    panorama[row - 2 : row + 3, column - 2 : column + 3] = brightness
    return LightProbe("lamp", panorama)


def test_a_lamp_becomes_a_sun_where_it_stands():
    light = lamp_at(96).light()
    assert len(light.strengths) == 1
    expected = sphere_grid(SIZE)[0][26, 96]
    assert np.degrees(np.arccos(light.directions[0] @ expected)) < 2.0
    assert light.directions[0, 0] > 0.9, "three quarters along a panorama is to the right"
    assert light.directions[0, 1] < 0, "upper rows are above, and y points down"


def test_suns_and_harmonics_share_the_light_of_the_whole():
    probe = lamp_at(96)
    light = probe.light()
    scale = light.panorama.max() / probe.panorama.max()
    toward = light.directions[0]
    whole = received(irradiance_harmonics(probe.panorama.astype(float)) * scale, *toward)
    parted = received(light.surroundings, *toward) + light.strengths[0]
    assert parted == pytest.approx(whole, rel=0.1)


def test_turning_the_place_to_the_right_turns_its_sun():
    probe = lamp_at(64)
    ahead, right = probe.light(), probe.light(yaw_rad=np.pi / 2)
    assert ahead.directions[0, 2] > 0.9
    assert right.directions[0, 0] > 0.9
    np.testing.assert_allclose(ahead.strengths, right.strengths, rtol=1e-3)


def test_an_even_place_has_no_suns():
    light = LightProbe("fog", np.full(SIZE, 3.0, dtype=np.float32)).light()
    assert light.strengths.shape == (0,)
    assert received(light.surroundings, 0, 0, -1) == pytest.approx(0.75, abs=0.01)


def test_probes_are_read_from_a_folder_by_name(tmp_path):
    for name, blue in (("b", 0.5), ("a", 4.0)):
        picture = np.full((8, 16, 3), (blue, 1.0, 2.0), dtype=np.float32)
        assert cv2.imwrite(str(tmp_path / f"{name}.hdr"), picture)
    probes = read_probes(tmp_path)
    assert [probe.name for probe in probes] == ["a", "b"]
    expected = 0.0722 * 4.0 + 0.7152 * 1.0 + 0.2126 * 2.0
    np.testing.assert_allclose(probes[0].panorama, expected, rtol=0.02)


def test_what_is_no_probe_is_named(tmp_path):
    with pytest.raises(InputError, match=r"lights must be a folder of equirectangular \.hdr files"):
        read_probes(tmp_path)
    cv2.imwrite(str(tmp_path / "square.hdr"), np.ones((8, 8, 3), dtype=np.float32))
    with pytest.raises(InputError, match=r"square\.hdr must be a colour picture 2 : 1, got shape"):
        read_probes(tmp_path)
    (tmp_path / "square.hdr").write_text("no picture")
    with pytest.raises(InputError, match=r"square\.hdr .* got no picture"):
        read_probes(tmp_path)
    with pytest.raises(InputError, match="panorama of night must hold light"):
        LightProbe("night", np.zeros(SIZE, dtype=np.float32))
    with pytest.raises(InputError, match=r"panorama must have shape \(height, 128\)"):
        LightProbe("wide", np.ones((64, 100), dtype=np.float32))
