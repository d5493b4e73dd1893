"""What a browser shows: the live page, on the same detector as everything else."""
