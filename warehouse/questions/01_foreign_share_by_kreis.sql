-- Wie hoch ist der Ausländeranteil in den Kreisen, und an welcher Stelle steht die Stadt?
-- What share of residents are foreign nationals in each Kreis, and where does the city stand?
-- The share mixes two registers (indicator.mixed_base_reason): it compares Kreise and is not the official share.
select
    area.area_code,
    area.name,
    indicator_comparison.period,
    round(indicator_comparison.value, 1) as share_pct,
    indicator_comparison.rank_among_kreise as place,
    round(indicator_comparison.difference_to_land, 1) as points_above_land,
    area.is_city
from indicator_comparison
inner join area on indicator_comparison.area_code = area.area_code
where
    indicator_comparison.indicator_id = 'foreign_share_azr'
    and area.level = 'kreis'
    and indicator_comparison.sex = 'total'
    and indicator_comparison.age_group = 'total'
    and indicator_comparison.value is not null
order by indicator_comparison.period desc, indicator_comparison.value desc, area.area_code asc;
