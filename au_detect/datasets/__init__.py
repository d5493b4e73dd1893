"""Labelled sequences, whatever their source, as the tables that training and evaluation use."""
