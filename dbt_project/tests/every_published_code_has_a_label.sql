-- A code without a label cannot be explained to a reader.
with

published as (
    select * from {{ ref('indicator_value') }}
),

codes as (
    select * from {{ ref('dim_code') }}
),

used as (
    select distinct
        'sex' as dimension,
        'none' as category_scheme,
        sex as code
    from published
    union
    select distinct
        'origin' as dimension,
        'none' as category_scheme,
        origin as code
    from published
    union
    select distinct
        'category' as dimension,
        category_scheme,
        category as code
    from published
    union
    select distinct
        'age_group' as dimension,
        'none' as category_scheme,
        age_group as code
    from published
)

select used.*
from used
anti join codes
    on
        used.dimension = codes.dimension
        and used.category_scheme = codes.category_scheme
        and used.code = codes.code
