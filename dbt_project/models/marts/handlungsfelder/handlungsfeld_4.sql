{{ config(post_hook="{{ comment_on_indicator_columns() }}") }}

{{ wide('4') }}
