-- Children in day care where they are cared for: by age, origin of the parents and family language. The few who are six or
-- seven count in the total and in no age group.
with

listed as (
    select * from {{ ref('stg_day_care_children') }}
),

age_groups as (
    select * from {{ ref('age_group') }}
    where code in ('00_03', '03_06', '00_06')
),

aged as (
    select
        listed.*,
        age_groups.code as age_group
    from listed
    inner join age_groups
        on listed.age >= age_groups.lower_inclusive and listed.age < age_groups.upper_exclusive
    union all
    select
        listed.*,
        'total' as age_group
    from listed
),

split as (
    select
        quartier,
        period,
        age_group,
        case parent_foreign_origin when true then 'foreign' when false then 'german' end as parent_origin,
        family_language,
        sum(children) as children
    from aged
    group by grouping sets (
        (quartier, period, age_group), (quartier, period, age_group, parent_foreign_origin),
        (quartier, period, age_group, family_language)
    )
)

select
    'day_care_children' as measure_id,
    quartier as area_code,
    period,
    'total' as sex,
    age_group,
    'total' as origin,
    case
        when parent_origin is not null then 'parent_origin'
        when family_language is not null then 'family_language'
        else 'none'
    end as category_scheme,
    coalesce(parent_origin, family_language, 'total') as category,
    cast(children as double) as value,
    cast(null as varchar) as status_reason,
    case when parent_origin is not null or family_language is not null then 'KITA' end as migration_concept
from split
