"""What differs between runs, and why: values in, values out, nothing is read but the runs.

``compare_runs([facts_of(a), facts_of(b)])`` is the whole; each part stands alone as well.
"""

from reportgen.compare.code import CodeComparison as CodeComparison
from reportgen.compare.code import FileChange as FileChange
from reportgen.compare.code import code_section as code_section
from reportgen.compare.code import compare_code as compare_code
from reportgen.compare.code import patch_changes as patch_changes
from reportgen.compare.code import split_patch as split_patch
from reportgen.compare.command import command_section as command_section
from reportgen.compare.comparable import Caution as Caution
from reportgen.compare.comparable import cautions as cautions
from reportgen.compare.comparison import Comparison as Comparison
from reportgen.compare.comparison import RunFacts as RunFacts
from reportgen.compare.comparison import compare_runs as compare_runs
from reportgen.compare.comparison import facts_of as facts_of
from reportgen.compare.comparison import only_differences as only_differences
from reportgen.compare.configs import config_section as config_section
from reportgen.compare.data import data_section as data_section
from reportgen.compare.differences import Difference as Difference
from reportgen.compare.differences import Section as Section
from reportgen.compare.differences import compare_sections as compare_sections
from reportgen.compare.differences import differing as differing
from reportgen.compare.differences import same_value as same_value
from reportgen.compare.environments import environment_section as environment_section
from reportgen.compare.environments import seed_section as seed_section
from reportgen.compare.metrics import MetricComparison as MetricComparison
from reportgen.compare.metrics import SeriesComparison as SeriesComparison
from reportgen.compare.metrics import compare_metrics as compare_metrics
from reportgen.compare.metrics import compare_series as compare_series
from reportgen.compare.metrics import relative_difference as relative_difference
from reportgen.compare.predictions import Agreement as Agreement
from reportgen.compare.predictions import Predictions as Predictions
from reportgen.compare.predictions import agreement as agreement
from reportgen.compare.predictions import read_predictions as read_predictions
from reportgen.compare.ranking import Cause as Cause
from reportgen.compare.ranking import rank_causes as rank_causes
