with

indicator_values as (
    select * from {{ ref('indicator_value') }}
),

terms as (
    select * from {{ source('catalogue', 'indicator_term') }}
),

units as (
    select * from {{ ref('unit') }}
),

-- a rate of a group stands beside the rate of all only where its denominator is that of the group too: a share is no rate
split_rates as (
    select
        indicator_id,
        bool_and(each_sex) as by_sex,
        bool_and(each_origin) as by_origin,
        bool_and(each_category) as by_category
    from terms
    group by indicator_id
),

groups as (
    select
        indicator_values.*,
        case when indicator_values.sex <> 'total' and split_rates.by_sex then 'sex' end as of_sex,
        case when indicator_values.origin <> 'total' and split_rates.by_origin then 'origin' end as of_origin,
        case when indicator_values.category <> 'total' and split_rates.by_category then 'category' end as of_category
    from indicator_values
    inner join split_rates on indicator_values.indicator_id = split_rates.indicator_id
    inner join units on indicator_values.unit = units.unit and units.is_comparable_between_areas
),

-- one dimension at a time: foreign women stand beside all women, and beside all foreigners
sides as (
    select
        *,
        unnest(list_filter([of_sex, of_origin, of_category], lambda side: side is not null)) as dimension
    from groups
)

select
    sides.indicator_id,
    sides.area_code,
    sides.period,
    sides.sex,
    sides.age_group,
    sides.origin,
    sides.category_scheme,
    sides.category,
    sides.population_base,
    sides.dimension,
    sides.value,
    whole.value as whole_value,
    cast(cast(sides.value as decimal(24, 6)) - cast(whole.value as decimal(24, 6)) as double) as difference_to_whole,
    case when whole.value <> 0 then sides.value / whole.value end as equal_share_ratio,
    sides.unit,
    sides.migration_concept,
    sides.is_synthetic
from sides
inner join indicator_values as whole
    on
        sides.indicator_id = whole.indicator_id
        and sides.area_code = whole.area_code
        and sides.period = whole.period
        and sides.age_group = whole.age_group
        and sides.population_base = whole.population_base
        and case when sides.dimension = 'sex' then 'total' else sides.sex end = whole.sex
        and case when sides.dimension = 'origin' then 'total' else sides.origin end = whole.origin
        and case when sides.dimension = 'category' then 'none' else sides.category_scheme end = whole.category_scheme
        and case when sides.dimension = 'category' then 'total' else sides.category end = whole.category
where sides.value is not null and whole.value is not null
