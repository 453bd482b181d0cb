{{ config(alias='indicator_term') }}

with

terms as (
    select * from {{ source('catalogue', 'indicator_term') }}
)

select
    indicator_id,
    role,
    term_no,
    measure_id,
    weight,
    population_base,
    year_offset,
    align,
    expected_parts,
    each_sex,
    each_age_group,
    each_origin,
    each_category,
    category_scheme,
    out_sex,
    out_age_group,
    out_origin,
    out_category
from terms
order by indicator_id, role, term_no
