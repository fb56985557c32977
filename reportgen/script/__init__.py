"""From a recorded run to the shell script that restores it, runs it again and compares.

Pure: a :class:`reportgen.runs.view.RunView` in, text out. The same run and the same version of
reportgen always give the same bytes, so an auditor can make the script again and compare.
"""

from __future__ import annotations

from reportgen.script.facts import ScriptFacts, facts_of
from reportgen.script.text import parse_script, render_script, reproduce_script

__all__ = ["ScriptFacts", "facts_of", "parse_script", "render_script", "reproduce_script"]
