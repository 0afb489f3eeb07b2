CREATE EXTENSION IF NOT EXISTS imgsmlr_rs;
CREATE EXTENSION postgres_fdw;

CREATE SERVER shard_0 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host_0', dbname :'dbname',
  extensions 'imgsmlr_rs', async_capable 'true', fetch_size '20', batch_size '1000');
CREATE SERVER shard_1 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host_1', dbname :'dbname',
  extensions 'imgsmlr_rs', async_capable 'true', fetch_size '20', batch_size '1000');
CREATE SERVER shard_2 FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host_2', dbname :'dbname',
  extensions 'imgsmlr_rs', async_capable 'true', fetch_size '20', batch_size '1000');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard_0 OPTIONS (user 'postgres');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard_1 OPTIONS (user 'postgres');
CREATE USER MAPPING FOR CURRENT_USER SERVER shard_2 OPTIONS (user 'postgres');

CREATE TABLE picture (id int, fp fingerprint) PARTITION BY HASH (id);
CREATE FOREIGN TABLE picture_0 PARTITION OF picture FOR VALUES WITH (MODULUS 3, REMAINDER 0)
  SERVER shard_0 OPTIONS (table_name 'picture');
CREATE FOREIGN TABLE picture_1 PARTITION OF picture FOR VALUES WITH (MODULUS 3, REMAINDER 1)
  SERVER shard_1 OPTIONS (table_name 'picture');
CREATE FOREIGN TABLE picture_2 PARTITION OF picture FOR VALUES WITH (MODULUS 3, REMAINDER 2)
  SERVER shard_2 OPTIONS (table_name 'picture');
