"""Experiments into runs: objectives, training, snapshots, surfaces, and the one training thread."""
