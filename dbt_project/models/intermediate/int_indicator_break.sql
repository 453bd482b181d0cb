-- The first value of a series after a break, where an earlier value exists. A break is declared for a measure, or shows
-- in another population base or migration concept.
with

computed as (
    select * from {{ ref('int_indicator_computed') }}
),

terms as (
    select * from {{ source('catalogue', 'indicator_term') }}
),

breaks as (
    select * from {{ source('catalogue', 'series_break') }}
),

indicator_breaks as (
    select distinct
        terms.indicator_id,
        breaks.break_date
    from terms
    inner join breaks on terms.measure_id = breaks.series
),

known as (
    select
        value_key,
        indicator_id,
        period_end,
        population_base,
        migration_concept,
        lag(value_key) over series as previous_key,
        lag(period_end) over series as previous_period_end,
        lag(population_base) over series as previous_base,
        lag(migration_concept) over series as previous_concept
    from computed
    where value is not null
    window
        series as (
            partition by
                indicator_id, area_code, period_kind, sex, age_group, origin, category_scheme, category
            order by period_start, population_base
        )
)

select known.value_key
from known
where
    known.previous_key is not null
    and (
        known.population_base <> known.previous_base
        or known.migration_concept is distinct from known.previous_concept
        or exists (
            select 1
            from indicator_breaks
            where
                indicator_breaks.indicator_id = known.indicator_id
                and indicator_breaks.break_date > known.previous_period_end
                and indicator_breaks.break_date <= known.period_end
        )
    )
