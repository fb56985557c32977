"""Run a recorded run again elsewhere, and judge what came out."""
