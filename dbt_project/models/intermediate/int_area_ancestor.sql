-- Every area inside the city with the areas it lies in, itself and the city among them. What cannot be placed lies in the city.
with

areas as (
    select * from {{ source('catalogue', 'area') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

of_the_city as (
    select
        areas.*,
        profile.city
    from areas
    cross join profile
    where areas.level in ('stadtbezirk', 'quartier', 'not_located') or areas.area_code = profile.city
)

select
    area_code,
    area_code as ancestor_code,
    valid_from,
    valid_to
from of_the_city

union all

select
    area_code,
    parent_code as ancestor_code,
    valid_from,
    valid_to
from of_the_city
where level = 'quartier' and parent_code <> city

union all

select
    area_code,
    city as ancestor_code,
    valid_from,
    valid_to
from of_the_city
where area_code <> city
