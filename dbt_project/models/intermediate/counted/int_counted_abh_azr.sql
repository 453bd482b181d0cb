-- Foreign nationals of the central register in the city: by sex, age, citizenship, title, protection and length of stay.
with

listed as (
    select * from {{ ref('stg_abh_azr') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

age_groups as (
    select * from {{ ref('age_group') }}
    where code in (
        '00_03', '03_06', '06_10', '10_15', '15_18', '18_25', '25_45', '45_65', '65_plus', '00_06', '00_15', '00_18', '15_65'
    )
),

described as (
    select
        period,
        sex,
        citizenship_1 as origin,
        residence_title,
        coalesce(protection_status, 'none') as protection_status,
        date_diff('month', birth_month, reference_date) // 12 as age,
        case
            when first_entry is null then 'unknown'
            when date_sub('year', first_entry, reference_date) < 1 then '00_01'
            when date_sub('year', first_entry, reference_date) < 5 then '01_05'
            when date_sub('year', first_entry, reference_date) < 8 then '05_08'
            when date_sub('year', first_entry, reference_date) < 10 then '08_10'
            when date_sub('year', first_entry, reference_date) < 20 then '10_20'
            else '20_plus'
        end as duration_band
    from listed
),

split as (
    select
        period,
        sex,
        origin,
        age,
        residence_title,
        protection_status,
        duration_band,
        count(*) as persons
    from described
    group by grouping sets (
        (period), (period, sex), (period, origin), (period, sex, origin), (period, age), (period, sex, age),
        (period, residence_title), (period, sex, residence_title), (period, protection_status),
        (period, sex, protection_status), (period, duration_band), (period, sex, duration_band)
    )
),

grouped as (
    select
        period,
        sex,
        origin,
        'total' as age_group,
        residence_title,
        protection_status,
        duration_band,
        persons
    from split
    where age is null
    union all
    select
        split.period,
        split.sex,
        split.origin,
        age_groups.code as age_group,
        split.residence_title,
        split.protection_status,
        split.duration_band,
        sum(split.persons) as persons
    from split
    inner join age_groups
        on split.age >= age_groups.lower_inclusive and split.age < coalesce(age_groups.upper_exclusive, 999)
    group by all
)

select
    'foreign_nationals' as measure_id,
    profile.city as area_code,
    grouped.period,
    coalesce(grouped.sex, 'total') as sex,
    grouped.age_group,
    coalesce(grouped.origin, 'total') as origin,
    case
        when grouped.residence_title is not null then 'residence_title'
        when grouped.protection_status is not null then 'protection_status'
        when grouped.duration_band is not null then 'duration_band'
        else 'none'
    end as category_scheme,
    coalesce(grouped.residence_title, grouped.protection_status, grouped.duration_band, 'total') as category,
    cast(grouped.persons as double) as value,
    cast(null as varchar) as status_reason,
    'STAAT' as migration_concept
from grouped
cross join profile
