"""
Train on your own labels
========================

Networks for the action units of your own collection::

    python train_on_labels.py [COLLECTION]

The collection is CK+, DISFA, BP4D or another as it is distributed, or a table ``sequences.csv``.
Without arguments the seven samples that come with the package show how it goes: far too few people
to learn from. Needs ``pip install "au_detect[train]"``. ``au-detect train`` does the same from the
command line, and ``au-detect compare`` puts classifiers beside one another.
"""

import sys

from au_detect import AUDetector, sample_sequences
from au_detect.datasets.loading import load_labelled_sequences
from au_detect.training.data import training_data
from au_detect.training.engine import fit
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.saving import save_fitted

samples = sample_sequences()
collection = sys.argv[1] if len(sys.argv) > 1 else samples["happiness"].parents[2]

# %%
# Landmarks and furrows of every labelled picture are measured once, beside those of the neutral
# face of the same person.
sequences, _ = load_labelled_sequences(collection)
print(f"{len(sequences)} sequences of {len(set(sequences.subject))} people")

# %%
# A recipe is everything that decides, with the data, what comes out. People are never shared
# between those who train and those who calibrate or measure. Defaults are for real collections;
# these options make something out of seven people in a few seconds.
recipe = TrainingRecipe(
    start="scratch",  # "auto" goes on from the shipped networks where people are few
    features="geometry",  # landmarks alone; "both" adds furrows
    min_positive_subjects=3,
    test_fraction=0,
    calibration_folds=1,
    units=32,
    upper_layers=2,
    max_epochs=4,
    augment=False,
)
fitted = fit(training_data([sequences]), recipe)
manifest = save_fitted(fitted, "my_model")

# %%
# The model folder says of itself what it was made from, and how good it was. On so few people the
# rates mean nothing.
for network in manifest.networks:
    print(network.name, "->", ", ".join(f"AU{au}" for au in network.aus))

# %%
# It is used by its path, here and with ``au-detect run clip.mp4 --model my_model``.
detector = AUDetector("my_model", experimental=True)
result = detector.run(samples["surprise"], neutral="first")
print(result.summary().to_string())
