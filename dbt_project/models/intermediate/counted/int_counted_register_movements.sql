-- What happened in the register during a year, at the Quartier where it counts: a move within the city counts at its
-- destination and once more at its origin. Codes that may occur and do not have a zero at the city.
with

movements as (
    select * from {{ ref('stg_register_movements') }}
),

periods as (
    select * from {{ source('raw', 'record_period') }}
    where source_id = 'register_movements'
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

measures (measure_id, kind) as (
    values
    ('births_registered', 'birth'), ('deaths_registered', 'death'), ('arrivals', 'arrival'), ('departures', 'departure'),
    ('relocations_in', 'relocation'), ('relocations_out', 'relocation')
),

origins (code) as (
    values ('total'), ('german'), ('foreign')
),

categories (measure_id, category_scheme, category) as (
    values
    ('births_registered', 'parents_citizenship', 'both_german'),
    ('births_registered', 'parents_citizenship', 'one_foreign'),
    ('births_registered', 'parents_citizenship', 'both_foreign'),
    ('births_registered', 'parents_citizenship', 'unknown'),
    ('arrivals', 'counterpart', 'abroad'),
    ('arrivals', 'counterpart', 'germany'),
    ('departures', 'counterpart', 'abroad'),
    ('departures', 'counterpart', 'germany')
),

classified as (
    select
        measures.measure_id,
        movements.period,
        case when measures.measure_id = 'relocations_out' then movements.quartier_from else movements.quartier end as area_code,
        case when movements.citizenship_1 = '000' then 'german' else 'foreign' end as origin,
        case
            when movements.kind in ('arrival', 'departure') then movements.counterpart
            when movements.kind <> 'birth' then null
            when movements.mother_citizenship is null or movements.father_citizenship is null then 'unknown'
            when movements.mother_citizenship = '000' and movements.father_citizenship = '000' then 'both_german'
            when movements.mother_citizenship = '000' or movements.father_citizenship = '000' then 'one_foreign'
            else 'both_foreign'
        end as category
    from movements
    inner join measures on movements.kind = measures.kind
),

counted as (
    select
        measure_id,
        period,
        area_code,
        coalesce(origin, 'total') as origin,
        coalesce(category, 'total') as category,
        count(*) as value
    from classified
    group by
        grouping sets (
            (measure_id, period, area_code),
            (measure_id, period, area_code, origin),
            (measure_id, period, area_code, category),
            (measure_id, period, area_code, origin, category)
        )
    -- what has no categories is its own total, once
    having grouping(category) = 1 or category is not null
),

possible as (
    select
        measures.measure_id,
        origins.code as origin,
        'total' as category
    from measures
    cross join origins
    union all
    select
        categories.measure_id,
        origins.code as origin,
        categories.category
    from categories
    cross join origins
),

nobody as (
    select
        possible.measure_id,
        periods.period,
        profile.city as area_code,
        possible.origin,
        possible.category,
        0 as value
    from possible
    cross join periods
    cross join profile
),

figures as (
    select * from counted
    union all
    select * from nobody
)

select
    figures.measure_id,
    figures.area_code,
    figures.period,
    'total' as sex,
    'total' as age_group,
    figures.origin,
    coalesce(categories.category_scheme, 'none') as category_scheme,
    figures.category,
    cast(figures.value as double) as value,
    cast(null as varchar) as status_reason,
    case when figures.origin <> 'total' or categories.category_scheme = 'parents_citizenship' then 'STAAT' end
        as migration_concept
from figures
left join categories on figures.measure_id = categories.measure_id and figures.category = categories.category
