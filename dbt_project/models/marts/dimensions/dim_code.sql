{{ config(alias='code') }}

with

general_codes as (
    select * from {{ ref('general_code') }}
),

age_groups as (
    select * from {{ ref('age_group') }}
),

citizenships as (
    select * from {{ ref('citizenship') }}
),

categories as (
    select * from {{ ref('category') }}
),

codes as (
    select
        dimension,
        'none' as category_scheme,
        code,
        label_de,
        label_en
    from general_codes
    union all
    select
        'age_group' as dimension,
        'none' as category_scheme,
        code,
        label_de,
        label_en
    from age_groups
    union all
    select
        'origin' as dimension,
        'none' as category_scheme,
        code,
        name_de as label_de,
        name_en as label_en
    from citizenships
    union all
    select
        'category' as dimension,
        category_scheme,
        code,
        label_de,
        label_en
    from categories
)

select
    dimension,
    category_scheme,
    code,
    label_de,
    label_en
from codes
order by dimension, category_scheme, code
