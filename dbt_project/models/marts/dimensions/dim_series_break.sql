{{ config(alias='series_break') }}

with

breaks as (
    select * from {{ source('catalogue', 'series_break') }}
),

measures as (
    select * from {{ source('catalogue', 'measure') }}
)

select
    breaks.series as measure_id,
    measures.name_de as measure_name_de,
    measures.name_en as measure_name_en,
    breaks.break_date,
    breaks.kind,
    breaks.text_de,
    breaks.text_en
from breaks
inner join measures on breaks.series = measures.measure_id
order by breaks.series, breaks.break_date
