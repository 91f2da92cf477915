"""SQL that the first migration runs: the id function, the cache table, the relay's row."""

ID_FUNCTION = """
CREATE SEQUENCE banyan_id_seq MINVALUE 0 START 0 CACHE 1;
CREATE FUNCTION banyan_id() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL UNSAFE AS $$
  SELECT (((extract(epoch FROM clock_timestamp()) * 1000)::bigint - 1704067200000) << 22)
       | ((coalesce(nullif(current_setting('banyan.node', true), ''), '0')::bigint & 1023) << 12)
       | (nextval('banyan_id_seq') & 4095)
$$;
"""

CACHE_TABLE = """
CREATE UNLOGGED TABLE kernel_cache (
  cache_key varchar(255) PRIMARY KEY,
  value text NOT NULL,
  expires timestamptz NOT NULL
);
CREATE INDEX kernel_cache_expires ON kernel_cache (expires);
"""

MISC = """
INSERT INTO kernel_relaystate (id, last_position) VALUES (1, 0);
"""
