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

split_by_citizenship as (
    select distinct
        source_id,
        measure_id
    from staged
    where origin in ('german', 'foreign')
),

delivered as (
    select
        staged.* exclude (is_row_count)
        replace (
            -- the total of Germans and others is of everybody, whatever concept tells them apart
            case
                when split_by_citizenship.source_id is null or staged.origin <> 'total' then staged.migration_concept
            end as migration_concept
        ),
        false as is_of_list
    from staged
    left join split_by_citizenship
        on staged.source_id = split_by_citizenship.source_id and staged.measure_id = split_by_citizenship.measure_id
    where not staged.is_row_count
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
