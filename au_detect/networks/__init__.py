"""Small networks that are run without TensorFlow."""
