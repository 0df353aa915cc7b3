"""Scenes, scores and an oracle for a clone that has no reference bench.

The four programs take the words of the reference's and say the same figures, so that `bench
track` can use either; they are independent of it, and the scenes are others of the same kinds.
`scenarios.py` flies targets and lets sensors see them, `score.py` judges by
`tocsin.track.metrics`, `pcrlb.py` is an extended Kalman filter that is told which detection is
whose, `peer_stonesoup.py` runs Stone Soup.
"""
