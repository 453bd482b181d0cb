-- written by `python -m warehouse.catalogue.staging` from warehouse/catalogue/sources
with

ba_akg_employees as (
    select * from {{ ref('stg_ba_akg_employees') }}
),

ba_akg_unemployed as (
    select * from {{ ref('stg_ba_akg_unemployed') }}
),

ba_employees_residence as (
    select * from {{ ref('stg_ba_employees_residence') }}
),

ba_unemployed as (
    select * from {{ ref('stg_ba_unemployed') }}
),

destatis_kreise as (
    select * from {{ ref('stg_destatis_kreise') }}
),

election_results as (
    select * from {{ ref('stg_election_results') }}
),

genesis_12411_0012 as (
    select * from {{ ref('stg_genesis_12411_0012') }}
),

genesis_12531_0043 as (
    select * from {{ ref('stg_genesis_12531_0043') }}
),

genesis_12612_0002 as (
    select * from {{ ref('stg_genesis_12612_0002') }}
),

genesis_13111_0005 as (
    select * from {{ ref('stg_genesis_13111_0005') }}
),

landesdatenbank_12411_09i as (
    select * from {{ ref('stg_landesdatenbank_12411_09i') }}
),

landesdatenbank_12411_15i as (
    select * from {{ ref('stg_landesdatenbank_12411_15i') }}
),

landesdatenbank_12521_03i as (
    select * from {{ ref('stg_landesdatenbank_12521_03i') }}
),

landesdatenbank_13111_54i as (
    select * from {{ ref('stg_landesdatenbank_13111_54i') }}
),

landesdatenbank_13211_03ir as (
    select * from {{ ref('stg_landesdatenbank_13211_03ir') }}
),

landesdatenbank_22517_02i as (
    select * from {{ ref('stg_landesdatenbank_22517_02i') }}
),

landesdatenbank_22811_01i as (
    select * from {{ ref('stg_landesdatenbank_22811_01i') }}
),

landesdatenbank_22811_05i as (
    select * from {{ ref('stg_landesdatenbank_22811_05i') }}
),

office_counts as (
    select * from {{ ref('stg_office_counts') }}
),

regionaldatenbank_11111_01_01_4 as (
    select * from {{ ref('stg_regionaldatenbank_11111_01_01_4') }}
),

regionaldatenbank_11111_02_01_4 as (
    select * from {{ ref('stg_regionaldatenbank_11111_02_01_4') }}
),

regionaldatenbank_12411_01_01_4 as (
    select * from {{ ref('stg_regionaldatenbank_12411_01_01_4') }}
),

regionaldatenbank_12411_02_03_4 as (
    select * from {{ ref('stg_regionaldatenbank_12411_02_03_4') }}
),

regionaldatenbank_12411_03_03_4 as (
    select * from {{ ref('stg_regionaldatenbank_12411_03_03_4') }}
),

regionaldatenbank_12411_07_01_4 as (
    select * from {{ ref('stg_regionaldatenbank_12411_07_01_4') }}
),

regionaldatenbank_12711_04_02_4 as (
    select * from {{ ref('stg_regionaldatenbank_12711_04_02_4') }}
),

regionaldatenbank_13111_07_05_4 as (
    select * from {{ ref('stg_regionaldatenbank_13111_07_05_4') }}
),

regionaldatenbank_13211_02_05_4 as (
    select * from {{ ref('stg_regionaldatenbank_13211_02_05_4') }}
),

regionaldatenbank_21111_01_03_4 as (
    select * from {{ ref('stg_regionaldatenbank_21111_01_03_4') }}
),

regionaldatenbank_21111_02_06_4 as (
    select * from {{ ref('stg_regionaldatenbank_21111_02_06_4') }}
),

regionaldatenbank_21311_01_01_4 as (
    select * from {{ ref('stg_regionaldatenbank_21311_01_01_4') }}
),

regionaldatenbank_22541_01_01_4 as (
    select * from {{ ref('stg_regionaldatenbank_22541_01_01_4') }}
),

regionaldatenbank_82411_01_03_4 as (
    select * from {{ ref('stg_regionaldatenbank_82411_01_03_4') }}
),

school_directory_sozialindex as (
    select * from {{ ref('stg_school_directory_sozialindex') }}
)

select * from ba_akg_employees
union all
select * from ba_akg_unemployed
union all
select * from ba_employees_residence
union all
select * from ba_unemployed
union all
select * from destatis_kreise
union all
select * from election_results
union all
select * from genesis_12411_0012
union all
select * from genesis_12531_0043
union all
select * from genesis_12612_0002
union all
select * from genesis_13111_0005
union all
select * from landesdatenbank_12411_09i
union all
select * from landesdatenbank_12411_15i
union all
select * from landesdatenbank_12521_03i
union all
select * from landesdatenbank_13111_54i
union all
select * from landesdatenbank_13211_03ir
union all
select * from landesdatenbank_22517_02i
union all
select * from landesdatenbank_22811_01i
union all
select * from landesdatenbank_22811_05i
union all
select * from office_counts
union all
select * from regionaldatenbank_11111_01_01_4
union all
select * from regionaldatenbank_11111_02_01_4
union all
select * from regionaldatenbank_12411_01_01_4
union all
select * from regionaldatenbank_12411_02_03_4
union all
select * from regionaldatenbank_12411_03_03_4
union all
select * from regionaldatenbank_12411_07_01_4
union all
select * from regionaldatenbank_12711_04_02_4
union all
select * from regionaldatenbank_13111_07_05_4
union all
select * from regionaldatenbank_13211_02_05_4
union all
select * from regionaldatenbank_21111_01_03_4
union all
select * from regionaldatenbank_21111_02_06_4
union all
select * from regionaldatenbank_21311_01_01_4
union all
select * from regionaldatenbank_22541_01_01_4
union all
select * from regionaldatenbank_82411_01_03_4
union all
select * from school_directory_sozialindex
