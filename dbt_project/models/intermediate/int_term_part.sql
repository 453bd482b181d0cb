-- The measured figures each term of an indicator takes. A term that breaks a dimension down takes every code of it, or those
-- it lists.
with

terms as (
    select * from {{ source('catalogue', 'indicator_term') }}
),

term_codes as (
    select * from {{ source('catalogue', 'indicator_term_code') }}
),

measures as not materialized (
    select * from {{ ref('fct_measure') }}
),

code_lists as (
    select
        indicator_id,
        role,
        term_no,
        list(code) filter (where dimension = 'sex') as sexes,
        list(code) filter (where dimension = 'age_group') as age_groups,
        list(code) filter (where dimension = 'origin') as origins,
        list(code) filter (where dimension = 'category') as categories
    from term_codes
    group by indicator_id, role, term_no
),

-- there are a thousand times fewer splits than figures: what a term takes is decided once for each of them
splits as (
    select distinct
        measure_id,
        population_base,
        sex,
        age_group,
        origin,
        category_scheme,
        category
    from measures
),

wanted as (
    select
        terms.indicator_id,
        terms.role,
        terms.term_no,
        splits.*
    from terms
    left join code_lists
        on
            terms.indicator_id = code_lists.indicator_id
            and terms.role = code_lists.role
            and terms.term_no = code_lists.term_no
    inner join splits
        on
            terms.measure_id = splits.measure_id
            and (terms.category_scheme = splits.category_scheme or splits.category = 'total')
            and (terms.population_base is null or terms.population_base = splits.population_base)
            and coalesce(list_contains(code_lists.sexes, splits.sex), terms.each_sex)
            and coalesce(list_contains(code_lists.age_groups, splits.age_group), terms.each_age_group)
            and coalesce(list_contains(code_lists.origins, splits.origin), terms.each_origin)
            and coalesce(list_contains(code_lists.categories, splits.category), terms.each_category)
)

select
    wanted.indicator_id,
    wanted.role,
    wanted.term_no,
    measures.*
from measures
inner join wanted
    on
        measures.measure_id = wanted.measure_id
        and measures.population_base is not distinct from wanted.population_base
        and measures.sex = wanted.sex
        and measures.age_group = wanted.age_group
        and measures.origin = wanted.origin
        and measures.category_scheme = wanted.category_scheme
        and measures.category = wanted.category
