"""Networks and baselines fitted to labelled collections, with a card that says how good they are.

`au_detect.training.engine.fit` is the one engine; everything else here is data, recipe or report.
"""
