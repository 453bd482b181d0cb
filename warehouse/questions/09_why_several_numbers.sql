-- Warum gibt es mehrere Zahlen für dieselbe Sache?
-- Why are there several numbers for one thing?
select
    register_comparison.quantity_en as quantity,
    register_comparison.period,
    register_comparison.population_base,
    register_comparison.measure_en as counted_as,
    register_comparison.reference_date,
    register_comparison.value,
    register_comparison.difference,
    round(register_comparison.difference_percent, 1) as difference_pct,
    register_comparison.is_explained,
    register_comparison.explanation_en,
    register_comparison.is_synthetic
from register_comparison
inner join area on register_comparison.area_code = area.area_code
where
    area.is_city
    and register_comparison.quantity_id in ('population', 'foreign_nationals')
    and register_comparison.period >= '2023'
order by
    register_comparison.quantity_id, register_comparison.period, register_comparison.population_base,
    register_comparison.measure_id;
