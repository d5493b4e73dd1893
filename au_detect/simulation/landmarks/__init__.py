"""A landmark model trained on renders."""
