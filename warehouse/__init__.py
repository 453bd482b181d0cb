"""Everything that touches data at rest. Knows neither Dagster nor Great Expectations."""
