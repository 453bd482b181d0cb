-- One row per row of an indicator, term and part of the term. A term without any part keeps one row with nulls.
-- Two terms share a breakdown where both break the dimension down; otherwise one figure serves all codes.
with

terms as (
    select * from {{ source('catalogue', 'indicator_term') }}
),

keys as (
    select * from {{ ref('int_indicator_key') }}
),

term_parts as not materialized (
    select * from {{ ref('int_term_part') }}
),

-- only these can offer one part twice
with_several_bases as (
    select
        indicator_id,
        role,
        term_no
    from term_parts
    group by indicator_id, role, term_no
    having count(distinct population_base) > 1
),

wanted as (
    select
        keys.value_key,
        keys.indicator_id,
        keys.area_code,
        keys.leading_base,
        terms.role,
        terms.term_no,
        terms.weight,
        terms.expected_parts,
        with_several_bases.role is not null as has_several_bases,
        case when keys.each_sex and terms.each_sex then keys.sex end as join_sex,
        case when keys.each_age_group and terms.each_age_group then keys.age_group end as join_age_group,
        case when keys.each_origin and terms.each_origin then keys.origin end as join_origin,
        case when keys.each_category and terms.each_category then keys.category end as join_category,
        case when terms.align = 'period' then keys.period_kind end as join_kind,
        case
            when terms.align = 'reporting_year' then make_date(keys.reporting_year + terms.year_offset, 1, 1)
            when terms.year_offset = 0 then keys.period_start
            else cast(keys.period_start + to_years(terms.year_offset) as date)
        end as join_start
    from keys
    inner join terms on keys.indicator_id = terms.indicator_id
    left join with_several_bases
        on
            terms.indicator_id = with_several_bases.indicator_id
            and terms.role = with_several_bases.role
            and terms.term_no = with_several_bases.term_no
),

offered as (
    select
        term_parts.*,
        case when leading_terms.each_sex and terms.each_sex then term_parts.sex end as join_sex,
        case when leading_terms.each_age_group and terms.each_age_group then term_parts.age_group end as join_age_group,
        case when leading_terms.each_origin and terms.each_origin then term_parts.origin end as join_origin,
        case when leading_terms.each_category and terms.each_category then term_parts.category end as join_category,
        case when terms.align = 'period' then term_parts.period_kind end as join_kind,
        case
            when terms.align = 'reporting_year' then make_date(term_parts.reporting_year, 1, 1)
            else term_parts.period_start
        end as join_start
    from term_parts
    inner join terms
        on
            term_parts.indicator_id = terms.indicator_id
            and term_parts.role = terms.role
            and term_parts.term_no = terms.term_no
    inner join terms as leading_terms
        on
            term_parts.indicator_id = leading_terms.indicator_id
            and leading_terms.role = 'numerator'
            and leading_terms.term_no = 1
),

joined as (
    select
        wanted.value_key,
        wanted.indicator_id,
        wanted.leading_base,
        wanted.role,
        wanted.term_no,
        wanted.weight,
        wanted.expected_parts,
        wanted.has_several_bases,
        offered.* exclude (
            indicator_id, role, term_no, join_sex, join_age_group, join_origin, join_category, join_kind, join_start
        )
    from wanted
    left join offered
        on
            wanted.indicator_id = offered.indicator_id
            and wanted.role = offered.role
            and wanted.term_no = offered.term_no
            and wanted.area_code = offered.area_code
            and wanted.join_start = offered.join_start
            and wanted.join_kind is not distinct from offered.join_kind
            and wanted.join_sex is not distinct from offered.join_sex
            and wanted.join_age_group is not distinct from offered.join_age_group
            and wanted.join_origin is not distinct from offered.join_origin
            and wanted.join_category is not distinct from offered.join_category
),

-- where a part exists for several population bases, the base of the row is taken, then none, then the newest
ranked as (
    select
        *,
        row_number() over (
            partition by value_key, role, term_no, period, sex, age_group, origin, category
            order by (population_base = leading_base) desc, (population_base = 'NONE') desc, population_base desc
        ) as choice
    from joined
    where has_several_bases
)

select * exclude (has_several_bases)
from joined
where not has_several_bases

union all

select * exclude (has_several_bases, choice)
from ranked
where choice = 1
