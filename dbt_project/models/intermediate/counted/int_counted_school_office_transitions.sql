-- Changes from primary school to grade 5 by residence: the school form chosen, and the one recommended.
with

listed as (
    select * from {{ ref('stg_school_office_transitions') }}
),

measured as (
    select
        'school_transitions' as measure_id,
        quartier,
        period,
        origin,
        'target_form' as category_scheme,
        target_form as category,
        pupils,
        pupils_status
    from listed
    union all
    select
        'school_recommendations' as measure_id,
        quartier,
        period,
        origin,
        'recommendation' as category_scheme,
        recommendation as category,
        pupils,
        pupils_status
    from listed
),

split as (
    select
        measure_id,
        quartier,
        period,
        origin,
        category_scheme,
        category,
        -- a sum with a hidden part is hidden
        case when count(*) = count(pupils) then sum(pupils) end as value,
        min(pupils_status) as status_reason
    from measured
    group by grouping sets (
        (measure_id, quartier, period), (measure_id, quartier, period, origin),
        (measure_id, quartier, period, category_scheme, category),
        (measure_id, quartier, period, origin, category_scheme, category)
    )
)

select
    measure_id,
    quartier as area_code,
    period,
    'total' as sex,
    'total' as age_group,
    coalesce(origin, 'total') as origin,
    coalesce(category_scheme, 'none') as category_scheme,
    coalesce(category, 'total') as category,
    cast(value as double) as value,
    status_reason,
    case when origin is not null then 'SCHULE_DESTATIS' end as migration_concept
from split
