-- Types beyond the common ones: money, network addresses, geometry, ranges, text search, xml.
select '12.34'::money, '$1,234.56'::money, '-5'::money, 12.345::money, 1::money + 2::money, 10::money / 3, 10::money / 4::money, 3 * 1.5::money, '1'::money::numeric;
select 'abc'::money;
select '192.168.1.5'::inet, '192.168.1.0/24'::inet, '192.168.1.0/24'::cidr, '10'::cidr, '::1'::inet, '2001:db8::/32'::cidr, '08:00:2b:01:02:03'::macaddr, '08002b:010203'::macaddr, '08:00:2b:01:02:03:04:05'::macaddr8;
select '192.168.1.5/24'::cidr;
select '300.1.1.1'::inet;
select host('192.168.1.5/24'::inet), masklen('192.168.1.5/24'::inet), network('192.168.1.5/24'::inet), broadcast('192.168.1.5/24'::inet), netmask('192.168.1.5/24'::inet), hostmask('192.168.1.5/24'::inet), family('::1'::inet), text('1.2.3.4'::inet), abbrev('10.1.0.0/16'::cidr), set_masklen('192.168.1.5/24'::inet, 16);
select inet '192.168.1.5' << inet '192.168.1.0/24', inet '192.168.1.0/24' >>= inet '192.168.1.0/24', inet '192.168.1.5' + 10, inet '192.168.1.5' - inet '192.168.1.1', inet '1.2.3.4' < inet '1.2.3.5', ~ inet '192.168.1.6';
select '(1,2)'::point, '1.5,2'::point, '[(0,0),(1,1)]'::lseg, '(1,1),(0,0)'::box, '((0,0),(1,1),(2,0))'::path, '[(0,0),(1,1)]'::path, '((0,0),(1,1),(2,0))'::polygon, '<(1,2),3>'::circle, '{1,2,3}'::line;
select '(1,2'::point;
select point(1,2) + point(3,4), point '(0,0)' <-> point '(3,4)', box '(2,2),(0,0)' @> point '(1,1)', area(box '(2,2),(0,0)'), center(circle '<(1,2),3>'), length(lseg '[(0,0),(3,4)]'), (point '(1,2)')[0];
select '[1,5)'::int4range, '(1,5]'::int4range, 'empty'::int4range, '[1,1)'::int4range, '[1.5,2.5]'::numrange, '[2024-01-01,2024-02-01]'::daterange, '(,5)'::int8range, '[a'::text;
select '[5,1)'::int4range;
select int4range(1, 5) @> 3, int4range(1, 5) && int4range(4, 8), int4range(1, 5) * int4range(3, 8), int4range(1, 3) + int4range(3, 5), lower(int4range(1, 5)), upper(int4range(1, 5)), isempty(int4range(1, 1)), lower_inc(numrange(1, 2)), upper_inf(int4range(1, null));
select 'a fat cat'::tsvector, 'fat & cat'::tsquery, to_tsvector('simple', 'A fat Cat') @@ to_tsquery('simple', 'cat');
select '<a>b</a>'::xml::text, 'x'::unknown is not null, 'abc'::cstring;
