"""Other tools beside a run while it trains: each file is one tool and imports it.

Mirrors repeat what is logged in another tool's format; they are sinks of the logger
(``reportgen.logger.interface``) and are found by name through ``reportgen.logger.mirrors``.
"""
