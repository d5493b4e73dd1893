"""The page of the server: rooms to analyse, to look live, and to open results again."""
