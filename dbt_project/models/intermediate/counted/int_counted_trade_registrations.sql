-- Registrations and deregistrations of businesses by section and legal form,
-- and the sole owners by citizenship: companies have none.
with

listed as (
    select * from {{ ref('stg_trade_registrations') }}
),

businesses as (
    select
        case kind when 'registration' then 'business_registrations' else 'business_deregistrations' end as measure_id,
        quartier,
        period,
        section,
        legal_form,
        sum(cases) as cases
    from listed
    group by grouping sets (
        (kind, quartier, period), (kind, quartier, period, section), (kind, quartier, period, legal_form)
    )
),

sole_owners as (
    select
        quartier,
        period,
        cases,
        nationality,
        -- who states no nationality counts in the total only
        case nationality when '000' then 'german' else nationality end as citizenship,
        case when nationality <> '000' then 'foreign' end as is_foreign
    from listed
    where legal_form = 'sole_owner' and kind = 'registration'
),

owners as (
    select
        quartier,
        period,
        'total' as origin,
        sum(cases) as cases
    from sole_owners
    group by all
    union all
    select
        quartier,
        period,
        citizenship as origin,
        sum(cases) as cases
    from sole_owners
    where nationality is not null
    group by all
    union all
    select
        quartier,
        period,
        is_foreign as origin,
        sum(cases) as cases
    from sole_owners
    where is_foreign is not null
    group by all
)

select
    measure_id,
    quartier as area_code,
    period,
    'total' as sex,
    'total' as age_group,
    'total' as origin,
    case
        when section is not null then 'trade_section'
        when legal_form is not null then 'legal_form'
        else 'none'
    end as category_scheme,
    coalesce(section, legal_form, 'total') as category,
    cast(cases as double) as value,
    cast(null as varchar) as status_reason,
    cast(null as varchar) as migration_concept
from businesses
union all
select
    'sole_owner_registrations' as measure_id,
    quartier as area_code,
    period,
    'total' as sex,
    'total' as age_group,
    origin,
    'none' as category_scheme,
    'total' as category,
    cast(cases as double) as value,
    cast(null as varchar) as status_reason,
    case when origin <> 'total' then 'STAAT' end as migration_concept
from owners
