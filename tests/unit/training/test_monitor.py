import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.training.monitor import CELL_PX, MARGIN_PX, confusion_picture, training_monitor


def test_numbers_by_hand():
    labels = np.array([[1, 0], [1, 0], [0, 0], [0, 0]], np.float32)
    probabilities = np.array([[0.9, 0.1], [0.2, 0.2], [0.4, 0.3], [0.1, 0.4]], np.float32)
    numbers, pictures = training_monitor((1, 12))(labels, probabilities)
    assert numbers["tpr/AU01"] == 0.5  # no false alarm is allowed among two negatives
    assert numbers["auc/AU01"] == numbers["mean/auc"] == 0.75
    assert np.isnan(numbers["tpr/AU12"])
    assert numbers["mean/tpr"] == 0.5
    assert numbers["fpr/AU01"] == numbers["mean/fpr"] == 0
    numbers, _ = training_monitor((1, 12), 0.5)(labels, probabilities)
    assert (numbers["tpr/AU01"], numbers["fpr/AU01"]) == (1.0, 0.5)
    assert pictures.keys() == {"confusion"}


def test_picture_is_darker_where_more_is_confused():
    matrix = np.array([[1.0, 0.0], [0.4, np.nan]])
    picture = confusion_picture(matrix, (1, 12))
    side = MARGIN_PX + 2 * CELL_PX
    assert picture.shape == (side, side, 3)
    corner = [
        [picture[MARGIN_PX + CELL_PX * i + 3, MARGIN_PX + CELL_PX * j + 3] for j in range(2)]
        for i in range(2)
    ]
    red, green, blue = corner[0][0]
    assert blue > green > red  # RGB
    assert corner[0][0].sum() < corner[1][0].sum() < corner[0][1].sum()
    assert len(set(corner[1][1].tolist())) == 1  # grey
