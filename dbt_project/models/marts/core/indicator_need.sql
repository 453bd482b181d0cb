with

indicator_values as (
    select * from {{ ref('indicator_value') }}
),

indicators as (
    select * from {{ source('catalogue', 'indicator') }}
),

areas as (
    select * from {{ source('catalogue', 'area') }}
),

rule as (
    select * from {{ source('catalogue', 'standing_out') }}
),

-- places, not people: all residents of a Quartier, and a direction that says what is better
of_quartiere as (
    select
        indicator_values.*,
        case when indicators.desired_direction = 'up' then -1 else 1 end as direction
    from indicator_values
    inner join indicators on indicator_values.indicator_id = indicators.indicator_id and indicators.desired_direction <> 'none'
    inner join areas on indicator_values.area_code = areas.area_code and areas.level = 'quartier'
    where
        indicator_values.value is not null
        and indicator_values.sex = 'total'
        and indicator_values.origin = 'total'
        and indicator_values.category = 'total'
),

medians as (
    select
        indicator_id,
        period,
        age_group,
        population_base,
        count(*) as quartiere,
        median(value) as quartier_median
    from of_quartiere
    group by indicator_id, period, age_group, population_base
),

deviations as (
    select
        of_quartiere.indicator_id,
        of_quartiere.period,
        of_quartiere.age_group,
        of_quartiere.population_base,
        any_value(medians.quartiere) as quartiere,
        any_value(medians.quartier_median) as quartier_median,
        median(abs(of_quartiere.value - medians.quartier_median)) as median_deviation
    from of_quartiere
    inner join medians
        on
            of_quartiere.indicator_id = medians.indicator_id
            and of_quartiere.period = medians.period
            and of_quartiere.age_group = medians.age_group
            and of_quartiere.population_base = medians.population_base
    group by of_quartiere.indicator_id, of_quartiere.period, of_quartiere.age_group, of_quartiere.population_base
)

select
    of_quartiere.indicator_id,
    of_quartiere.area_code,
    of_quartiere.period,
    of_quartiere.age_group,
    of_quartiere.population_base,
    of_quartiere.value,
    of_quartiere.unit,
    deviations.quartier_median,
    -- 1.4826 makes the median deviation of a bell-shaped distribution its standard deviation; positive is greater need
    case
        when deviations.median_deviation > 0
            then
                of_quartiere.direction * (of_quartiere.value - deviations.quartier_median)
                / (1.4826 * deviations.median_deviation)
    end as distance,
    coalesce(
        deviations.median_deviation > 0
        and of_quartiere.direction * (of_quartiere.value - deviations.quartier_median)
        / (1.4826 * deviations.median_deviation) >= rule.distance,
        false
    ) as is_greatest_need,
    of_quartiere.is_synthetic
from of_quartiere
cross join rule
inner join deviations
    on
        of_quartiere.indicator_id = deviations.indicator_id
        and of_quartiere.period = deviations.period
        and of_quartiere.age_group = deviations.age_group
        and of_quartiere.population_base = deviations.population_base
where deviations.quartiere >= rule.least_areas
