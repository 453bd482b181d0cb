-- Wo weichen Quartiere am stärksten vom Üblichen ab, und in welchem Indikator?
-- Where do Quartiere stand out most, and in which indicator?
-- It compares places, not people. distance is counted in multiples of the usual deviation; positive is greater need.
with

newest as (
    select
        indicator_id,
        max(period) as period
    from indicator_need
    group by indicator_id
)

select
    area.name as quartier,
    indicator.name_en,
    indicator_need.period,
    indicator_need.age_group,
    round(indicator_need.value, 1) as value,
    round(indicator_need.quartier_median, 1) as usual,
    indicator_need.unit,
    round(indicator_need.distance, 1) as distance,
    indicator.desired_direction,
    indicator_need.is_synthetic
from indicator_need
inner join newest
    on
        indicator_need.indicator_id = newest.indicator_id
        and indicator_need.period = newest.period
inner join indicator on indicator_need.indicator_id = indicator.indicator_id
inner join area on indicator_need.area_code = area.area_code
where indicator_need.is_greatest_need
order by
    indicator_need.distance desc, indicator_need.indicator_id asc, indicator_need.area_code asc, indicator_need.age_group asc
limit 20;
