-- The rows an indicator can have. They follow the first numerator term: its areas, periods, breakdowns and base.
with

terms as (
    select * from {{ source('catalogue', 'indicator_term') }}
),

parts as (
    select * from {{ ref('int_term_part') }}
),

leading_terms as (
    select * from terms
    where role = 'numerator' and term_no = 1
),

keys as (
    select distinct
        parts.indicator_id,
        parts.area_code,
        parts.period,
        parts.period_kind,
        parts.period_start,
        parts.period_end,
        parts.reporting_year,
        parts.population_base as leading_base,
        leading_terms.each_sex,
        leading_terms.each_age_group,
        leading_terms.each_origin,
        leading_terms.each_category,
        case when leading_terms.each_sex then parts.sex else leading_terms.out_sex end as sex,
        case when leading_terms.each_age_group then parts.age_group else leading_terms.out_age_group end as age_group,
        case when leading_terms.each_origin then parts.origin else leading_terms.out_origin end as origin,
        case when leading_terms.each_category then parts.category else leading_terms.out_category end as category,
        leading_terms.category_scheme
    from parts
    inner join leading_terms
        on
            parts.indicator_id = leading_terms.indicator_id
            and parts.role = leading_terms.role
            and parts.term_no = leading_terms.term_no
)

select
    * replace (case when category = 'total' then 'none' else category_scheme end as category_scheme),
    concat_ws(
        '|', indicator_id, area_code, period, sex, age_group, origin, category_scheme, category, leading_base
    ) as value_key
from keys
