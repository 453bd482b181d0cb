{{ config(materialized='view') }}

-- Every figure a source delivers, one row per source and key. The total of a split is the same figure as the figure of
-- a table that does not split: category 'total' carries scheme 'none'.
with

staged as (
    select * from {{ ref('int_staged') }}
),

counted as (
    select * from {{ ref('int_counted_rows') }}
),

lists as (
    select * from {{ ref('int_counted') }}
),

indices as (
    select * from {{ ref('int_segregation') }}
),

delivered as (
    select
        * exclude (is_row_count),
        false as is_of_list
    from staged
    where not is_row_count
    union all by name
    select
        *,
        false as is_of_list
    from counted
    union all by name
    select
        *,
        true as is_of_list
    from lists
    union all by name
    select
        *,
        true as is_of_list
    from indices
)

select
    source_id,
    is_of_list,
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
    case when category = 'total' then 'none' else category_scheme end as category_scheme,
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
    _delivery_id,
    _sheet,
    _row,
    _column
from delivered
