-- Directories list one thing per row (a school): their figure is the number of rows, per category and in total.
-- The lineage of a count is the first row that counts.
with

listed as (
    select * from {{ ref('int_staged') }}
    where is_row_count
),

categories as (
    select distinct
        source_id,
        period,
        category_scheme,
        category
    from listed
    where category <> 'total'
    union
    select distinct
        source_id,
        period,
        'none' as category_scheme,
        'total' as category
    from listed
),

-- each row counts one in its category and in the total, and none in every other category: what a directory
-- does not list does not exist
spread as (
    select
        listed.* exclude (is_row_count, category_scheme, category, value),
        categories.category_scheme,
        categories.category,
        case when categories.category in (listed.category, 'total') then listed.value else 0 end as value
    from listed
    inner join categories on listed.source_id = categories.source_id and listed.period = categories.period
)

select
    source_id,
    measure_id,
    area_code,
    period,
    any_value(period_kind) as period_kind,
    min(period_start) as period_start,
    max(period_end) as period_end,
    min(reporting_year) as reporting_year,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    any_value(unit) as unit,
    sum(value) as value,
    min_by(obs_status, value is not null) as obs_status,
    min_by(conf_status, value is not null) as conf_status,
    min_by(status_reason, value is not null) as status_reason,
    population_base,
    max(migration_concept) as migration_concept,
    max(rounding_base) as rounding_base,
    bool_or(provisional) as provisional,
    bool_or(is_synthetic) as is_synthetic,
    min_by(_delivery_id, (value = 0, _delivery_id, _row)) as _delivery_id,
    min_by(_sheet, (value = 0, _delivery_id, _row)) as _sheet,
    min_by(_row, (value = 0, _delivery_id, _row)) as _row,
    min_by(_column, (value = 0, _delivery_id, _row)) as _column
from spread
group by
    source_id, measure_id, area_code, period, sex, age_group, origin, category_scheme, category, population_base
