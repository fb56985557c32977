"""The run-folder standard: its schema, its files, and how to write, find and read them."""
