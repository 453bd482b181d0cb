-- Integrations into work in the city.
with

listed as (
    select * from {{ ref('stg_jobcenter_integrations') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

split as (
    select
        period,
        sex,
        origin,
        -- a sum with a hidden part is hidden
        case when count(*) = count(integrations) then sum(integrations) end as value,
        min(integrations_status) as status_reason
    from listed
    group by grouping sets ((period), (period, sex), (period, origin), (period, sex, origin))
)

select
    'job_integrations' as measure_id,
    profile.city as area_code,
    split.period,
    coalesce(split.sex, 'total') as sex,
    'total' as age_group,
    coalesce(split.origin, 'total') as origin,
    'none' as category_scheme,
    'total' as category,
    cast(split.value as double) as value,
    split.status_reason,
    case when split.origin is not null then 'STAAT' end as migration_concept
from split
cross join profile
