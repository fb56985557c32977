"""The command line: a table of commands, each in a module that loads when it is chosen."""
