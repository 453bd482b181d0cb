-- The measured figures each term of an indicator takes. A term that breaks a dimension down takes every code of it.
with

terms as (
    select * from {{ source('catalogue', 'indicator_term') }}
),

term_codes as (
    select * from {{ source('catalogue', 'indicator_term_code') }}
),

measures as (
    select * from {{ ref('fct_measure') }}
),

-- most terms take one code of a dimension: comparing it is much faster than looking it up in a list
code_lists as (
    select
        indicator_id,
        role,
        term_no,
        list(code) filter (where dimension = 'sex') as sexes,
        case
            when count(*) filter (where dimension = 'sex') = 1
                then min(code) filter (where dimension = 'sex')
        end as only_sex,
        list(code) filter (where dimension = 'age_group') as age_groups,
        case
            when count(*) filter (where dimension = 'age_group') = 1
                then min(code) filter (where dimension = 'age_group')
        end as only_age_group,
        list(code) filter (where dimension = 'origin') as origins,
        case
            when count(*) filter (where dimension = 'origin') = 1
                then min(code) filter (where dimension = 'origin')
        end as only_origin,
        list(code) filter (where dimension = 'category') as categories,
        case
            when count(*) filter (where dimension = 'category') = 1
                then min(code) filter (where dimension = 'category')
        end as only_category
    from term_codes
    group by indicator_id, role, term_no
)

select
    terms.indicator_id,
    terms.role,
    terms.term_no,
    measures.*
from terms
left join code_lists
    on
        terms.indicator_id = code_lists.indicator_id
        and terms.role = code_lists.role
        and terms.term_no = code_lists.term_no
inner join measures
    on
        terms.measure_id = measures.measure_id
        and (terms.category_scheme = measures.category_scheme or measures.category = 'total')
        and (terms.population_base is null or terms.population_base = measures.population_base)
        and (
            terms.each_sex
            or code_lists.only_sex = measures.sex
            or (code_lists.only_sex is null and list_contains(code_lists.sexes, measures.sex))
        )
        and (
            terms.each_age_group
            or code_lists.only_age_group = measures.age_group
            or (code_lists.only_age_group is null and list_contains(code_lists.age_groups, measures.age_group))
        )
        and (
            terms.each_origin
            or code_lists.only_origin = measures.origin
            or (code_lists.only_origin is null and list_contains(code_lists.origins, measures.origin))
        )
        and (
            terms.each_category
            or code_lists.only_category = measures.category
            or (code_lists.only_category is null and list_contains(code_lists.categories, measures.category))
        )
