-- Committees and networks, and how many of them are open to guests.
with

listed as (
    select * from {{ ref('stg_ki_committees') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

counted as (
    select
        period,
        count(*) as committees,
        -- a body that does not say counts as not open
        count(*) filter (open_to_guests) as committees_open_to_guests
    from listed
    group by period
),

figures as (
    unpivot counted
    on committees, committees_open_to_guests
    into name measure_id value bodies
)

select
    figures.measure_id,
    profile.city as area_code,
    figures.period,
    'total' as sex,
    'total' as age_group,
    'total' as origin,
    'none' as category_scheme,
    'total' as category,
    cast(figures.bodies as double) as value,
    cast(null as varchar) as status_reason,
    cast(null as varchar) as migration_concept
from figures
cross join profile
