-- Every figure in force with its true value: of several sources the one with the lowest priority number. Closed zone.
with

candidates as (
    select * from {{ ref('int_measure_candidate') }}
),

ranked as (
    select * from {{ ref('int_measure_ranked') }}
),

contested as (
    select distinct measure_id from ranked
),

in_force as (
    select candidates.* exclude (is_of_list)
    from candidates
    anti join contested on candidates.measure_id = contested.measure_id
    union all by name
    select ranked.* exclude (choice)
    from ranked
    where choice = 1
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
from in_force
