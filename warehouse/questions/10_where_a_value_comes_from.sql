-- Woher kommt eine Zahl: Quelle, Datei, Stelle, Stand, Status?
-- Where does a number come from: source, file, place, date, status?
select
    fct_measure.measure_id,
    fct_measure.period,
    fct_measure.value,
    fct_measure.unit,
    fct_measure.obs_status,
    obs_status.name_en as status,
    fct_measure.status_reason,
    source.publisher,
    source.licence,
    source.title_en,
    delivery.file_name,
    delivery.data_as_of,
    fct_measure._sheet,
    fct_measure._row,
    fct_measure._column,
    delivery.sha256
from fct_measure
inner join area on fct_measure.area_code = area.area_code
inner join source on fct_measure.source_id = source.source_id
inner join delivery
    on
        fct_measure._delivery_id = delivery.delivery_id
        and fct_measure.source_id = delivery.source_id
inner join obs_status on fct_measure.obs_status = obs_status.code
where
    area.is_city
    and fct_measure.measure_id = 'unemployment_rate'
    and fct_measure.origin = 'foreign'
    and fct_measure.sex = 'total'
    and fct_measure.age_group = 'total'
order by fct_measure.period;
