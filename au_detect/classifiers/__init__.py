"""Classifiers of action units: training in `base` and `mlp`, detection in `runtime`, `storage`.

Detection imports `storage` alone; it needs neither TensorFlow nor scikit-learn.
"""
