-- Places in day care by age of the children they are for.
with

listed as (
    select * from {{ ref('stg_day_care_places') }}
)

select
    'day_care_places_offered' as measure_id,
    quartier as area_code,
    period,
    'total' as sex,
    coalesce(age_band, 'total') as age_group,
    'total' as origin,
    'none' as category_scheme,
    'total' as category,
    cast(sum(places) as double) as value,
    cast(null as varchar) as status_reason,
    cast(null as varchar) as migration_concept
from listed
group by grouping sets ((quartier, period), (quartier, period, age_band))
