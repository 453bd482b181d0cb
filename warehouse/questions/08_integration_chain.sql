-- Wo auf dem Weg von der Kita bis ins Alter öffnet sich ein Abstand?
-- Where on the way from day care to old age does a gap open?
select
    integration_chain.stage_no,
    integration_chain.name_en as stage_name,
    indicator.name_en as indicator_name,
    integration_chain.period,
    round(integration_chain.value, 1) as everybody,
    round(integration_chain.group_value, 1) as the_group,
    round(integration_chain.difference_to_whole, 1) as gap,
    round(integration_chain.equal_share_ratio, 2) as ratio,
    integration_chain.unit,
    integration_chain.desired_direction,
    integration_chain.trend_class,
    integration_chain.is_synthetic
from integration_chain
inner join indicator on integration_chain.indicator_id = indicator.indicator_id
order by integration_chain.stage_no, integration_chain.indicator_id;
