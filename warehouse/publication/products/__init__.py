"""What a release consists of: tables in three formats, workbook, report."""
