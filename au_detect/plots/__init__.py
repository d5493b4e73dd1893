"""Figures of results and faces, and annotated copies of pictures and videos."""
