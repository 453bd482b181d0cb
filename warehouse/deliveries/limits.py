"""How much a file from outside may cost. Only numbers; who enforces them is said beside each."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20
GIBIBYTE = 1 << 30


@dataclass(frozen=True)
class Limits:
    """Upper bounds for one delivery."""

    file_bytes: int = 2 * GIBIBYTE
    """Size of a delivered file; a larger one is refused before its content is read."""
    workbook_bytes: int = 200 * MEBIBYTE
    """Size of a workbook as delivered."""
    members: int = 1000
    """Entries of a zip archive or of an .xlsx file."""
    ratio: int = 100
    """Unpacked size over packed size of one entry; entries up to 64 KiB are never a danger and are exempt."""
    unpacked_bytes: int = 2 * GIBIBYTE
    """Unpacked size of all entries of a zip archive."""
    workbook_unpacked_bytes: int = 500 * MEBIBYTE
    """Unpacked size of all parts of an .xlsx file."""
    sheet_cells: int = 5_000_000
    """Rows times columns of the area that a sheet uses."""
    parser_memory: int = 2 * GIBIBYTE
    """Address space of the process that parses a workbook."""
    parser_cpu_seconds: int = 60
    """Processor time of that process."""
    parser_seconds: float = 120.0
    """Wall clock time of that process."""
    young_seconds: float = 2.0
    """A file changed less than this long ago may still be growing and is looked at twice."""
    settle_seconds: float = 0.05
    """Time between these two looks."""
