{{ config(alias='code_part') }}

-- Which codes add up to which: the equations between the cells of a table. A classification of which the seed says nothing
-- is a flat one, its classes add up to the total.
with

listed as (
    select * from {{ ref('code_part') }}
),

categories as (
    select * from {{ ref('category') }}
),

citizenships as (
    select * from {{ ref('citizenship') }}
),

flat as (
    select
        'category' as dimension,
        categories.category_scheme,
        'total' as whole,
        categories.code as part,
        'classes' as partition
    from categories
    anti join listed on categories.category_scheme = listed.category_scheme
),

foreign_citizenships as (
    select *
    from citizenships
    where code <> '000'
),

by_citizenship as (
    select
        wholes.code as whole,
        foreign_citizenships.code as part
    from foreign_citizenships
    cross join (values ('foreign'), ('total')) as wholes (code)
    union all
    select
        'total' as whole,
        '000' as part
    union all
    select
        'eu' as whole,
        code as part
    from foreign_citizenships
    where is_eu_2024
    union all
    select
        'efta' as whole,
        code as part
    from foreign_citizenships
    where is_efta_2024
    union all
    select
        'third_country' as whole,
        code as part
    from foreign_citizenships
    where azr_group <> '9' and not is_eu_2024 and not is_efta_2024
    union all
    select
        'stateless_unclear' as whole,
        code as part
    from foreign_citizenships
    where azr_group = '9'
    union all
    select
        'continent_' || azr_group as whole,
        code as part
    from foreign_citizenships
    where azr_group is not null
)

select
    dimension,
    category_scheme,
    whole,
    part,
    partition
from listed

union all

select
    dimension,
    category_scheme,
    whole,
    part,
    partition
from flat

union all

select
    'origin' as dimension,
    'none' as category_scheme,
    whole,
    part,
    'citizenship' as partition
from by_citizenship
order by dimension, category_scheme, whole, partition, part
