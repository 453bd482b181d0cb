-- Naturalisation procedures of the city: applications, decisions and naturalisations of the year, open cases at its end,
-- and how long the decided cases took.
with

listed as (
    select * from {{ ref('stg_abh_naturalisations') }}
),

profile as (
    select * from {{ source('catalogue', 'profile') }}
),

events as (
    select
        'naturalisation_applications' as measure_id,
        period,
        sex,
        citizenship,
        cast(null as varchar) as decision,
        cast(null as varchar) as legal_basis,
        application_date as event_date
    from listed
    where year(application_date) = year
    union all
    select
        'naturalisation_decisions' as measure_id,
        period,
        sex,
        citizenship,
        decision,
        cast(null as varchar) as legal_basis,
        decision_date as event_date
    from listed
    where decision is not null
    union all
    select
        'naturalisations_granted' as measure_id,
        period,
        sex,
        citizenship,
        cast(null as varchar) as decision,
        coalesce(legal_basis, 'unknown') as legal_basis,
        decision_date as event_date
    from listed
    where decision = 'granted'
    union all
    select
        'naturalisation_open' as measure_id,
        period,
        sex,
        citizenship,
        cast(null as varchar) as decision,
        cast(null as varchar) as legal_basis,
        cast(null as date) as event_date
    from listed
    where decision is null
),

dated as (
    select
        *,
        strftime(event_date, '%m') as event_month
    from events
),

split as (
    select
        measure_id,
        period,
        sex,
        citizenship,
        decision,
        legal_basis,
        event_month,
        count(*) as cases,
        -- a set without any value (the decision of an application) says the same as the total
        grouping(decision) + grouping(legal_basis) + grouping(event_month) = 2
        and decision is null
        and legal_basis is null
        and event_month is null as is_empty
    from dated
    group by grouping sets (
        (measure_id, period), (measure_id, period, sex), (measure_id, period, citizenship),
        (measure_id, period, sex, citizenship), (measure_id, period, decision), (measure_id, period, legal_basis),
        (measure_id, period, event_month)
    )
),

months as (
    select format('{:02d}', unnest(range(1, 13))) as event_month
),

busy_months as (
    select distinct
        measure_id,
        period,
        event_month
    from dated
    where event_month is not null
),

happened as (
    select distinct
        measure_id,
        period
    from busy_months
),

-- a month without a case is a zero and no gap
idle_months as (
    select
        happened.measure_id,
        happened.period,
        months.event_month
    from happened
    cross join months
    anti join busy_months
        on
            happened.measure_id = busy_months.measure_id
            and happened.period = busy_months.period
            and months.event_month = busy_months.event_month
),

-- in complete months, as somebody counts who waits
waited as (
    select
        period,
        count(*) as cases,
        median(date_sub('month', application_date, decision_date)) as months
    from listed
    where decision is not null
    group by period
),

figures as (
    select
        measure_id,
        period,
        coalesce(sex, 'total') as sex,
        coalesce(citizenship, 'total') as origin,
        case
            when decision is not null then 'decision'
            when legal_basis is not null then 'legal_basis'
            when event_month is not null then 'month'
            else 'none'
        end as category_scheme,
        coalesce(decision, legal_basis, event_month, 'total') as category,
        cases as value,
        cast(null as varchar) as status_reason
    from split
    where not is_empty
    union all
    select
        measure_id,
        period,
        'total' as sex,
        'total' as origin,
        'month' as category_scheme,
        event_month as category,
        0 as value,
        cast(null as varchar) as status_reason
    from idle_months
    union all
    select
        'naturalisation_waiting_months' as measure_id,
        period,
        'total' as sex,
        'total' as origin,
        'none' as category_scheme,
        'total' as category,
        case when cases >= 5 then months end as value,
        -- the median of a handful of cases says more about them than about the office
        case when cases < 5 then 'unreliable' end as status_reason
    from waited
)

select
    figures.measure_id,
    profile.city as area_code,
    figures.period,
    figures.sex,
    'total' as age_group,
    figures.origin,
    figures.category_scheme,
    figures.category,
    cast(figures.value as double) as value,
    figures.status_reason,
    'STAAT' as migration_concept
from figures
cross join profile
