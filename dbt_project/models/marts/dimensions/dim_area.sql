{{ config(alias='area') }}

with

areas as (
    select * from {{ ref('area') }}
),

loaded as (
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
    areas.area_code = profile.city as is_city
from areas
inner join loaded on areas.area_code = loaded.area_code
cross join profile
order by areas.area_code
