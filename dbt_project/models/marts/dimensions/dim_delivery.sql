{{ config(alias='delivery') }}

with

deliveries as (
    select * from {{ source('raw', 'delivery') }}
)

select
    delivery_id,
    source_id,
    file_name,
    sha256,
    layout,
    table_code,
    periods,
    data_as_of,
    sequence,
    superseded,
    is_synthetic,
    rows_read,
    rows_kept,
    rows_noise,
    cells_read,
    cells_kept,
    cells_noise
from deliveries
order by source_id, sequence, delivery_id
