-- Persons in benefit units, those entitled to benefits, and their two kinds: by sex and by age, each by citizenship.
with

listed as (
    select * from {{ ref('stg_jobcenter_sgb2') }}
),

age_groups as (
    select * from {{ ref('age_group') }}
),

measured as (
    select
        'sgb2_persons' as measure_id,
        listed.*,
        persons as number_of_persons,
        persons_status as withheld
    from listed
    union all
    select
        'sgb2_beneficiaries' as measure_id,
        listed.*,
        beneficiaries as number_of_persons,
        beneficiaries_status as withheld
    from listed
    union all
    select
        'sgb2_employable' as measure_id,
        listed.*,
        employable as number_of_persons,
        employable_status as withheld
    from listed
    union all
    select
        'sgb2_non_employable' as measure_id,
        listed.*,
        non_employable as number_of_persons,
        non_employable_status as withheld
    from listed
),

-- each delivered age group in itself and in the sums that indicators use
spans as (
    select
        part.code as delivered,
        whole.code as age_group
    from age_groups as part
    inner join age_groups as whole
        on
            part.code = whole.code
            or (
                whole.code in ('00_15', '15_65')
                and part.lower_inclusive >= whole.lower_inclusive
                and part.upper_exclusive <= whole.upper_exclusive
            )
),

aged as (
    select
        measured.* exclude (age_group),
        spans.age_group
    from measured
    inner join spans on measured.age_group = spans.delivered
    union all by name
    select
        * exclude (age_group),
        'total' as age_group
    from measured
),

split as (
    select
        measure_id,
        quartier,
        period,
        sex,
        age_group,
        origin,
        -- a sum with a hidden part is hidden
        case when count(*) = count(number_of_persons) then sum(number_of_persons) end as value,
        min(withheld) as status_reason
    from aged
    group by grouping sets (
        (measure_id, quartier, period, age_group), (measure_id, quartier, period, age_group, origin),
        (measure_id, quartier, period, age_group, sex), (measure_id, quartier, period, age_group, sex, origin)
    )
)

select
    measure_id,
    quartier as area_code,
    period,
    coalesce(sex, 'total') as sex,
    age_group,
    coalesce(origin, 'total') as origin,
    'none' as category_scheme,
    'total' as category,
    cast(value as double) as value,
    status_reason,
    case when origin is not null then 'STAAT' end as migration_concept
from split
-- sex and age are not crossed: the cells would be few persons each
where sex is null or age_group = 'total'
