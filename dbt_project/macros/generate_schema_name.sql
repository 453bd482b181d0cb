{#- Schemas carry the name of their layer and nothing else: staging, intermediate, marts, reference. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
