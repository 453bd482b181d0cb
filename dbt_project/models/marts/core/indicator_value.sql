with

computed as (
    select * from {{ ref('int_indicator_computed') }}
),

series_breaks as (
    select * from {{ ref('int_indicator_break') }}
)

select
    computed.indicator_id,
    computed.area_code,
    computed.period,
    computed.period_start,
    computed.period_end,
    computed.sex,
    computed.age_group,
    computed.origin,
    computed.category_scheme,
    computed.category,
    computed.value,
    computed.unit,
    case
        when series_breaks.value_key is not null and computed.obs_status = 'A' then 'B' else computed.obs_status
    end as obs_status,
    computed.conf_status,
    case
        when series_breaks.value_key is not null and computed.obs_status = 'A'
            then coalesce(computed.status_reason, 'break')
        else computed.status_reason
    end as status_reason,
    computed.numerator,
    computed.denominator,
    computed.population_base,
    computed.migration_concept,
    computed.is_synthetic,
    series_breaks.value_key is not null as series_break,
    computed.provisional
from computed
left join series_breaks on computed.value_key = series_breaks.value_key
order by
    computed.indicator_id,
    computed.area_code,
    computed.period,
    computed.sex,
    computed.age_group,
    computed.origin,
    computed.category_scheme,
    computed.category,
    computed.population_base
