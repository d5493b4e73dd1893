from au_detect.landmarks import REGIONS
from au_detect.plots.style import REGION_COLOURS, as_bgr


def test_a_colour_is_turned_to_blue_green_red():
    assert as_bgr("#0072B2") == (0xB2, 0x72, 0)


def test_every_region_has_a_colour():
    assert REGION_COLOURS.keys() == REGIONS.keys()
