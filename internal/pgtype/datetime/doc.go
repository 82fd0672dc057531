// Package datetime is PostgreSQL's dates, times, timestamps and intervals: the calendar, the forms in which they are read and printed, time zones, and
// their arithmetic.
//
// A date is a number of days and a timestamp a number of microseconds since 2000-01-01 (UTC for one with time zone); the extreme
// integers are −infinity and infinity. A time is microseconds since midnight. An interval keeps months, days and microseconds apart, because a month has no fixed
// number of days and a day no fixed number of hours.
//
// Input is split into tokens (token.go) which decode.go gives a meaning by kind, neighbours and what has been found already; that is why "4 Jan 2003 BC", "J2451187"
// and "040506.789+08" are all read. Zones come from Go's time package, with its data built in.
package datetime
