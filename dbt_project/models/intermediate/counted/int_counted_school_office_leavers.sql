-- School leavers of the city by certificate.
with

listed as (
    select * from {{ ref('stg_school_office_leavers') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

split as (
    select
        period,
        sex,
        origin,
        certificate,
        -- a sum with a hidden part is hidden
        case when count(*) = count(leavers) then sum(leavers) end as value,
        min(leavers_status) as status_reason
    from listed
    group by grouping sets (
        (period), (period, sex), (period, origin), (period, sex, origin), (period, certificate), (period, sex, certificate),
        (period, origin, certificate), (period, sex, origin, certificate)
    )
)

select
    'school_leavers' as measure_id,
    profile.city as area_code,
    split.period,
    coalesce(split.sex, 'total') as sex,
    'total' as age_group,
    coalesce(split.origin, 'total') as origin,
    case when split.certificate is null then 'none' else 'certificate' end as category_scheme,
    coalesce(split.certificate, 'total') as category,
    cast(split.value as double) as value,
    split.status_reason,
    case when split.origin is not null then 'SCHULE_DESTATIS' end as migration_concept
from split
cross join profile
