"""The morphable face: its shape, its expressions, and which action unit each one is."""
