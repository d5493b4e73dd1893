"""Distances, displacements and furrow densities, relative to the person's neutral face."""
