"""Simulated people: what they do, how a camera sees them, and what a landmark model makes of it."""
