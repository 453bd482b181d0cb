"""Read GENESIS tables in their classic CSV and spreadsheet layouts.

The layout is recognised from the table itself (line of underscores, first row of values, blanks above the row keys), never
from fixed line numbers. Nothing here renames categories, drops totals or computes: that is the landing's work.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from warehouse.deliveries.readers import genesis_cells, genesis_header, genesis_keys, patterns
from warehouse.deliveries.readers.genesis_frame import Footer, Title, read_footer, read_title
from warehouse.deliveries.readers.grid import Grid
from warehouse.deliveries.readers.table import CellTable, Noise, Table, where
from warehouse.errors import LayoutError
