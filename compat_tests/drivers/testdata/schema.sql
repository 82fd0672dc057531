-- What the programs find in their database. Statements are separated by empty lines.

CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy')

CREATE DOMAIN positive AS integer DEFAULT 1 CONSTRAINT above_zero CHECK (VALUE > 0)

CREATE SCHEMA sales

CREATE SEQUENCE ticket AS integer INCREMENT BY 5 MINVALUE 10 MAXVALUE 1000 START WITH 20 CACHE 2 CYCLE

CREATE TABLE customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email varchar(80) NOT NULL UNIQUE,
    name text COLLATE "C" DEFAULT 'nobody',
    mood mood DEFAULT 'ok',
    rank positive,
    credit numeric(12,2) NOT NULL DEFAULT 0 CONSTRAINT credit_limit CHECK (credit >= -100.00),
    tags text[] NOT NULL DEFAULT '{}',
    profile jsonb,
    born date,
    seen timestamptz(3) DEFAULT now(),
    pause interval day to second,
    code char(4),
    flags bit(8),
    mask bit varying(16),
    key uuid,
    doubled numeric GENERATED ALWAYS AS (credit * 2) STORED
)

COMMENT ON TABLE customer IS 'who buys'

COMMENT ON COLUMN customer.email IS 'where bills go'

COMMENT ON CONSTRAINT credit_limit ON customer IS 'a hundred at most'

CREATE INDEX customer_name ON customer (lower(name), id DESC NULLS LAST) WHERE credit > 0

CREATE UNIQUE INDEX customer_key ON customer (key) INCLUDE (name)

CREATE TABLE sales.invoice (
    customer bigint NOT NULL,
    number integer,
    serial_no serial,
    total double precision,
    paid boolean DEFAULT false,
    data bytea,
    CONSTRAINT invoice_key PRIMARY KEY (customer, number),
    CONSTRAINT invoice_serial UNIQUE NULLS NOT DISTINCT (serial_no, paid)
)

CREATE TABLE sales.line (
    customer bigint,
    number integer,
    "Line No" smallint,
    price money
)

ALTER TABLE sales.invoice ADD CONSTRAINT invoice_customer FOREIGN KEY (customer) REFERENCES customer ON DELETE CASCADE

ALTER TABLE sales.line ADD CONSTRAINT line_invoice FOREIGN KEY (customer, number)
    REFERENCES sales.invoice (customer, number) ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED

COMMENT ON INDEX customer_key IS 'found by key'

CREATE VIEW happy AS SELECT id, name, credit FROM customer WHERE mood = 'happy'

COMMENT ON VIEW happy IS 'the glad ones'

CREATE VIEW sales.owed AS
    SELECT c.name, sum(i.total) AS total FROM customer c JOIN sales.invoice i ON i.customer = c.id WHERE NOT i.paid GROUP BY c.name
