"""Networks and baselines fitted to labelled sequences, with a card that says how good they are."""
