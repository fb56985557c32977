"""The static site: gathers runs and their audit, renders pages and data files, swaps them in."""
