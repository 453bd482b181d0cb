{{ config(alias='delivery') }}

with

deliveries as (
    select * from {{ source('raw', 'delivery') }}
),

lists as (
    select distinct source_id from {{ source('raw', 'record_period') }}
)

select
    deliveries.delivery_id,
    deliveries.source_id,
    deliveries.file_name,
    deliveries.sha256,
    deliveries.layout,
    deliveries.table_code,
    deliveries.periods,
    deliveries.data_as_of,
    deliveries.sequence,
    deliveries.superseded,
    deliveries.is_synthetic,
    -- the rows of a list are a count of persons that no rule has looked at
    case when lists.source_id is null then deliveries.rows_read end as rows_read,
    case when lists.source_id is null then deliveries.rows_kept end as rows_kept,
    case when lists.source_id is null then deliveries.rows_noise end as rows_noise,
    case when lists.source_id is null then deliveries.cells_read end as cells_read,
    case when lists.source_id is null then deliveries.cells_kept end as cells_kept,
    case when lists.source_id is null then deliveries.cells_noise end as cells_noise
from deliveries
left join lists on deliveries.source_id = lists.source_id
order by deliveries.source_id, deliveries.sequence, deliveries.delivery_id
