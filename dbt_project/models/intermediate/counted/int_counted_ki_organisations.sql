-- Migrant organisations by kind.
with

listed as (
    select * from {{ ref('stg_ki_organisations') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

split as (
    select
        period,
        kind,
        count(*) as organisations
    from listed
    group by grouping sets ((period), (period, kind))
)

select
    'migrant_organisations' as measure_id,
    profile.city as area_code,
    split.period,
    'total' as sex,
    'total' as age_group,
    'total' as origin,
    case when split.kind is null then 'none' else 'organisation_kind' end as category_scheme,
    coalesce(split.kind, 'total') as category,
    cast(split.organisations as double) as value,
    cast(null as varchar) as status_reason,
    cast(null as varchar) as migration_concept
from split
cross join profile
