"""The live page: a camera or a clip, and its action units as they come, on this machine alone."""
