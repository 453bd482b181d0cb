{{ config(alias='area') }}

with

areas as (
    select * from {{ source('catalogue', 'area') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
)

select
    areas.area_code,
    areas.name,
    areas.level,
    areas.parent_code,
    areas.type_de,
    areas.nuts3,
    areas.valid_from,
    areas.valid_to,
    areas.area_code = profile.city as is_city
from areas
cross join profile
order by areas.area_code
