"""Measurements and a neutral face → probabilities and sides; the neutral face found in them."""
