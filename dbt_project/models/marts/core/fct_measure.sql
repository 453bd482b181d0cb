with

ranked as (
    select * from {{ ref('int_measure_ranked') }}
)

select
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
    population_base,
    value,
    unit,
    obs_status,
    conf_status,
    status_reason,
    migration_concept,
    rounding_base,
    is_synthetic,
    provisional,
    source_id,
    _delivery_id,
    _sheet,
    _row,
    _column
from ranked
where choice = 1
order by
    measure_id, area_code, period, sex, age_group, origin, category_scheme, category, population_base
