"""Parts of a run's page, each from the run's files to typed rows."""
