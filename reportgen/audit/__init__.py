"""Judge runs: checks over what a run folder, its repository and its data say."""
