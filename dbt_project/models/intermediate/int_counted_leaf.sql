-- What the lists count, in the areas they name, with the counts kept of lists that are deleted.
-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

abh_azr as (
    select * from {{ ref('int_counted_abh_azr') }}
),

abh_naturalisations as (
    select * from {{ ref('int_counted_abh_naturalisations') }}
),

day_care_children as (
    select * from {{ ref('int_counted_day_care_children') }}
),

day_care_places as (
    select * from {{ ref('int_counted_day_care_places') }}
),

jobcenter_benefit_units as (
    select * from {{ ref('int_counted_jobcenter_benefit_units') }}
),

jobcenter_integrations as (
    select * from {{ ref('int_counted_jobcenter_integrations') }}
),

jobcenter_sgb2 as (
    select * from {{ ref('int_counted_jobcenter_sgb2') }}
),

ki_committees as (
    select * from {{ ref('int_counted_ki_committees') }}
),

ki_organisations as (
    select * from {{ ref('int_counted_ki_organisations') }}
),

quartier_size as (
    select * from {{ ref('int_counted_quartier_size') }}
),

register_movements as (
    select * from {{ ref('int_counted_register_movements') }}
),

register_stock as (
    select * from {{ ref('int_counted_register_stock') }}
),

school_office_leavers as (
    select * from {{ ref('int_counted_school_office_leavers') }}
),

school_office_pupils as (
    select * from {{ ref('int_counted_school_office_pupils') }}
),

school_office_transitions as (
    select * from {{ ref('int_counted_school_office_transitions') }}
),

trade_registrations as (
    select * from {{ ref('int_counted_trade_registrations') }}
),

kept as (
    select * from {{ source('raw', 'kept_count') }}
)

select
    source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from kept

union all

select
    'abh_azr' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from abh_azr
anti join kept on abh_azr.period = kept.period and kept.source_id = 'abh_azr'

union all

select
    'abh_naturalisations' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from abh_naturalisations
anti join kept on abh_naturalisations.period = kept.period and kept.source_id = 'abh_naturalisations'

union all

select
    'day_care_children' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from day_care_children

union all

select
    'day_care_places' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from day_care_places

union all

select
    'jobcenter_benefit_units' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from jobcenter_benefit_units

union all

select
    'jobcenter_integrations' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from jobcenter_integrations

union all

select
    'jobcenter_sgb2' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from jobcenter_sgb2

union all

select
    'ki_committees' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from ki_committees

union all

select
    'ki_organisations' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from ki_organisations

union all

select
    'quartier_size' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from quartier_size

union all

select
    'register_movements' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from register_movements
anti join kept on register_movements.period = kept.period and kept.source_id = 'register_movements'

union all

select
    'register_stock' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from register_stock
anti join kept on register_stock.period = kept.period and kept.source_id = 'register_stock'

union all

select
    'school_office_leavers' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from school_office_leavers

union all

select
    'school_office_pupils' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from school_office_pupils

union all

select
    'school_office_transitions' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from school_office_transitions

union all

select
    'trade_registrations' as source_id,
    measure_id,
    area_code,
    period,
    sex,
    age_group,
    origin,
    category_scheme,
    category,
    value,
    status_reason,
    migration_concept
from trade_registrations
