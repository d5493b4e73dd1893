"""Labelled sequences of simulated people, as landmarks alone, as renders, as folders on disk."""
