-- Result of the integration committee election
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

cells as (
    select * from {{ source('raw', 'election_results') }}
)

select
    'election_results' as source_id,
    false as is_row_count,
    measure_id,
    area_code,
    period,
    period_kind,
    period_start,
    period_end,
    reporting_year,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    unit,
    value,
    obs_status,
    conf_status,
    status_reason,
    population_base,
    migration_concept,
    rounding_base,
    provisional,
    is_synthetic,
    _delivery_id,
    _sheet,
    _row,
    _column
from cells
