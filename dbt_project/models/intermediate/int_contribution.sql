-- What single units contribute to a figure, largest first: for sources whose figures are amounts of few units, so that
-- disclosure control can see whether one of them can be told from the sum.
with

listed as (
    select * from {{ ref('stg_day_care_places') }}
),

ancestors as (
    select * from {{ ref('int_area_ancestor') }}
),

units as (
    select
        'day_care_places' as source_id,
        'day_care_places_offered' as measure_id,
        ancestors.ancestor_code as area_code,
        listed.period,
        coalesce(listed.age_band, 'total') as age_group,
        listed.facility as unit,
        sum(listed.places) as amount
    from listed
    inner join ancestors on listed.quartier = ancestors.area_code
    group by grouping sets (
        (ancestors.ancestor_code, listed.period, listed.facility),
        (ancestors.ancestor_code, listed.period, listed.facility, listed.age_band)
    )
)

select
    source_id,
    measure_id,
    area_code,
    period,
    'total' as sex,
    age_group,
    'total' as origin,
    'none' as category_scheme,
    'total' as category,
    list(cast(amount as double) order by amount desc) as contributions
from units
where amount > 0
group by source_id, measure_id, area_code, period, age_group
