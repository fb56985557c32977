"""The checks, a module a theme; :mod:`reportgen.audit.registry` puts them in order."""
