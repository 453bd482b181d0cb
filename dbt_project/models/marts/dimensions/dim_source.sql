{{ config(alias='source') }}

with

sources as (
    select * from {{ source('catalogue', 'source') }}
)

select
    source_id,
    supplier,
    publisher,
    licence,
    title_de,
    title_en,
    tables,
    url,
    period_kind,
    due,
    priority,
    rounding_base
from sources
order by source_id
