"""Training of the gaze network: windows on rendered eyes that look somewhere known."""
