with

indicator_values as (
    select * from {{ ref('indicator_value') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

units as (
    select * from {{ ref('unit') }}
),

-- values of one segment have no break between them
segmented as (
    select
        indicator_values.*,
        count_if(series_break) over (
            partition by
                indicator_id, area_code, sex, age_group, origin, category_scheme, category, population_base
            order by period_start
        ) as segment
    from indicator_values
),

compared as (
    select
        present.*,
        previous.value as value_previous_year,
        land.value as land_value,
        units.change_measure,
        units.change_unit,
        units.is_comparable_between_areas
    from segmented as present
    cross join profile
    inner join units on present.unit = units.unit
    left join segmented as previous
        on
            present.indicator_id = previous.indicator_id
            and present.area_code = previous.area_code
            and present.sex = previous.sex
            and present.age_group = previous.age_group
            and present.origin = previous.origin
            and present.category_scheme = previous.category_scheme
            and present.category = previous.category
            and present.population_base = previous.population_base
            and present.migration_concept is not distinct from previous.migration_concept
            and present.segment = previous.segment
            and present.period_start = previous.period_start + interval 1 year
            and present.period_end - present.period_start between
            previous.period_end - previous.period_start - 1 and previous.period_end - previous.period_start + 1
    left join segmented as land
        on
            present.indicator_id = land.indicator_id
            and profile.land = land.area_code
            and present.period = land.period
            and present.sex = land.sex
            and present.age_group = land.age_group
            and present.origin = land.origin
            and present.category_scheme = land.category_scheme
            and present.category = land.category
            and present.population_base = land.population_base
)

select
    indicator_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    population_base,
    value,
    unit,
    value_previous_year,
    case
        when change_measure = 'difference'
            then cast(cast(value as decimal(24, 6)) - cast(value_previous_year as decimal(24, 6)) as double)
        when value_previous_year <> 0 then 100 * (value / value_previous_year - 1)
    end as change,
    change_unit,
    land_value,
    case
        when not is_comparable_between_areas then null
        when change_measure = 'difference'
            then cast(cast(value as decimal(24, 6)) - cast(land_value as decimal(24, 6)) as double)
        when land_value <> 0 then 100 * (value / land_value - 1)
    end as difference_to_land,
    case when is_comparable_between_areas then change_unit end as difference_unit
from compared
